"""The form of a new exchange, filled in as far as can be known."""

from typing import Annotated

from fastapi import Query

from daemon.sheet import prefill
from daemon.sheet.entry import entity_of
from daemon.sheet.prefill import Known
from daemon.sheet.writer import Writer
from daemon.store import lists, people
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.ids import LARGEST_ID
from daemon.web.route import Route
from daemon.web.shapes import prefill as shapes
from daemon.web.shapes.exchange import ContactRef
from daemon.web.shapes.written import Code, ElementGiven
from daemon.web.writing import names_of, reading
from rules.access import Action

_Id = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]


def form(
    house: InHouse,
    caller: Caller,
    third_party: _Id = None,
    contact: _Id = None,
    element: Annotated[Code | None, Query(description="By reference.")] = None,
    element_type: Code | None = None,
    exchange: Annotated[str | None, Query(max_length=120)] = None,
    url: Annotated[
        str | None, Query(max_length=2_000, description="Of the page that is looked at.")
    ] = None,
) -> shapes.Prefilled:
    """What a new exchange begins with, from the first of these that is given."""
    with reading(house, caller) as writer:
        writer.must(Action.CREATE_EXCHANGE)
        known = Known()
        if exchange is not None:
            known = prefill.of_exchange(writer, exchange)
        elif element is not None:
            known = prefill.of_element(writer, element_type, element)
        elif contact is not None:
            known = prefill.of_contact(writer, contact)
        elif third_party is not None:
            known = prefill.of_party(writer, third_party)
        elif url is not None:
            known = prefill.of_url(writer, url)
        return _prefilled(writer, known)


def _prefilled(writer: Writer, known: Known) -> shapes.Prefilled:
    entity = entity_of(writer, known.third_parties)
    names = names_of(writer, parties=known.third_parties)
    contacts = (people.get_contact(writer.tx, one) for one in known.contacts)
    offered = {
        name: {one.code for one in lists.items(writer.tx, name) if one.retired_at is None}
        for name in ("mode", "purpose", "product")
    }
    me = writer.user.email or None
    return shapes.Prefilled(
        third_parties=[ref for one in known.third_parties if (ref := names.party(one))],
        contacts=[ContactRef(id=one.id, name=one.name) for one in contacts if one is not None],
        elements=[
            ElementGiven(type=e.type, ref=e.ref, date=e.date, amount=e.amount, state=e.state)
            for e in known.elements
        ],
        happened_at=writer.now,
        author=me,
        mode=known.mode if known.mode in offered["mode"] else None,
        purpose=known.purpose if known.purpose in offered["purpose"] else None,
        products=[code for code in known.products if code in offered["product"]],
        project=known.project,
        entity=people.entity_code(writer.tx, entity) if entity is not None else None,
        exchange=known.exchange,
        assignee=me,
        zone=writer.user.timezone,
        reminder=shapes.ReminderPlanned(
            on=bool(writer.option("reminders", entity)),
            before=int(writer.option("reminder_before", entity)),
            unit="minutes",
            template=str(writer.option("reminder_template", entity)) or None,
        ),
        offers=shapes.Offers(
            author=bool(writer.option("choose_author", entity)),
            collaborators=bool(writer.option("collaborators", entity)),
            confidential=bool(writer.option("confidential_comments", entity)),
            follow_up=writer.may(Action.CREATE_FOLLOW_UP),
            assign=str(writer.option("assign_to", entity)),
        ),
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/prefill",
        form,
        shapes.Prefilled,
        problems=(401, 403, 404, 422),
    ),
)
