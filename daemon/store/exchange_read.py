"""Reading exchanges; `daemon.store.exchanges` is the door to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store import references, search, spots
from daemon.store.database import Tx
from daemon.store.rows import chunks, grouped
from daemon.store.tables import exchanges as t
from daemon.store.tables.installation import list_item
from daemon.store.tables.people import redirect
from daemon.store.text import indexable
from rules import identity
from rules.model.exchanges import (
    ConfidentialComment,
    Direction,
    Exchange,
    ExchangeId,
    ExchangeKey,
    LinkedElement,
    Role,
    Source,
)
from rules.model.people import ContactId, EntityId, GroupId, Level, ThirdPartyId, UserId
from rules.model.sightings import AccountId, FolderId, MailKind, Undelivered


@dataclass(frozen=True, slots=True)
class Seen:
    """One copy of an exchange; the account or folder may be gone meanwhile."""

    exchange: ExchangeId
    spot: spots.Spot
    place: str
    role: str
    owner: UserId | None
    direction: Direction
    level: Level
    seen_at: datetime


def get(tx: Tx, exchange: ExchangeId) -> Exchange | None:
    """One exchange; one that was merged into another leads there."""
    found = _one(tx, t.exchange.c.id == exchange)
    if found is not None:
        return found
    moved = sa.and_(redirect.c.noun == "exchange", redirect.c.old_id == exchange)
    new = tx.execute(sa.select(redirect.c.new_id).where(moved)).scalar()
    return None if new is None else _one(tx, t.exchange.c.id == new)


def by_ref(tx: Tx, ref: str) -> Exchange | None:
    """The exchange of a reference, `EXC-12` or `EXC-MAIN-12`."""
    name = ref.strip().upper()
    prefix, _, number = name.partition("-")
    if prefix == "EXC" and "-" in number and len(name) <= 50:
        return _one(tx, t.exchange.c.own_ref == name)
    if prefix.upper() != "EXC" or not (number.isascii() and number.isdigit()):
        return None
    # More digits than any number has, and PostgreSQL would refuse the comparison.
    return _one(tx, t.exchange.c.number == int(number)) if len(number) < 19 else None


def find(tx: Tx, keys: Iterable[ExchangeKey]) -> ExchangeId | None:
    """The exchange that any of the keys leads to; the first key that does decides."""
    for key in keys:
        this = sa.and_(
            t.exchange_key.c.kind == key.kind, t.exchange_key.c.key == indexable(key.key)
        )
        found = tx.execute(sa.select(t.exchange_key.c.exchange_id).where(this)).scalar()
        if found is not None:
            return ExchangeId(found)
    return None


def with_message_id(tx: Tx, message_id: str) -> tuple[Exchange, ...]:
    """The exchanges by mail of this Message-ID: several, where one was forged."""
    same = t.exchange.c.message_id == indexable(identity.normal_id(message_id))
    return _exchanges(tx, _query().where(same).order_by(t.exchange.c.id))


def message_id_of(tx: Tx, exchange: ExchangeId) -> str | None:
    """The Message-ID of a mail that was captured or sent, bare."""
    c = t.exchange.c
    found: str | None = tx.execute(sa.select(c.message_id).where(c.id == exchange)).scalar()
    return found


def history(
    tx: Tx,
    *,
    third_party: ThirdPartyId | None = None,
    contact: ContactId | None = None,
    user: UserId | None = None,
    text: str | None = None,
    before: tuple[datetime, ExchangeId] | None = None,
    limit: int = 50,
) -> tuple[Exchange, ...]:
    """Exchanges, newest first. `before` is time and id of the last one of the page before, so
    that what is recorded meanwhile moves no page."""
    row = t.exchange.c
    query = _query().order_by(row.happened_at.desc(), row.id.desc()).limit(limit)
    for table, column, wanted in (
        (t.exchange_party, t.exchange_party.c.third_party_id, third_party),
        (t.exchange_contact, t.exchange_contact.c.contact_id, contact),
        (t.exchange_user, t.exchange_user.c.user_id, user),
    ):
        if wanted is not None:
            query = query.where(row.id.in_(sa.select(table.c.exchange_id).where(column == wanted)))
    if text is not None:
        query = query.where(search.exchanges_with(tx, text))
    if before is not None:
        at, last = before
        earlier = sa.or_(row.happened_at < at, sa.and_(row.happened_at == at, row.id < last))
        query = query.where(earlier)
    return _exchanges(tx, query)


def in_order(tx: Tx, ids: Iterable[ExchangeId]) -> tuple[Exchange, ...]:
    """These exchanges, in this order, as far as they are there."""
    wanted = list(ids)
    found: dict[ExchangeId, Exchange] = {}
    for some in chunks(wanted):
        found |= {one.id: one for one in _exchanges(tx, _query().where(t.exchange.c.id.in_(some)))}
    return tuple(found[one] for one in wanted if one in found)


def related(tx: Tx, exchange: Exchange, limit: int = 1000) -> tuple[Exchange, ...]:
    """What happened since an exchange in its thread or with its third parties, oldest first."""
    row, party = t.exchange.c, t.exchange_party.c
    theirs = sa.select(party.exchange_id).where(party.third_party_id.in_(exchange.third_parties))
    same: sa.ColumnElement[bool] = row.id.in_(theirs)
    if exchange.thread is not None:
        same = sa.or_(same, row.thread == exchange.thread)
    since = sa.and_(same, row.happened_at >= exchange.happened_at, row.id != exchange.id)
    return _exchanges(tx, _query().where(since).order_by(row.happened_at, row.id).limit(limit))


def threads(tx: Tx, message_ids: Iterable[str]) -> dict[str, tuple[ThirdPartyId, ...]]:
    """Whose thread each of these Message-IDs belongs to, as far as it was captured: the third
    parties of the message itself and of those that answer it. Unknown ones are left out."""
    asked: dict[str, list[str]] = {}
    for message_id in message_ids:
        asked.setdefault(indexable(identity.normal_id(message_id)), []).append(message_id)
    found: dict[str, set[int]] = {}
    party, parent = t.exchange_party, t.exchange_parent
    for some in chunks(asked):
        itself = (
            sa.select(t.exchange.c.message_id, party.c.third_party_id)
            .join(party)
            .where(t.exchange.c.message_id.in_(some))
        )
        answers = (
            sa.select(parent.c.message_id, party.c.third_party_id)
            .join(party, party.c.exchange_id == parent.c.exchange_id)
            .where(parent.c.message_id.in_(some))
        )
        for message_id, third_party in tx.execute(itself.union(answers)):
            for name in asked[message_id]:
                found.setdefault(name, set()).add(third_party)
    return {k: tuple(ThirdPartyId(p) for p in sorted(v)) for k, v in found.items()}


def parties_by_reference(tx: Tx, references: Iterable[str]) -> dict[str, ThirdPartyId]:
    """Whom references are about, of exchanges (`EXC-12`) and of linked elements (`PR2303-0107`);
    letter case doesn't count. One that several third parties share is left out."""
    asked = {ref.upper() for ref in references}
    numbers = {int(r[4:]) for r in asked if r.startswith("EXC-") and r[4:].isdecimal()}
    party, linked = t.exchange_party, t.exchange_element
    found: dict[str, set[int]] = {}
    for some in chunks(n for n in numbers if n < 2**63):
        query = (
            sa.select(t.exchange.c.number, party.c.third_party_id)
            .join(party)
            .where(t.exchange.c.number.in_(some))
        )
        for number, third_party in tx.execute(query):
            found.setdefault(f"EXC-{number}", set()).add(third_party)
    owned = [ref for ref in asked if ref.startswith("EXC-") and ref.count("-") > 1]
    for some in chunks(owned):
        query = (
            sa.select(t.exchange.c.own_ref, party.c.third_party_id)
            .join(party)
            .where(t.exchange.c.own_ref.in_(some))
        )
        for ref, third_party in tx.execute(query):
            found.setdefault(ref, set()).add(third_party)
    for some in chunks(asked):
        query = (
            sa.select(t.element.c.ref, party.c.third_party_id)
            .join(linked, linked.c.element_id == t.element.c.id)
            .join(party, party.c.exchange_id == linked.c.exchange_id)
            .where(sa.func.upper(t.element.c.ref).in_(some))
        )
        for ref, third_party in tx.execute(query):
            found.setdefault(ref.upper(), set()).add(third_party)
    return {ref: ThirdPartyId(*of) for ref, of in found.items() if len(of) == 1}


def sightings(tx: Tx, exchange: ExchangeId) -> tuple[Seen, ...]:
    """Every copy of it that was seen."""
    c = t.sighting.c
    rows = tx.execute(sa.select(t.sighting).where(c.exchange_id == exchange).order_by(c.id))
    return tuple(
        Seen(
            exchange=exchange,
            spot=spots.read(r),
            place=r.place_name,
            role=r.role,
            owner=None if r.owner_id is None else UserId(r.owner_id),
            direction=Direction(r.direction),
            level=Level(r.level),
            seen_at=r.seen_at,
        )
        for r in rows
    )


def last_captured(tx: Tx) -> datetime | None:
    """When something was last captured, whatever its own time."""
    copies = t.sighting.c
    query = sa.select(copies.seen_at).order_by(copies.id.desc()).limit(1)
    seen: datetime | None = tx.execute(query).scalar()
    return seen


def captured(tx: Tx, folder: FolderId, uidvalidity: int, lo: int, hi: int) -> frozenset[int]:
    """The UIDs lo…hi of a folder that were seen as a copy of an exchange."""
    c = t.sighting.c
    here = sa.and_(c.folder_id == folder, c.uidvalidity == uidvalidity, c.uid.between(lo, hi))
    return frozenset(tx.execute(sa.select(c.uid).where(here)).scalars())


def copies(tx: Tx, account: AccountId) -> dict[tuple[FolderId, int], int]:
    """How many copies were seen in each folder of an account, by folder and UIDVALIDITY."""
    c = t.sighting.c
    query = sa.select(c.folder_id, c.uidvalidity, sa.func.count()).where(
        c.account_id == account, c.folder_id.is_not(None)
    )
    rows = tx.execute(query.group_by(c.folder_id, c.uidvalidity))
    return {(FolderId(folder), uidvalidity): number for folder, uidvalidity, number in rows}


def attachments(tx: Tx, exchange: ExchangeId) -> tuple[str, ...]:
    """Names, types and sizes of what was attached."""
    c = t.exchange_attachment.c
    names = sa.select(c.name).where(c.exchange_id == exchange).order_by(c.position)
    return tuple(tx.execute(names).scalars())


def confidential(tx: Tx, exchange: ExchangeId) -> ConfidentialComment | None:
    """The confidential comment; ask `rules.access` first."""
    c, group = t.confidential_comment.c, t.confidential_group.c
    row = tx.execute(sa.select(t.confidential_comment).where(c.exchange_id == exchange)).first()
    if row is None:
        return None
    shared = tx.execute(sa.select(group.group_id).where(group.exchange_id == exchange)).scalars()
    groups = frozenset(GroupId(g) for g in shared)
    author = None if row.author_id is None else UserId(row.author_id)
    return ConfidentialComment(row.text, author, groups, row.revision, row.html)


def _one(tx: Tx, which: sa.ColumnElement[bool]) -> Exchange | None:
    return next(iter(_exchanges(tx, _query().where(which))), None)


def _query() -> sa.Select[Any]:
    mode, purpose = list_item.alias("mode"), list_item.alias("purpose")
    row = t.exchange
    return (
        sa.select(row, mode.c.code.label("mode"), purpose.c.code.label("purpose"))
        .join(mode, mode.c.id == row.c.mode_id)
        .outerjoin(purpose, purpose.c.id == row.c.purpose_id)
    )


def _exchanges(tx: Tx, query: sa.Select[Any]) -> tuple[Exchange, ...]:
    rows = tx.execute(query).all()
    hung = _Hung(tx, [r.id for r in rows])
    return tuple(_exchange(r, hung) for r in rows)


class _Hung:
    """What hangs on these exchanges: one query a kind, however many exchanges there are."""

    def __init__(self, tx: Tx, ids: list[int]) -> None:
        def by(table: sa.Table, *what: sa.ColumnElement[Any]) -> dict[int, list[Any]]:
            owner, order = table.c.exchange_id, table.c.position
            query = sa.select(owner, *what).order_by(order)
            return grouped(tx, query, owner, ids)

        self.parties = by(t.exchange_party, t.exchange_party.c.third_party_id)
        self.contacts = by(t.exchange_contact, t.exchange_contact.c.contact_id)
        user = t.exchange_user.c
        self.users = by(t.exchange_user, user.role, user.user_id)
        owner = t.exchange_element.c
        e = t.element.c
        linked = (
            sa.select(owner.exchange_id, e.type, e.ref, e.date, e.amount, e.state)
            .join(t.element)
            .order_by(owner.position)
        )
        self.elements = grouped(tx, linked, owner.exchange_id, ids)
        product = t.exchange_product.c
        coded = (
            sa.select(product.exchange_id, list_item.c.code)
            .join(list_item)
            .order_by(product.position)
        )
        self.products = grouped(tx, coded, product.exchange_id, ids)
        tag = t.exchange_tag.c
        tagged = sa.select(tag.exchange_id, tag.tag).order_by(tag.tag)
        self.tags = grouped(tx, tagged, tag.exchange_id, ids)
        # What we sent, and what came back of it: a stranger's "bounce" of their own mail is none.
        row, back = t.exchange.c, t.exchange_undelivered.c
        returned = (
            sa.select(row.id, back.recipient, back.status)
            .join(t.exchange_undelivered, back.message_id == row.message_id)
            .where(row.direction == Direction.OUTBOUND)
            .order_by(back.recipient, back.status)
        )
        self.undelivered = grouped(tx, returned, row.id, ids)


def _exchange(r: Any, hung: _Hung) -> Exchange:
    roles: dict[str, list[UserId]] = {}
    for role, user in hung.users[r.id]:
        roles.setdefault(role, []).append(UserId(user))
    author = next(iter(roles.get(Role.AUTHOR, ())), None)
    return Exchange(
        id=ExchangeId(r.id),
        ref=references.of(r),
        entity=None if r.entity_id is None else EntityId(r.entity_id),
        third_parties=tuple(map(ThirdPartyId, hung.parties[r.id])),
        contacts=tuple(map(ContactId, hung.contacts[r.id])),
        direction=Direction(r.direction),
        mode=r.mode,
        happened_at=r.happened_at,
        recorded_at=r.recorded_at,
        source=Source(r.source),
        subject=r.subject,
        comment=r.comment,
        quoted_from=r.quoted_from,
        kind=None if r.kind is None else MailKind(r.kind),
        purpose=r.purpose,
        author=author,
        recorder=next(iter(roles.get(Role.RECORDER, ())), None),
        # An author is no helper too.
        collaborators=tuple(u for u in roles.get(Role.COLLABORATOR, ()) if u != author),
        mailbox_owners=tuple(roles.get(Role.MAILBOX_OWNER, ())),
        elements=tuple(LinkedElement(*e) for e in hung.elements[r.id]),
        products=tuple(hung.products[r.id]),
        project=r.project,
        status=r.status,
        thread=r.thread,
        level=Level(r.level),
        revision=r.revision,
        answers=r.answers,
        tags=tuple(hung.tags[r.id]),
        undelivered=tuple(dict.fromkeys(Undelivered(*one) for one in hung.undelivered[r.id])),
        html=r.html,
    )
