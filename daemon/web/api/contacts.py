"""Contacts of third parties that the caller may see."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query, Response
from fastapi.responses import JSONResponse

from daemon.directory import merging, parties
from daemon.store import erasure, party_list
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
Given = Annotated[str, Query(min_length=3, max_length=320, description="The address.")]
Unlinks = Annotated[bool, Query(description="Unlink what came by it.")]
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


def contact(
    house: InHouse, caller: Caller, response: Response, number: Id
) -> asked.Contact | JSONResponse:
    """One contact; the number of one that was merged leads to the one that it is now."""
    with house.store.read() as tx:
        who = acting(caller)
        new = merging.where_contact_went(tx, who, ContactId(number))
        if new is not None:
            return shapes.moved(_ALL, new)
        found, _party = parties.contact_of(tx, who, ContactId(number))
    return _shown(response, found)


def merge(house: InHouse, caller: Caller, number: Id, body: shapes.Merge) -> shapes.MergedContacts:
    """Make a contact and another one of the same third party one. Repeated, nothing happens."""
    with house.store.write() as tx:
        done = merging.merge_contacts(
            tx, acting(caller), ContactId(number), ContactId(body.into), dry_run=body.dry_run
        )
    return shapes.MergedContacts(kept=shapes.contact(done.kept), moved=dict(done.moved))


def came_by(house: InHouse, caller: Caller, number: Id, email: Given) -> shapes.Unlinking:
    """What would be unlinked with an address of a contact."""
    with house.store.read() as tx:
        who = acting(caller)
        found = parties.came_by(tx, who, ContactId(number), email)
        of, _party = parties.contact_of(tx, who, ContactId(number))
    return shapes.unlinking(found, of)


def drop_address(
    house: InHouse,
    caller: Caller,
    response: Response,
    number: Id,
    email: Given,
    unlink: Unlinks = False,
    if_match: IfMatch = None,
) -> shapes.Unlinking:
    """Take an address from a contact; with `unlink`, also what came by it, as GET lists it."""
    with house.store.write() as tx:
        who = acting(caller)
        before, _party = parties.contact_of(tx, who, ContactId(number))
        must_match(if_match, before.revision)
        changed, found = parties.drop_address(tx, who, before.id, email, unlink=unlink)
    erasure.forget(house.store)
    response.headers["ETag"] = etag(changed.revision)
    return shapes.unlinking(found, changed)


def create(
    house: InHouse, caller: Caller, response: Response, body: asked.NewContact
) -> asked.Contact:
    """Make a contact known. Past mail of their addresses is captured from then on."""
    with house.store.write() as tx:
        new = Contact(ContactId(0), ThirdPartyId(body.third_party), body.name)
        made = parties.add_contact(tx, acting(caller), replace(new, **_fields(body)))
    if made.emails:
        house.machine.wake()
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
    if before.emails != changed.emails:
        house.machine.wake()
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
    Route(
        "GET",
        _ONE,
        contact,
        asked.Contact,
        problems=(*READS, 422),
        also={308: shapes.Moved},
    ),
    Route("POST", f"{_ONE}/merge", merge, shapes.MergedContacts, problems=CREATES),
    Route("GET", f"{_ONE}/addresses", came_by, shapes.Unlinking, problems=(*READS, 422)),
    Route("DELETE", f"{_ONE}/addresses", drop_address, shapes.Unlinking, problems=(*EDITS, 422)),
    Route("PATCH", _ONE, edit, asked.Contact, problems=EDITS),
)
