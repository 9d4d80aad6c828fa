"""Merging: all that hangs on one third party or contact goes to the other, and its number leads
there."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from daemon.store import (
    Store,
    Tx,
    ambiguities,
    exchanges,
    follow_ups,
    merging,
    people,
    unlinking,
)
from daemon.store.tables import exchanges as t
from daemon.store.tables.people import external_id
from rules import identity
from rules.model.decisions import Ambiguous, By
from rules.model.exchanges import Source
from rules.model.followups import Assignee, FollowUpDraft
from rules.model.people import Contact, ContactId, Level, ThirdParty, ThirdPartyId
from rules.model.sightings import When


@pytest.fixture
def whole(store: Store, world: Any, now: datetime) -> Any:
    """Everything that can hang on a third party hangs on Beta."""
    with store.write() as tx:
        beta = people.get_third_party(tx, world.beta)
        assert beta is not None
        people.put_third_party(
            tx, replace(beta, former_names=("Old Beta",), domains=("beta.example",), tags=("key",))
        )
        carla = Contact(ContactId(0), world.beta, "Carla", ("carla@acme.example",), ("1",))
        zoe = Contact(ContactId(0), world.beta, "Zoé", ("zoe@beta.example",), level=Level.SUBJECT)
        contacts = tuple(people.put_contact(tx, one) for one in (carla, zoe))
        both = world.draft("both", third_parties=(world.acme, world.beta), contacts=contacts)
        world.record(tx, both, uid=1)
        world.record(tx, world.draft("own", third_parties=(world.beta,)), uid=2)
        draft = FollowUpDraft(
            key="f",
            uid="f@x",
            title="Relance",
            when=When(now + timedelta(days=1), zone="UTC"),
            assignees=(Assignee(world.anna, owner=True),),
            third_party=world.beta,
            contact=contacts[1],
        )
        follow_ups.open(tx, draft, now, now - timedelta(days=9))
        tie = Ambiguous((world.acme, world.beta), contacts, By.ADDRESS)
        third = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU3", "Gamma"))
        other = Ambiguous((world.beta, third), (), By.DOMAIN)
        ambiguities.ask(tx, world.sighting(5), tie, now, "a")
        ambiguities.ask(tx, world.sighting(6), other, now, "b")
        people.put_identity(tx, identity.key("x@y.example"), world.beta, None, now)
        row = {"system": "erp", "noun": "third_party", "external": "77", "local_id": world.beta}
        tx.execute(sa.insert(external_id).values(**row))
    return contacts


def _merge(tx: Tx, world: Any, now: datetime) -> None:
    gone = people.get_third_party(tx, world.beta)
    kept = people.get_third_party(tx, world.acme)
    assert gone is not None
    assert kept is not None
    merging.merge_parties(tx, gone, kept, now)


def test_all_that_hangs_on_a_third_party_goes_with_it(
    store: Store, world: Any, whole: Any, now: datetime
) -> None:
    with store.write() as tx:
        before = merging.counts(tx, "third_party", world.beta)
        assert before == {
            "ambiguity_party": 2,
            "contact": 2,
            "exchange_party": 2,
            "external_id": 1,
            "follow_up": 1,
            "identity_rule": 1,
        }
        _merge(tx, world, now)
        assert people.get_third_party(tx, world.beta) is None
        acme = people.get_third_party(tx, world.acme)
        assert acme is not None
        assert (acme.former_names, acme.domains, acme.tags) == (
            ("Beta", "Old Beta"),
            ("acme.example", "beta.example"),
            ("key",),
        )
        shown = exchanges.history(tx, third_party=world.acme)
        assert sorted(one.third_parties for one in shown) == [(world.acme,), (world.acme,)]
        assert all(one.revision > 1 for one in shown)
        (relance,) = follow_ups.open_ones(tx, world.acme)
        assert relance.contact == whole[1]
        assert people.identities(tx)[identity.key("x@y.example")] == world.acme
        # One tie is none any more; the other is between others now.
        (question,) = ambiguities.open_ones(tx)
        assert world.acme in question.ambiguous.candidates
        assert merging.led(tx, "third_party", world.beta) == world.acme
        assert dict(merging.former_codes(tx)) == {"CU2": world.acme}
        ids = tx.execute(sa.select(external_id.c.local_id)).scalars()
        assert set(ids) == {world.acme}


def test_contacts_of_one_name_and_address_become_one(
    store: Store, world: Any, whole: Any, now: datetime
) -> None:
    with store.write() as tx:
        _merge(tx, world, now)
        first, second = people.contacts(tx, world.acme)
        assert (first.id, first.phones) == (world.carla, ("1",))
        assert (second.name, second.level) == ("Zoé", Level.SUBJECT)
        assert merging.led(tx, "contact", whole[0]) == world.carla
        both = next(x for x in exchanges.history(tx) if len(x.contacts) == 2)
        assert set(both.contacts) == {world.carla, whole[1]}


def test_a_file_that_names_it_by_its_old_code_finds_it(
    store: Store, world: Any, whole: Any, now: datetime
) -> None:
    with store.write() as tx:
        _merge(tx, world, now)
        again = ThirdParty(ThirdPartyId(0), "CU2", "Beta", domains=("b.example",))
        assert people.put_third_party(tx, again) == world.acme
        acme = people.get_third_party(tx, world.acme)
        assert acme is not None
        assert (acme.code, acme.name) == ("CU1", "Acmé")
        assert "b.example" in acme.domains
        assert people.directory(tx, [], []).parties_by_code["CU2"] == world.acme


def test_what_was_merged_twice_leads_to_the_last(
    store: Store, world: Any, whole: Any, now: datetime
) -> None:
    with store.write() as tx:
        _merge(tx, world, now)
        gamma = next(p for p in people.third_parties(tx) if p.code == "CU3")
        acme = people.get_third_party(tx, world.acme)
        assert acme is not None
        merging.merge_parties(tx, acme, gamma, now)
        assert merging.led(tx, "third_party", world.beta) == gamma.id
        assert set(merging.former_codes(tx).values()) == {gamma.id}
        assert not ambiguities.open_ones(tx)


def test_the_contact_level_that_is_stricter_counts() -> None:
    one = Contact(ContactId(1), ThirdPartyId(1), "A", ("a@x.example",), level=Level.HAPPENED)
    two = Contact(ContactId(2), ThirdPartyId(1), "B", ("A+1@x.example", "b@x.example"))
    kept = merging.joined_contacts(one, two)
    assert (kept.name, kept.level, kept.emails) == ("B", Level.HAPPENED, two.emails)


# --- What came by an address ---


def _by(world: Any, tx: Tx, name: str, uid: int, **fields: Any) -> int:
    key = identity.key(f"{name}@mail.example")
    draft = world.draft(f"m{uid}", addresses=((world.carla, key),), **fields)
    made = world.record(tx, draft, uid=uid)
    assert made.exchange is not None
    return int(made.exchange)


def test_what_came_by_an_address_is_unlinked_and_nothing_else(
    store: Store, world: Any, now: datetime
) -> None:
    with store.write() as tx:
        carla = people.get_contact(tx, world.carla)
        party = people.get_third_party(tx, world.acme)
        assert carla is not None
        assert party is not None
        gone = _by(world, tx, "old", 1)
        shared = _by(world, tx, "old", 2, third_parties=(world.acme, world.beta))
        _by(world, tx, "new", 3)
        edited = _by(world, tx, "old", 4)
        row = {"exchange_id": edited, "field": "contacts", "by_id": world.anna, "at": now}
        tx.execute(sa.insert(t.exchange_edit).values(**row))
        exchanges.add(tx, world.draft("call", source=Source.PERSON), now)
        world.record(tx, world.draft("before that was noted"), uid=9)
        found = unlinking.by_address(tx, carla, party, identity.key("Old@mail.example"))
        assert found == unlinking.Unlinked((gone, shared), (gone, shared), (gone,), 1)
        unlinking.unlink(tx, carla, party, found, now)
        assert exchanges.get(tx, found.deleted[0]) is None
        left = exchanges.get(tx, found.leaving[1])
        assert left is not None
        assert (left.third_parties, left.contacts) == ((world.beta,), ())
        # Nothing is buried: were it their address again, it would be captured again.
        assert world.record(tx, world.draft("m1"), uid=1).exchange is not None
        empty = unlinking.by_address(tx, carla, party, identity.key("old@mail.example"))
        assert empty.exchanges == ()


def test_what_the_domain_claims_stays_with_the_third_party(
    store: Store, world: Any, now: datetime
) -> None:
    with store.write() as tx:
        carla = people.get_contact(tx, world.carla)
        party = people.get_third_party(tx, world.acme)
        assert carla is not None
        assert party is not None
        key = identity.key("carla@acme.example")
        made = world.record(tx, world.draft("m1", addresses=((world.carla, key),)))
        found = unlinking.by_address(tx, carla, party, key)
        assert (found.exchanges, found.leaving, found.deleted) == ((made.exchange,), (), ())
        unlinking.unlink(tx, carla, party, found, now)
        left = exchanges.get(tx, made.exchange)
        assert left is not None
        assert (left.third_parties, left.contacts) == ((world.acme,), ())
