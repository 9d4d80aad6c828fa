"""The queue of participants whom several third parties claim, and what is remembered of them."""

from typing import Annotated

from fastapi import Query, Response

from daemon.directory import questions
from daemon.store import people
from daemon.web.api.acting import acting
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.ids import Id
from daemon.web.paging import After, Limit, cursor, key_of
from daemon.web.route import Route
from daemon.web.shapes import questions as shapes
from rules.model.people import ThirdPartyId

Address = Annotated[str, Query(min_length=3, max_length=320, description="The address.")]


def ambiguities(
    house: InHouse, caller: Caller, limit: Limit = 50, after: After = None
) -> shapes.Ambiguities:
    """What waits for a person to decide, oldest first."""
    (last,) = key_of(after, int) if after is not None else (0,)
    with house.store.read() as tx:
        found = questions.listed(tx, acting(caller), last, limit + 1)
    page = found[:limit]
    return shapes.Ambiguities(
        items=[shapes.ambiguity(one) for one in page],
        next=cursor(page[-1].id) if found[limit:] else None,
    )


def ambiguity(house: InHouse, caller: Caller, number: Id) -> shapes.Ambiguity:
    """One question, decided or not."""
    with house.store.read() as tx:
        return shapes.ambiguity(questions.shown(tx, acting(caller), number))


def decide(house: InHouse, caller: Caller, number: Id, body: shapes.Decision) -> shapes.Ambiguity:
    """Say whose the participant is: the message is judged again by that, and the exchange stands
    under the third party. The same again changes nothing."""
    chosen = None if body.third_party is None else ThirdPartyId(body.third_party)
    with house.store.write() as tx:
        done = questions.decide(tx, acting(caller), number, chosen, remember=body.remember)
    house.machine.wake()
    return shapes.ambiguity(done)


def identity_rules(house: InHouse, caller: Caller) -> shapes.IdentityRules:
    """The addresses of which it is decided whose they are."""
    with house.store.read() as tx:
        found = questions.remembered(tx, acting(caller))
    return shapes.IdentityRules(
        items=[
            shapes.IdentityRule(email=rule.key, third_party=shapes.party(party), at=rule.at)
            for rule, party in found
        ]
    )


def remember(house: InHouse, caller: Caller, body: shapes.NewIdentityRule) -> shapes.IdentityRule:
    """Decide whose an address is, before it is asked. Past mail is judged again by that."""
    with house.store.write() as tx:
        party = ThirdPartyId(body.third_party)
        rule = questions.remember(tx, acting(caller), body.email, party)
        owner = people.get_third_party(tx, rule.third_party)
        assert owner is not None  # noqa: S101  it was looked up in this transaction
    house.machine.wake()
    return shapes.IdentityRule(email=rule.key, third_party=shapes.party(owner), at=rule.at)


def forget(house: InHouse, caller: Caller, email: Address) -> Response:
    """Take back what was decided of an address; it is asked again where it is a tie."""
    with house.store.write() as tx:
        questions.forget(tx, acting(caller), email)
    house.machine.wake()
    return Response(status_code=204)


_ALL = "/api/v1/ambiguities"
_ONE = f"{_ALL}/{{number}}"
_RULES = "/api/v1/identity-rules"

ROUTES = (
    Route("GET", _ALL, ambiguities, shapes.Ambiguities, problems=(401, 403, 422)),
    Route("GET", _ONE, ambiguity, shapes.Ambiguity, problems=(401, 403, 404, 422)),
    Route("POST", f"{_ONE}/decision", decide, shapes.Ambiguity, problems=(401, 403, 404, 409)),
    Route("GET", _RULES, identity_rules, shapes.IdentityRules, problems=(401, 403)),
    Route("POST", _RULES, remember, shapes.IdentityRule, problems=(401, 403, 404)),
    Route("DELETE", _RULES, forget, status=204, problems=(401, 403, 404, 422)),
)
