"""People: known once, found as they are typed; the directory's version moves when it must."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from daemon.store import Stale, Store, people
from rules import identity
from rules.model.people import (
    Contact,
    ContactId,
    Level,
    PartyKind,
    Right,
    ThirdParty,
    ThirdPartyId,
    User,
)

NEW = ThirdPartyId(0)


def _version(store: Store) -> int:
    with store.read() as tx:
        return people.directory_version(tx)


def test_a_user_is_read_back_whole(store: Store) -> None:
    with store.write() as tx:
        entity = people.put_entity(tx, "main", "We")
        group = people.put_group(tx, "sales", [Right.SEE_CONFIDENTIAL])
        user = people.put_user(
            tx,
            name="Zoé",
            email="Zoe@we.example",
            aliases=("z@we.example",),
            groups=[group],
            entities=[entity],
            rights=[Right.SEE_EXCHANGES],
            language="fr",
            timezone="Europe/Paris",
        )
    with store.read() as tx:
        assert people.get_user(tx, user) == User(
            user,
            "Zoé",
            "Zoe@we.example",
            ("z@we.example",),
            frozenset({group}),
            frozenset({entity}),
            frozenset({Right.SEE_EXCHANGES}),
            "fr",
            "Europe/Paris",
        )
        assert people.user_by_email(tx, "ZOE+list@WE.example").id == user
        assert people.user_by_email(tx, "z@we.example").id == user
        assert people.user_by_email(tx, "nobody@we.example") is None
        assert people.groups(tx)[group].rights == {Right.SEE_CONFIDENTIAL}
        assert [e.code for e in people.entities(tx)] == ["main"]


def test_an_own_address_beats_anothers_alias(store: Store, world: Any) -> None:
    with store.write() as tx:
        people.put_user(
            tx, name="Boss", email="boss@we.example", aliases=("bob@we.example", "info@we.example")
        )
        assert people.user_by_email(tx, "bob@we.example").id == world.bob


@pytest.mark.parametrize(
    ("put", "moves"),
    [
        (lambda tx, w: people.put_user(tx, name="Bob", email="bob@we.example"), False),
        (
            lambda tx, w: people.put_user(
                tx, name="Bob", email="bob@we.example", rights=Right, language="fr"
            ),
            False,
        ),
        (
            lambda tx, w: people.put_user(
                tx, name="Bob", email="bob@we.example", aliases=("b@we.example",)
            ),
            True,
        ),
        (
            lambda tx, w: people.put_third_party(
                tx, ThirdParty(NEW, "CU1", "Acmé", domains=("acme.example",))
            ),
            False,
        ),
        (lambda tx, w: people.put_third_party(tx, ThirdParty(NEW, "CU1", "Acmé")), False),
        (
            lambda tx, w: people.put_third_party(
                tx, ThirdParty(NEW, "CU1", "Acmé", domains=("acme.test",))
            ),
            True,
        ),
        (lambda tx, w: people.put_third_party(tx, ThirdParty(NEW, "CU9", "Nine")), True),
        (
            lambda tx, w: people.put_contact(
                tx, Contact(ContactId(0), w.acme, "Carla", ("CARLA@acme.example",))
            ),
            False,
        ),
        (
            lambda tx, w: people.put_contact(
                tx, Contact(ContactId(0), w.beta, "Carla", ("carla@acme.example",))
            ),
            True,
        ),
    ],
)
def test_the_directory_moves_with_what_matching_may_feel(
    store: Store, world: Any, put: Callable[[Any, Any], object], moves: bool
) -> None:
    before = _version(store)
    with store.write() as tx:
        put(tx, world)
    assert (_version(store) != before) == moves


def test_an_import_takes_nothing_away_and_an_edit_does(store: Store, world: Any) -> None:
    with store.write() as tx:
        for domain, kind in (("acme.test", PartyKind.CUSTOMER), ("acme.fr", PartyKind.SUPPLIER)):
            again = people.put_third_party(
                tx, ThirdParty(NEW, "CU1", "Acmé", frozenset({kind}), domains=(domain,))
            )
            assert again == world.acme
        party = people.get_third_party(tx, world.acme)
        assert party.domains == ("acme.example", "acme.test", "acme.fr")
        assert party.kinds == {PartyKind.CUSTOMER, PartyKind.SUPPLIER}
        people.put_third_party(tx, replace(party, domains=("acme.fr",), code="CU1b"))
        edited = people.get_third_party(tx, world.acme)
        assert (edited.domains, edited.code) == (("acme.fr",), "CU1b")
        assert edited.revision == party.revision + 1
        with pytest.raises(Stale):
            people.put_third_party(tx, replace(party, id=ThirdPartyId(999)))


def test_a_contact_is_known_by_any_of_its_addresses(store: Store, world: Any) -> None:
    new = ContactId(0)
    with store.write() as tx:
        more = Contact(new, world.acme, "", ("c@acme.example", "carla@acme.example"), ("+33 1",))
        assert people.put_contact(tx, more) == world.carla
        carla = people.get_contact(tx, world.carla)
        assert carla.name == "Carla"
        assert carla.emails == ("carla@acme.example", "c@acme.example")
        assert carla.phones == ("+33 1",)
        # Without an address, by name.
        unmailed = people.put_contact(tx, Contact(new, world.acme, "Émile"))
        assert people.put_contact(tx, Contact(new, world.acme, "emile")) == unmailed
        people.put_contact(tx, replace(carla, emails=("new@acme.example",), level=Level.SUBJECT))
        assert people.get_contact(tx, world.carla).emails == ("new@acme.example",)
        assert [c.id for c in people.contacts(tx, world.acme)] == [world.carla, unmailed]


def test_third_parties_are_found_as_people_say_them(store: Store, world: Any) -> None:
    with store.write() as tx:
        former = ThirdParty(NEW, "CU3", "Nova", former_names=("Société Étoile",))
        nova = people.put_third_party(tx, former)
        ltd = people.put_third_party(tx, ThirdParty(NEW, "CU4", "Acmé 50 % Ltd"))
        for text, expected in {
            "cu1": [world.acme],
            "ACME": [world.acme],
            "societe etoile": [nova],
            "etoi": [nova],
            "acm": [world.acme, ltd],
            "50 %": [ltd],
            "%": [ltd],
            "_": [],
            "": [],
            "nobody": [],
        }.items():
            assert [p.id for p in people.find_third_party(tx, text)] == expected, text


def test_the_directory_holds_everybody(store: Store, world: Any, now: datetime) -> None:
    with store.read() as tx:
        directory = people.directory(tx, ["we.example"], [])
        assert directory.version == people.directory_version(tx)
    assert set(directory.users) == {world.anna, world.bob}
    assert directory.contacts_by_key["carla@acme.example"] == (world.carla,)
    assert directory.parties_by_domain["acme.example"] == (world.acme,)


def test_a_group_that_is_not_active_gives_nothing_and_keeps_its_members(store: Store) -> None:
    with store.write() as tx:
        group = people.put_group(tx, "sales", [Right.SEE_CONFIDENTIAL])
        user = people.put_user(tx, name="Zoé", email="zoe@we.example", groups=[group])
        people.update_group(tx, replace(people.groups(tx)[group], active=False))
        zoe = people.get_user(tx, user)
        assert zoe is not None
        assert zoe.groups == frozenset()
        people.update_user(tx, replace(zoe, name="Zoé M."))
        people.update_group(tx, replace(people.groups(tx)[group], active=True))
        again = people.get_user(tx, user)
        assert again is not None
        assert (again.groups, again.name) == ({group}, "Zoé M.")
        assert people.groups(tx)[group].revision == 3


def test_members_of_a_group_are_set_from_its_side(store: Store, world: Any) -> None:
    with store.write() as tx:
        group = people.put_group(tx, "sales")
        before, revision = people.directory_version(tx), people.groups(tx)[group].revision
        people.put_members(tx, group, [world.anna, world.bob])
        assert people.members(tx, group) == {world.anna, world.bob}
        assert people.users(tx)[world.bob].groups == {group}
        # Rules ask for groups, so what was judged is judged again.
        assert people.directory_version(tx) == before + 1
        assert people.groups(tx)[group].revision == revision + 1
        people.put_members(tx, group, [world.bob, world.anna])
        assert people.directory_version(tx) == before + 1


def test_an_address_that_was_decided_moves_the_directory_once(
    store: Store, world: Any, now: datetime
) -> None:
    key = identity.key("Shared@consultant.example")
    with store.write() as tx:
        before = people.directory_version(tx)
        for _ in range(2):
            people.put_identity(tx, key, world.beta, world.anna, now)
        assert people.directory_version(tx) == before + 1
        assert people.directory(tx, [], []).whose == {key: world.beta}
        (rule,) = people.identity_rules(tx)
        assert (rule.key, rule.third_party, rule.by) == (key, world.beta, world.anna)
        assert people.drop_identity(tx, key)
        assert not people.drop_identity(tx, key)
        assert people.directory(tx, [], []).whose == {}
