"""Lists of exchanges: every filter, search, page, count and neighbour, held against looking at
each exchange by itself."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from daemon.store import Store, arms, exchange_list, exchanges, follow_up_list, search, timeline
from daemon.store.arms import Range
from daemon.store.database import Tx
from daemon.store.exchange_list import Wanted
from daemon.store.text import words
from daemon.store.timeline import Noun
from rules import access
from rules.access import Action
from rules.model.exchanges import Direction, Exchange, Source
from rules.model.people import Right, User
from tests.daemon.store.company import WORDS, House, furnish


def wanted_of(chance: random.Random, house: House) -> Wanted:
    """Up to three things asked at a time, words more often than others."""
    ways = {
        "third_party": lambda: chance.choice(house.parties).id,
        "contact": lambda: chance.choice(house.contacts).id,
        "user": lambda: chance.choice(house.users).id,
        "direction": lambda: chance.choice(list(Direction)),
        "mode": lambda: chance.choice(["phone", "email", "fax", "none"]),
        "purpose": lambda: "dispute",
        "product": lambda: "pump",
        "element": lambda: chance.choice(["PR1", "pr1", "PR2"]),
        "source": lambda: Source.PERSON,
        "tag": lambda: "hot",
        "entity": lambda: chance.choice(house.entities),
        "since": lambda: chance.choice(house.exchanges)[0].happened_at,
        "until": lambda: chance.choice(house.exchanges)[0].happened_at,
    }
    asked = {name: ways[name]() for name in chance.sample(list(ways), chance.randint(0, 2))}
    if chance.random() < 0.5:
        asked["text"] = " ".join(
            chance.choices([*WORDS, "decaler", "oeuvre"], k=chance.randint(1, 2))
        )
    return Wanted(**asked)


def expected(user: User, house: House, wanted: Wanted) -> list[Exchange]:
    """The list as the rules of access and the plain meaning of the words have it."""
    found = []
    for one, comment in house.exchanges:
        shown = access.visible(one, user, house.groups)
        if shown is None or not fits(one, wanted):
            continue
        if wanted.text is not None:
            stems = search.sought(wanted.text)
            facts = access.facts_of(one, comment)
            reads = access.may(user, house.groups, Action.SEE_CONFIDENTIAL, facts)
            open_ = shown == one and has(stems, house.words[one.id])
            if not open_ and not (comment and reads and has(stems, comment.text)):
                continue
        found.append(one)
    return sorted(found, key=lambda one: (one.happened_at, one.id), reverse=True)


def has(stems, text: str) -> bool:
    return bool(stems) and all(any(w.startswith(s) for w in words(text).split()) for s in stems)


def fits(one: Exchange, wanted: Wanted) -> bool:
    people = access.people_of(one)
    refs = [e.ref for e in one.elements]
    return (
        wanted.third_party in (None, *one.third_parties)
        and wanted.contact in (None, *one.contacts)
        and wanted.user in (None, *people)
        and wanted.direction in (None, one.direction)
        and wanted.mode in (None, one.mode)
        and wanted.purpose in (None, one.purpose)
        and wanted.product in (None, *one.products)
        and (wanted.element is None or wanted.element.upper() in refs)
        and wanted.source in (None, one.source)
        and wanted.tag in (None, *one.tags)
        and wanted.entity in (None, one.entity)
        and (wanted.since is None or one.happened_at >= wanted.since)
        and (wanted.until is None or one.happened_at < wanted.until)
    )


def pages(tx: Tx, scope, wanted: Wanted, size: int, *, oldest_first=False) -> Iterator[int]:
    where = Range(oldest_first=oldest_first)
    while keys := exchange_list.page(tx, scope, wanted, where=where, limit=size):
        yield from (number for _, number in keys)
        where = replace(where, after=keys[-1])


@pytest.mark.parametrize("short", [3, 2000])
def test_any_list_is_what_access_allows_and_the_filters_mean(
    store: Store, now, monkeypatch: pytest.MonkeyPatch, short: int
) -> None:
    """However it is read: row by row where few are short, by the index else."""
    monkeypatch.setattr(arms, "SHORT", short)
    chance = random.Random(short)
    with store.write() as tx:
        house = furnish(tx, chance, now)
    found_any = found_by_words = 0
    with store.read() as tx:
        for number in range(36):
            user = chance.choice(house.users)
            if number % 3:
                # Most by chance see little.
                user = replace(user, rights=user.rights | {Right.SEE_EXCHANGES}, active=True)
            wanted = wanted_of(chance, house)
            scope = access.scope(user, house.groups)
            right = [one.id for one in expected(user, house, wanted)]
            told = f"{user} {wanted}"
            for size in (4, 100):
                assert [*pages(tx, scope, wanted, size)] == right, told
            assert [*pages(tx, scope, wanted, 5, oldest_first=True)] == right[::-1], told
            assert exchange_list.count(tx, scope, wanted, 100) == len(right), told
            assert exchange_list.count(tx, scope, wanted, 2) == min(len(right), 3), told
            found_any += bool(right)
            found_by_words += bool(right and wanted.text)
    assert found_any > 8
    assert found_by_words > 2


def test_a_history_mixes_what_each_list_has_and_its_pages_join(store: Store, now) -> None:
    chance = random.Random(5)
    with store.write() as tx:
        house = furnish(tx, chance, now)
    with store.read() as tx:
        for user in house.users:
            scope = access.scope(user, house.groups)
            for wanted in (
                Wanted(),
                Wanted(third_party=house.parties[0].id),
                Wanted(element="PR1"),
            ):
                whole = timeline.page(tx, scope, wanted, limit=500)
                times = [entry.place[0] for entry in whole]
                assert times == sorted(times, reverse=True)
                exchanged = [e.what.id for e in whole if e.place[1] is Noun.EXCHANGE]
                assert exchanged == [*pages(tx, scope, wanted, 100)]
                also = follow_up_list.Wanted(third_party=wanted.third_party, element=wanted.element)
                to_do = follow_up_list.page(tx, scope, also, limit=500, newest_first=True)
                shown = [e.what.id for e in whole if e.place[1] is Noun.FOLLOW_UP]
                assert shown == [number for _, number in to_do]
                assert joined(tx, scope, wanted, 3) == [entry.place for entry in whole]


def joined(tx: Tx, scope, wanted: Wanted, size: int) -> list:
    places: list = []
    while some := timeline.page(
        tx, scope, wanted, after=places[-1] if places else None, limit=size
    ):
        places += [entry.place for entry in some]
    return places


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("decaler", "Les livraisons sont décalées"),
        ("décalées", "On va décaler le rendez-vous"),
        ("DECALE", "Un décalage de paiement"),
        ("factures", "la facture FA2211-0059"),
        ("fa2211-0059", "la facture FA2211-0059"),
        ("oeuvre", "Œuvres complètes"),
        ("commandes livrer", "Livraison : votre commande"),
    ],
)
def test_words_are_found_by_their_stems_without_accents(
    store: Store, world, now, typed: str, text: str
) -> None:
    with store.write() as tx:
        world.record(tx, world.draft(subject=text, comment=""))
        other = world.draft("m2", subject="Bonjour", comment="tout va bien")
        world.record(tx, other, uid=2)
    with store.read() as tx:
        (found,) = exchange_list.page(tx, access.OPERATOR, Wanted(text=typed))
        (shown,) = exchanges.in_order(tx, [found[1]])
        assert shown.subject == text


def test_references_are_meant_as_they_are_typed() -> None:
    assert search.sought("PR2303-0107 20 12 ees") == ("pr2303", "0107", "20", "12", "ees")
    assert search.sought("!!! --") == ()
