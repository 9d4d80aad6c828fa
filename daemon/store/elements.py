"""Linked elements: quotes, orders, invoices, tickets, as the ERP last told (schema 11), and what
happened there."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import inserting
from daemon.store.tables.exchanges import element as table
from daemon.store.tables.exchanges import external_event
from daemon.store.text import indexable
from rules.model.exchanges import LinkedElement
from rules.model.people import ThirdPartyId

c, e = table.c, external_event.c


@dataclass(frozen=True, slots=True)
class Element:
    """One as it is stored; `url` is the page of the ERP that shows it."""

    id: int
    type: str
    ref: str
    date: date | None
    amount: Decimal | None
    state: str | None
    third_party: ThirdPartyId | None
    url: str | None

    @property
    def linked(self) -> LinkedElement:
        """As exchanges name it."""
        return LinkedElement(self.type, self.ref, self.date, self.amount, self.state)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in the ERP; `system` and `external` are its name there."""

    id: int
    system: str
    external: str
    label: str
    at: datetime
    third_party: ThirdPartyId | None
    element: int | None


def put(tx: Tx, element: LinkedElement) -> int:
    """Its row; what was told before stays where a mail only mentions the reference."""
    return tell(tx, element)


def tell(
    tx: Tx,
    element: LinkedElement,
    third_party: ThirdPartyId | None = None,
    url: str | None = None,
) -> int:
    """What the ERP tells of it now; its row. What it leaves open stays as it was told before."""
    told = {
        "date": element.date,
        "amount": element.amount,
        "state": element.state,
        "third_party_id": third_party,
        "url": None if url is None else indexable(url),
    }
    statement = inserting(tx, table).values(type=element.type, ref=element.ref, **told)
    news = {k: v for k, v in told.items() if v is not None} or {"ref": element.ref}
    statement = statement.on_conflict_do_update(index_elements=["type", "ref"], set_=news)
    number: int = tx.execute(statement.returning(table.c.id)).scalar_one()
    return number


def get(tx: Tx, element: int) -> Element | None:
    """One by its number."""
    return _one(tx, c.id == element)


def named(tx: Tx, ref: str, kind: str | None = None) -> tuple[Element, ...]:
    """Those of a reference, of one type or of all; letter case doesn't count."""
    same = sa.func.upper(c.ref) == ref.upper()
    query = sa.select(table).where(same if kind is None else sa.and_(same, c.type == kind))
    return tuple(map(_element, tx.execute(query.order_by(c.id))))


def at_url(tx: Tx, url: str) -> Element | None:
    """The one that a page of the ERP shows."""
    return _one(tx, c.url == indexable(url))


def happened(
    tx: Tx,
    system: str,
    external: str,
    label: str,
    at: datetime,
    third_party: ThirdPartyId | None,
    element: int | None,
) -> tuple[int, bool]:
    """Something happened in the ERP: its row, and whether it is new. The same name there is the
    same event, told again."""
    facts = {"label": label, "at": at, "third_party_id": third_party, "element_id": element}
    names = {"system": indexable(system), "external": indexable(external)}
    statement = inserting(tx, external_event).values(**names, **facts)
    new = tx.execute(statement.on_conflict_do_nothing().returning(e.id)).scalar()
    if new is not None:
        return new, True
    this = sa.and_(e.system == names["system"], e.external == names["external"])
    changed = sa.update(external_event).where(this).values(**facts)
    number: int = tx.execute(changed.returning(e.id)).scalar_one()
    return number, False


def event(tx: Tx, system: str, external: str) -> Event | None:
    """What happened in the ERP under this name."""
    this = sa.and_(e.system == indexable(system), e.external == indexable(external))
    r = tx.execute(sa.select(external_event).where(this)).first()
    return (
        None
        if r is None
        else Event(
            r.id, r.system, r.external, r.label, r.at, _party(r.third_party_id), r.element_id
        )
    )


def _one(tx: Tx, which: sa.ColumnElement[bool]) -> Element | None:
    r = tx.execute(sa.select(table).where(which).order_by(c.id).limit(1)).first()
    return None if r is None else _element(r)


def _element(r: Any) -> Element:
    return Element(r.id, r.type, r.ref, r.date, r.amount, r.state, _party(r.third_party_id), r.url)


def _party(number: int | None) -> ThirdPartyId | None:
    return None if number is None else ThirdPartyId(number)
