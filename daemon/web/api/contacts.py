"""Contacts of third parties that the caller may see."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query, Response

from daemon.directory import parties
from daemon.store import party_list
from daemon.web.api.acting import CREATES, EDITS, LISTS, READS, acting, given, reach
from daemon.web.api.acting import level as level_of
from daemon.web.api.asked import Words
from daemon.web.api.third_parties import IsActive
from daemon.web.caller import Caller
from daemon.web.etags import IfMatch, etag, must_match
from daemon.web.house import InHouse
from daemon.web.ids import LARGEST_ID, Id
from daemon.web.paging import After, Limit, cursor, key_of
from daemon.web.route import Route
from daemon.web.shapes import people as asked
from daemon.web.shapes import third_parties as shapes
from rules.model.people import Contact, ContactId, ThirdPartyId

OfParty = Annotated[
    int | None, Query(alias="third_party", ge=1, le=LARGEST_ID, description="Only of this one.")
]
Email = Annotated[str | None, Query(max_length=320, description="Only who has this address.")]


def contacts(
    house: InHouse,
    caller: Caller,
    party: OfParty = None,
    text: Words = None,
    email: Email = None,
    active: IsActive = None,
    limit: Limit = 50,
    after: After = None,
) -> asked.Contacts:
    """Contacts, by id; `text` looks in names and addresses."""
    (last,) = key_of(after, int) if after is not None else (0,)
    with house.store.read() as tx:
        seen = reach(tx, caller)
        if party is not None:
            parties.party_of(tx, acting(caller), ThirdPartyId(party))
        of = None if party is None else ThirdPartyId(party)
        wanted = party_list.ContactFilter(of, text, email, active)
        found = party_list.contacts(tx, seen, wanted, last, limit + 1)
    page = found[:limit]
    return asked.Contacts(
        items=[shapes.contact(one) for one in page],
        next=cursor(page[-1].id) if found[limit:] else None,
    )


def contact(house: InHouse, caller: Caller, response: Response, number: Id) -> asked.Contact:
    """One contact."""
    with house.store.read() as tx:
        found, _party = parties.contact_of(tx, acting(caller), ContactId(number))
    return _shown(response, found)


def create(
    house: InHouse, caller: Caller, response: Response, body: asked.NewContact
) -> asked.Contact:
    """Make a contact known. Past mail of their addresses is captured from then on."""
    with house.store.write() as tx:
        new = Contact(ContactId(0), ThirdPartyId(body.third_party), body.name)
        made = parties.add_contact(tx, acting(caller), replace(new, **_fields(body)))
    response.headers["Location"] = f"/api/v1/contacts/{made.id}"
    return _shown(response, made)


def edit(
    house: InHouse,
    caller: Caller,
    response: Response,
    number: Id,
    body: asked.ContactChange,
    if_match: IfMatch = None,
) -> asked.Contact:
    """Change what is sent of a contact. Past mail of a new address is captured from then on;
    `/addresses/…` says what came by one that is to go."""
    with house.store.write() as tx:
        who = acting(caller)
        before, _party = parties.contact_of(tx, who, ContactId(number))
        must_match(if_match, before.revision)
        changed = parties.edit_contact(tx, who, replace(before, **_fields(body)))
    return _shown(response, changed)


def _fields(body: asked.ContactChange) -> dict[str, Any]:
    fields = given(body)
    fields.pop("third_party", None)
    if "level" in fields:
        fields["level"] = level_of(body.level)
    for name in ("emails", "phones"):
        if name in fields:
            fields[name] = tuple(dict.fromkeys(fields[name]))
    return fields


def _shown(response: Response, one: Contact) -> asked.Contact:
    response.headers["ETag"] = etag(one.revision)
    return shapes.contact(one)


_ALL = "/api/v1/contacts"
_ONE = "/api/v1/contacts/{number}"

ROUTES = (
    Route("GET", _ALL, contacts, asked.Contacts, problems=(*LISTS, 404)),
    Route("POST", _ALL, create, asked.Contact, status=201, problems=CREATES),
    Route("GET", _ONE, contact, asked.Contact, problems=(*READS, 422)),
    Route("PATCH", _ONE, edit, asked.Contact, problems=EDITS),
)
