"""Third parties, as far as the caller may see them."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query, Response
from fastapi.responses import JSONResponse

from daemon.directory import merging, parties
from daemon.store import Tx, party_list
from daemon.web.api.acting import CREATES, EDITS, LISTS, READS, acting, entity_id, given, reach
from daemon.web.api.acting import codes as codes_of
from daemon.web.api.asked import Words
from daemon.web.caller import Caller
from daemon.web.etags import IfMatch, etag, must_match
from daemon.web.house import InHouse
from daemon.web.ids import Id
from daemon.web.paging import After, Limit, cursor, key_of
from daemon.web.route import Route
from daemon.web.shapes import people as asked
from daemon.web.shapes import third_parties as shapes
from rules.model.people import PartyKind, ThirdParty, ThirdPartyId

Kind = Annotated[PartyKind | None, Query(description="Only of this kind.")]
OfEntity = Annotated[
    str | None, Query(max_length=64, description="Only of the entity of this code.")
]
Tag = Annotated[str | None, Query(max_length=100, description="Only with this tag.")]
IsActive = Annotated[bool | None, Query(description="Only active ones, or only others.")]


def third_parties(
    house: InHouse,
    caller: Caller,
    text: Words = None,
    kind: Kind = None,
    entity: OfEntity = None,
    tag: Tag = None,
    active: IsActive = None,
    limit: Limit = 50,
    after: After = None,
) -> shapes.ThirdParties:
    """Third parties, by id; `text` looks in code, names and domains."""
    (last,) = key_of(after, int) if after is not None else (0,)
    with house.store.read() as tx:
        seen = reach(tx, caller)
        wanted = party_list.PartyFilter(text, kind, entity_id(tx, entity), tag, active)
        found = party_list.third_parties(tx, seen, wanted, last, limit + 1)
        codes = codes_of(tx)
    page = found[:limit]
    return shapes.ThirdParties(
        items=[shapes.third_party(party, codes) for party in page],
        next=cursor(page[-1].id) if found[limit:] else None,
    )


def third_party(
    house: InHouse, caller: Caller, response: Response, number: Id
) -> shapes.ThirdParty | JSONResponse:
    """One third party; the number of one that was merged leads to the one that it is now."""
    with house.store.read() as tx:
        who = acting(caller)
        new = merging.where_party_went(tx, who, ThirdPartyId(number))
        if new is not None:
            return shapes.moved(_ALL, new)
        return _shown(tx, response, parties.party_of(tx, who, ThirdPartyId(number)))


def merge(house: InHouse, caller: Caller, number: Id, body: shapes.Merge) -> shapes.MergedParties:
    """Make a third party and another one, with all that hangs on them. Repeated, nothing
    happens."""
    with house.store.write() as tx:
        done = merging.merge_parties(
            tx,
            acting(caller),
            ThirdPartyId(number),
            ThirdPartyId(body.into),
            dry_run=body.dry_run,
        )
        kept = shapes.third_party(done.kept, codes_of(tx))
    if done.moved and not body.dry_run:
        house.machine.wake()
    return shapes.MergedParties(kept=kept, moved=dict(done.moved))


def create(
    house: InHouse, caller: Caller, response: Response, body: asked.NewThirdParty
) -> shapes.ThirdParty:
    """Make a third party known."""
    with house.store.write() as tx:
        new = ThirdParty(ThirdPartyId(0), body.code, body.name)
        made = parties.add_party(tx, acting(caller), replace(new, **_fields(tx, body)))
        response.headers["Location"] = f"/api/v1/third-parties/{made.id}"
        return _shown(tx, response, made)


def edit(
    house: InHouse,
    caller: Caller,
    response: Response,
    number: Id,
    body: asked.ThirdPartyChange,
    if_match: IfMatch = None,
) -> shapes.ThirdParty:
    """Change what is sent of a third party; `active` false takes it out of use."""
    with house.store.write() as tx:
        who = acting(caller)
        before = parties.party_of(tx, who, ThirdPartyId(number))
        must_match(if_match, before.revision)
        changed = parties.edit_party(tx, who, replace(before, **_fields(tx, body)))
        return _shown(tx, response, changed)


def _fields(tx: Tx, body: asked.ThirdPartyChange) -> dict[str, Any]:
    fields = given(body)
    if "entity" in fields:
        fields["entity"] = entity_id(tx, body.entity)
    if "kinds" in fields:
        fields["kinds"] = frozenset(body.kinds)
    for name in ("former_names", "domains"):
        if name in fields:
            fields[name] = tuple(dict.fromkeys(fields[name]))
    if "tags" in fields:
        fields["tags"] = tuple(sorted(set(body.tags)))
    return fields


def _shown(tx: Tx, response: Response, party: ThirdParty) -> shapes.ThirdParty:
    response.headers["ETag"] = etag(party.revision)
    return shapes.third_party(party, codes_of(tx))


_ALL = "/api/v1/third-parties"
_ONE = "/api/v1/third-parties/{number}"

ROUTES = (
    Route("GET", _ALL, third_parties, shapes.ThirdParties, problems=LISTS),
    Route("POST", _ALL, create, shapes.ThirdParty, status=201, problems=CREATES),
    Route(
        "GET",
        _ONE,
        third_party,
        shapes.ThirdParty,
        problems=(*READS, 422),
        also={308: shapes.Moved},
    ),
    Route("POST", f"{_ONE}/merge", merge, shapes.MergedParties, problems=CREATES),
    Route("PATCH", _ONE, edit, shapes.ThirdParty, problems=EDITS),
)
