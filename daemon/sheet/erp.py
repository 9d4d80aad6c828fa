"""What the ERP tells: its elements (quotes, orders, invoices, tickets…), and what happens there."""

from dataclasses import dataclass
from datetime import datetime

from daemon.i18n import mark
from daemon.sheet.entry import party
from daemon.sheet.errors import NotTaken, NotThere
from daemon.sheet.writer import Writer
from daemon.store import elements as stored
from daemon.store import people
from daemon.store.elements import Element, Event
from rules.access import Action
from rules.model.exchanges import LinkedElement
from rules.model.people import ThirdPartyId


@dataclass(frozen=True, slots=True)
class Told:
    """An element as the ERP tells it; its third party by number, or by code."""

    element: LinkedElement
    third_party: int | None = None
    code: str | None = None
    url: str | None = None


def tell(writer: Writer, told: Told) -> Element:
    """Keep what the ERP tells of an element; whatever is linked to it shows that from now on.
    What it leaves open stays as it was. Raises NotAllowed, NotTaken, NotThere."""
    writer.must(Action.CREATE_EXCHANGE)
    number = _tell(writer, told)
    found = stored.get(writer.tx, number)
    if found is None:
        raise NotThere(mark("there is no such element"))
    return found


def happened(
    writer: Writer,
    system: str,
    external: str,
    label: str,
    at: datetime,
    about: Told | None = None,
    third_party: int | None = None,
    code: str | None = None,
) -> tuple[Event, bool]:
    """Something happened in the ERP, as `external` is its name in `system`: told again, it is the
    same event. With it, and whether it is new. Raises as `tell`."""
    writer.must(Action.CREATE_EXCHANGE)
    before = stored.event(writer.tx, system, external)
    if before is not None and not _reaches(writer, before.third_party):
        raise NotThere(mark("there is no such third party"))
    element = None if about is None else _tell(writer, about)
    whose = _party(writer, third_party, code)
    if whose is None and element is not None:
        known = stored.get(writer.tx, element)
        whose = known.third_party if known is not None else None
    _number, new = stored.happened(writer.tx, system, external, label, at, whose, element)
    event = stored.event(writer.tx, system, external)
    if event is None:
        raise NotThere(mark("there is no such third party"))
    return event, new


def find(writer: Writer, ref: str, kind: str | None = None) -> tuple[Element, ...]:
    """The elements of a reference that concern the writer; letter case doesn't count."""
    return tuple(
        one for one in stored.named(writer.tx, ref, kind) if _reaches(writer, one.third_party)
    )


def _tell(writer: Writer, told: Told) -> int:
    element = told.element
    for known in stored.named(writer.tx, element.ref, element.type):
        if known.ref == element.ref and not _reaches(writer, known.third_party):
            raise NotThere(mark("there is no such element"))
    whose = _party(writer, told.third_party, told.code)
    return stored.tell(writer.tx, element, whose, told.url)


def _party(writer: Writer, number: int | None, code: str | None) -> ThirdPartyId | None:
    if number is not None:
        return party(writer, number, (), "third_party")
    if code is None:
        return None
    found = people.party_by_code(writer.tx, code)
    if found is None or not writer.reaches(found.entity):
        raise NotTaken("third_party_code", mark("there is no such third party"))
    return found.id


def _reaches(writer: Writer, number: ThirdPartyId | None) -> bool:
    found = people.get_third_party(writer.tx, number) if number is not None else None
    return found is None or writer.reaches(found.entity)
