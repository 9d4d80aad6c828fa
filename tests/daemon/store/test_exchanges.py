"""Exchanges are recorded once, show no more than the strictest copy allows, and stay deleted."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.store import Stale, Store, UnknownCode, erasure, exchanges, lists, open_store
from daemon.store.tables import exchanges as tables
from rules.model.exchanges import (
    ConfidentialComment,
    ExchangeKey,
    KeyKind,
    LinkedElement,
    Source,
)
from rules.model.people import Level
from rules.model.sightings import Event, EventPlace


def test_a_recorded_exchange_is_read_back_whole(store: Store, world: Any, now: datetime) -> None:
    element = LinkedElement("quote", "PR2303-0107", now.date(), Decimal("1234.50"), "sent")
    draft = world.draft(
        purpose="prospecting",
        author=world.anna,
        collaborators=(world.bob,),
        elements=(element,),
        products=("pump",),
        project="Tower",
        quoted_from=9,
    )
    with store.write() as tx:
        lists.put(tx, "product", "pump", {"en": "Pump", "fr": "Pompe"})
        recorded = world.record(tx, draft)
    with store.read() as tx:
        exchange = exchanges.get(tx, recorded.exchange)
        assert exchange == exchanges.by_ref(tx, "exc-1")
        assert exchanges.attachments(tx, exchange.id) == draft.attachments
    assert recorded.new
    assert (exchange.ref, exchange.subject, exchange.comment) == (
        "EXC-1",
        draft.subject,
        draft.comment,
    )
    assert exchange.third_parties == (world.acme,)
    assert exchange.contacts == (world.carla,)
    assert (exchange.author, exchange.collaborators) == (world.anna, (world.bob,))
    assert exchange.mailbox_owners == (world.anna,)
    assert exchange.elements == (element,)
    assert exchange.products == ("pump",)
    assert (exchange.mode, exchange.purpose) == ("email", "prospecting")
    assert (exchange.happened_at, exchange.recorded_at) == (now, now)
    assert (exchange.quoted_from, exchange.project) == (9, "Tower")


def test_a_second_copy_adds_a_sighting_and_its_owner(store: Store, world: Any) -> None:
    with store.write() as tx:
        first = world.record(tx)
        second = world.record(tx, bobs=True)
        again = world.record(tx, bobs=True)
    assert (first.exchange, False) == (second.exchange, second.new)
    assert again == replace(second, first=False)
    with store.read() as tx:
        seen = exchanges.sightings(tx, first.exchange)
        owners = exchanges.get(tx, first.exchange).mailbox_owners
    assert [(s.spot.account, s.spot.uid) for s in seen] == [(world.annas, 1), (world.bobs, 1)]
    assert owners == (world.anna, world.bob)


def test_any_key_leads_to_the_exchange_and_brings_the_others(store: Store, world: Any) -> None:
    message = ExchangeKey(KeyKind.MESSAGE, "m1")
    emailid = ExchangeKey(KeyKind.EMAILID, "imap/42")
    with store.write() as tx:
        first = world.record(tx, world.draft(keys=(message,)))
        world.record(tx, world.draft(keys=(message, emailid)), uid=2)
        third = world.record(tx, world.draft(keys=(emailid,)), uid=3)
    assert third.exchange == first.exchange


def test_two_mails_with_one_forged_message_id_are_two_exchanges(store: Store, world: Any) -> None:
    with store.write() as tx:
        one = world.record(tx, world.draft("x@y#1", message_id="x@y"))
        two = world.record(tx, world.draft("x@y#2", message_id="x@y"), uid=2)
    assert one.exchange != two.exchange
    with store.read() as tx:
        assert len(exchanges.with_message_id(tx, "<x@Y>")) == 2


def test_a_meeting_has_a_sighting_an_occurrence(store: Store, world: Any, now: datetime) -> None:
    with store.write() as tx:
        for recurrence in ("20260302T090000Z", "20260309T090000Z"):
            event = Event("u", "VEVENT", "Weekly", None, recurrence_id=recurrence)
            sighting = world.sighting(what=event, place=EventPlace(5, "Work", "/a.ics", "1"))
            key = ExchangeKey(KeyKind.OCCURRENCE, f"u/{recurrence}")
            draft = world.draft(keys=(key,), message_id=None, mode="meeting")
            exchanges.record(tx, sighting, world.decision(draft), now)
    with store.read() as tx:
        found = exchanges.history(tx)
        spots = [exchanges.sightings(tx, e.id)[0].spot for e in found]
    assert sorted(s.recurrence for s in spots) == ["20260302T090000Z", "20260309T090000Z"]


def test_a_deleted_capture_stays_deleted(store: Store, world: Any, now: datetime) -> None:
    with store.write() as tx:
        recorded = world.record(tx)
        exchanges.delete(tx, recorded.exchange, world.anna, "by mistake", now)
    with store.write() as tx:
        again = world.record(tx, uid=2)
        assert (again.exchange, again.new) == (None, False)
        assert exchanges.history(tx) == ()
        assert tx.execute(sa.select(tables.sighting)).all() == []
        with pytest.raises(Stale):
            exchanges.add(tx, world.draft(source=Source.API), now)


def test_the_strictest_copy_wins_in_any_order(url: str, populated: Callable[[str], Any]) -> None:
    store = open_store(url)
    world = populated(url)
    numbers = itertools.count()

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.sampled_from(Level), min_size=1, max_size=5))
    def holds(levels: list[Level]) -> None:
        n = next(numbers)
        draft = world.draft(f"m{n}")
        with store.write() as tx:
            for place, level in enumerate(levels):
                world.record(tx, draft, uid=10 * n + place, level=level)
            known = exchanges.find(tx, draft.keys)
            if Level.NOTHING in levels:
                assert known is None
                return
            stored = exchanges.get(tx, known)
            assert len(exchanges.sightings(tx, known)) == len(levels)
            attached = exchanges.attachments(tx, known)
        strictest = min(levels)
        assert stored.level is strictest
        everything = strictest is Level.EVERYTHING
        assert stored.comment == (draft.comment if everything else "")
        assert attached == (draft.attachments if everything else ())
        assert stored.subject == ("" if strictest is Level.HAPPENED else draft.subject)

    holds()
    store.close()


def test_more_words_than_an_index_holds_are_no_refusal(store: Store, world: Any) -> None:
    # Half a megabyte of mail in one of the old charsets of Thai is 1.5 MB of UTF-8; a tsvector
    # holds one.
    letters = [chr(c) for c in range(0x0E01, 0x0E2F)]
    numbers = itertools.islice(itertools.product(letters, repeat=4), 20_000)
    text = " ".join("".join(number) + letters[0] * 21 for number in numbers)
    with store.write() as tx:
        world.record(tx, world.draft(comment=text))
    with store.read() as tx:
        found = {n: exchanges.history(tx, text=text[26 * n :][:25]) for n in (0, 10_000, 19_999)}
    # Beyond what PostgreSQL can tell apart, neither database finds any.
    assert [len(several) for several in found.values()] == [1, 1, 0]


def test_a_copy_that_brings_people_is_a_new_revision(store: Store, world: Any) -> None:
    with store.write() as tx:
        first = world.record(tx)
        world.record(tx)
        assert exchanges.get(tx, first.exchange).revision == 1
        world.record(tx, world.draft(third_parties=(world.acme, world.beta)), bobs=True)
        merged = exchanges.get(tx, first.exchange)
    assert merged.revision == 2
    assert merged.third_parties == (world.acme, world.beta)
    assert merged.mailbox_owners == (world.anna, world.bob)


def test_what_a_stricter_copy_hides_is_nowhere(store: Store, world: Any, url: str) -> None:
    secret = "Bibliothèque"
    with store.write() as tx:
        world.record(tx, world.draft(comment=secret, attachments=(f"{secret}.pdf",)))
        world.record(tx, world.draft("other"), uid=5)
    with store.write() as tx:
        world.record(tx, bobs=True, level=Level.SUBJECT)
    assert erasure.forget(store)
    assert not erasure.forget(store)
    with store.read() as tx:
        assert exchanges.history(tx, text="bibliotheque") == ()
    if url.startswith("sqlite"):
        store.close()
        path = Path(url.removeprefix("sqlite:///"))
        for file in path.parent.glob(path.name + "*"):
            assert b"blioth" not in file.read_bytes()


def test_nothing_keeps_only_hashes(store: Store, world: Any) -> None:
    with store.write() as tx:
        world.record(tx, world.draft("private@home#1"))
        world.record(tx, world.draft("private@home#1"), bobs=True, level=Level.NOTHING)
        rows = tx.execute(sa.select(tables.tombstone)).all()
        for table in tables.exchange.metadata.sorted_tables:
            if table.name.startswith(("exchange", "sighting")):
                assert tx.execute(sa.select(table)).all() == []
    assert len(rows) == 1
    assert "private" not in str(rows)


def test_references_have_no_gap_and_no_double(url: str, populated: Callable[[str], Any]) -> None:
    world = populated(url)

    def records(worker: int) -> None:
        store = open_store(url)
        for n in range(5):
            with store.write() as tx:
                world.record(tx, world.draft(f"same-{n}"), uid=100 * worker + n)
                world.record(tx, world.draft(f"{worker}-{n}"), uid=100 * worker + n + 50)
            with pytest.raises(ZeroDivisionError), store.write() as tx:
                world.record(tx, world.draft(f"lost-{worker}-{n}"), uid=9000 + worker)
                _ = 1 / 0
        store.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(records, range(8)))
    store = open_store(url)
    with store.read() as tx:
        refs = sorted(int(e.ref[4:]) for e in exchanges.history(tx, limit=1000))
    store.close()
    assert refs == list(range(1, 46))


def test_history_pages_are_stable_and_filtered(store: Store, world: Any, now: datetime) -> None:
    with store.write() as tx:
        for n in range(7):
            party = (world.beta,) if n == 3 else (world.acme,)
            # Three at one instant: the id decides their order.
            at = now + timedelta(hours=n // 3)
            world.record(tx, world.draft(f"k{n}", third_parties=party, happened_at=at), uid=n)
    with store.read() as tx:
        everything = exchanges.history(tx)
        paged, before = [], None
        while page := exchanges.history(tx, before=before, limit=3):
            paged += page
            before = (page[-1].happened_at, page[-1].id)
        assert tuple(paged) == everything
        assert len(everything) == 7
        assert len(exchanges.history(tx, third_party=world.beta)) == 1
        assert len(exchanges.history(tx, user=world.anna)) == 7
        assert exchanges.history(tx, user=world.bob) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("decale", True),
        ("DÉCALÉ", True),
        ("reunion reportee", True),
        ("réu rep", True),
        ("devis inconnu", False),
        ("pr2303", True),
        ("PR2303-0107", True),
        ("œuvre", True),
        ("oeuv", True),
        ("3d", True),
        ("日本", True),
        ("1e5", True),
        ("", False),
        ('" OR *', False),
        ("'); DROP TABLE", False),
        ("ecale", False),
    ],
)
def test_both_databases_find_the_same(store: Store, world: Any, text: str, found: bool) -> None:
    comment = "La réunion est reportée ; chef-d'œuvre en 3D, 1e5 fois, 日本語, straße"
    elements = (LinkedElement("quote", "PR2303-0107"),)
    with store.write() as tx:
        world.record(tx, world.draft(comment=comment, elements=elements))
        world.record(tx, world.draft("other", subject="Autre", comment=""), uid=2)
    with store.read() as tx:
        hits = exchanges.history(tx, text=text)
    assert [e.subject for e in hits] == (["Devis décalé"] if found else [])


def test_a_confidential_comment_is_in_nobodys_way(store: Store, world: Any, now: datetime) -> None:
    secret = ConfidentialComment("Ils veulent partir", world.anna)
    with store.write() as tx:
        draft = world.draft(confidential=secret, source=Source.PERSON)
        exchange = exchanges.add(tx, draft, now)
        assert exchanges.confidential(tx, exchange.id) == secret
        exchanges.put_confidential(tx, exchange.id, replace(secret, text="Partis"), now)
    with store.read() as tx:
        assert exchanges.get(tx, exchange.id) == exchange
        assert exchanges.history(tx, text="partir") == ()
        assert exchanges.confidential(tx, exchange.id).revision == 2


def test_adding_twice_with_one_key_adds_once(store: Store, world: Any, now: datetime) -> None:
    key = (ExchangeKey(KeyKind.API, "call-17"),)
    draft = world.draft(keys=key, mode="phone", source=Source.API, message_id=None)
    with store.write() as tx:
        assert exchanges.add(tx, draft, now) == exchanges.add(tx, draft, now)
        with pytest.raises(UnknownCode, match="telepathy"):
            exchanges.add(tx, world.draft("k2", mode="telepathy"), now)


def test_a_thread_is_one_in_whatever_order_it_is_read(
    url: str, populated: Callable[[str], Any]
) -> None:
    world = populated(url)
    store = open_store(url)
    mails = [
        ("root@a", ()),
        ("one@a", ("root@a",)),
        ("two@a", ("root@a", "one@a")),
        ("lost-parent@a", ("never-seen@a",)),
        ("its-sister@a", ("never-seen@a",)),
    ]
    # Every seventh of the 120 orders: each mail comes first and last.
    for n, order in enumerate(itertools.islice(itertools.permutations(range(5)), None, None, 7)):
        with store.write() as tx:
            tx.execute(sa.delete(tables.exchange))
            for m in order:
                name, parents = mails[m]
                draft = world.draft(f"{name}{n}", message_id=name, parents=parents)
                world.record(tx, draft, uid=10 * n + m)
            threads = {name: exchanges.with_message_id(tx, name)[0].thread for name, _ in mails}
        assert threads["root@a"] == threads["one@a"] == threads["two@a"]
        assert threads["lost-parent@a"] == threads["its-sister@a"] != threads["root@a"]
    store.close()


def test_threads_tell_the_third_parties_of_what_is_answered(store: Store, world: Any) -> None:
    with store.write() as tx:
        world.record(tx, world.draft(message_id="a@x", parents=("p@x",)))
        world.record(
            tx, world.draft("k2", message_id="b@x", third_parties=(world.beta, world.acme)), 2
        )
    with store.read() as tx:
        assert exchanges.threads(tx, ["<a@X>", "p@x", "b@x", "unknown@x"]) == {
            "<a@X>": (world.acme,),
            "p@x": (world.acme,),
            "b@x": (world.acme, world.beta),
        }
        assert exchanges.threads(tx, []) == {}


def test_hostile_text_is_stored_and_harms_nothing(store: Store, world: Any) -> None:
    long = "x" * 1_000_000
    draft = world.draft(
        long,
        subject="nul \x00 and lone \udcff surrogate",
        comment=long,
        message_id=long,
        parents=tuple(f"{n}{long[:3000]}" for n in range(500)),
        attachments=("\x00",),
    )
    with store.write() as tx:
        first = world.record(tx, draft)
        assert world.record(tx, draft, uid=2).exchange == first.exchange
        assert exchanges.get(tx, first.exchange).subject == "nul � and lone � surrogate"


def test_sightings_outlive_their_account(store: Store, world: Any) -> None:
    from daemon.store.tables import places

    with store.write() as tx:
        recorded = world.record(tx)
        tx.execute(sa.delete(places.account).where(places.account.c.id == world.annas))
        (seen,) = exchanges.sightings(tx, recorded.exchange)
    assert (seen.spot.account, seen.spot.folder, seen.place) == (world.annas, world.inbox, "INBOX")
