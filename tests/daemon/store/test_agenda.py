"""What a digest tells of: each day once, what nobody answered, and what has no next step."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

from daemon.store import Store, agenda, exchanges, follow_ups, open_store
from rules.model.decisions import CloseFollowUp
from rules.model.exchanges import Direction, ExchangeKey, KeyKind
from rules.model.followups import Answered, Assignee, FollowUpDraft, How, State
from rules.model.people import UserId
from rules.model.sightings import When

DAY = timedelta(days=1)


def wrote(tx: Any, world: Any, name: str, at: datetime, **other: Any) -> Any:
    facts = {
        "keys": (ExchangeKey(KeyKind.MESSAGE, name),),
        "message_id": f"{name}@acme.example",
        "direction": Direction.OUTBOUND,
        "author": world.anna,
        "happened_at": at,
    }
    draft = world.draft(name, **(facts | other))
    return world.record(tx, draft, uid=abs(hash(name)) % 100_000).exchange


def test_a_day_is_seen_to_once(store: Store, world: Any) -> None:
    with store.write() as tx:
        assert agenda.told(tx) == {}
        assert agenda.begin(tx, world.anna, date(2026, 3, 3))
        assert not agenda.begin(tx, world.anna, date(2026, 3, 3))
        assert not agenda.begin(tx, world.anna, date(2026, 3, 2))
        assert agenda.begin(tx, world.bob, date(2026, 3, 2))
        assert agenda.begin(tx, world.anna, date(2026, 3, 4))
        assert agenda.told(tx) == {world.anna: date(2026, 3, 4), world.bob: date(2026, 3, 2)}


def test_of_several_who_look_at_the_clock_one_sees_to_it(
    url: str, populated: Callable[[str], Any]
) -> None:
    world = populated(url)

    def look(_number: int) -> int:
        mine = open_store(url)
        try:
            found = 0
            for day in range(1, 20):
                with mine.write() as tx:
                    found += agenda.begin(tx, world.anna, date(2026, 3, day))
        finally:
            mine.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(4))) <= 19
    store = open_store(url)
    with store.read() as tx:
        assert agenda.told(tx) == {world.anna: date(2026, 3, 19)}
    store.close()


def test_what_is_to_do(store: Store, world: Any, now: datetime) -> None:
    def opened(tx: Any, key: str, at: datetime, user: UserId) -> Any:
        draft = FollowUpDraft(key, key, When(at), (Assignee(user, owner=True),))
        return follow_ups.open(tx, draft, now - 9 * DAY, now - 5 * DAY)[0]

    with store.write() as tx:
        late = opened(tx, "late", now - DAY, world.anna)
        soon = opened(tx, "soon", now + DAY, world.anna)
        opened(tx, "too far", now + 3 * DAY, world.anna)
        opened(tx, "bob's", now, world.bob)
        opened(tx, "before it went live", now - 6 * DAY, world.anna)
        assert follow_ups.with_assignee(tx, world.anna, now + 2 * DAY) == (late, soon)


def test_what_nobody_answered(store: Store, world: Any, now: datetime) -> None:
    def subjects(**other: Any) -> list[str]:
        between = {"since": now - 30 * DAY, "until": now - 2 * DAY, "limit": 9} | other
        with store.read() as tx:
            return [e.subject for e in agenda.unanswered(tx, world.anna, **between).found]

    with store.write() as tx:
        for name, age, more in (
            ("answered", 9, {}),
            ("open", 8, {}),
            ("twice", 7, {}),
            ("fresh", 1, {}),
            ("old", 40, {}),
            ("bob's", 6, {"author": world.bob}),
            ("theirs", 5, {"direction": Direction.INBOUND}),
        ):
            wrote(tx, world, name, now - age * DAY, subject=name, **more)
        wrote(
            tx,
            world,
            "reply",
            now - 3 * DAY,
            parents=("answered@acme.example",),
            direction=Direction.INBOUND,
        )
        wrote(
            tx,
            world,
            "again",
            now - 4 * DAY,
            parents=("twice@acme.example",),
            subject="twice, again",
        )
    assert subjects() == ["twice, again", "open"]
    assert subjects(limit=1) == ["twice, again"]
    with store.read() as tx:
        some = agenda.unanswered(tx, world.anna, now - 30 * DAY, now - 2 * DAY, 1)
    assert some.more == 1


def test_who_has_no_next_step(store: Store, world: Any, now: datetime) -> None:
    def found() -> dict[Any, datetime]:
        with store.read() as tx:
            return dict(agenda.resting(tx, world.anna, now - 90 * DAY, now - 14 * DAY, 9).found)

    last = now - 20 * DAY
    with store.write() as tx:
        wrote(tx, world, "one", now - 30 * DAY)
        wrote(tx, world, "two", last)
        wrote(tx, world, "old", now - 95 * DAY, third_parties=(world.beta,), contacts=())
    assert found() == {world.acme: last}
    with store.write() as tx:
        draft = FollowUpDraft(
            "k", "Call", When(now + DAY), (Assignee(world.bob, owner=True),), world.acme
        )
        one, _ = follow_ups.open(tx, draft, now, now - DAY)
    assert found() == {}
    with store.write() as tx:
        from rules import merge

        done = merge.apply(one, merge.Changes(state=State.DONE))
        follow_ups.change(tx, done, "bob", "done", now, one.revision)
    assert found() == {world.acme: last}
    with store.write() as tx:
        # A colleague has dealt with them meanwhile.
        recent = wrote(tx, world, "bob's", now - 3 * DAY, author=world.bob)
    assert found() == {}
    with store.write() as tx:
        exchanges.delete(tx, recent, world.bob, "asked for", now)
    assert found() == {world.acme: last}


def test_what_was_closed_since_then_and_not_taken_back(
    store: Store, world: Any, now: datetime
) -> None:
    answered = Answered(How.ANSWERED, "EXC-1")
    with store.write() as tx:
        exchange = world.record(tx).exchange
        found = {}
        for title, of in (("a", world.anna), ("b", world.bob), ("old", world.anna),
                          ("back", world.anna)):  # fmt: skip
            assignee = (Assignee(of, owner=True),)
            draft = FollowUpDraft(title, title, When(now + 9 * DAY), assignee)
            found[title], _ = follow_ups.open(tx, draft, now - 9 * DAY, now - 9 * DAY)
        for title, at in (("old", now - DAY), ("a", now), ("b", now), ("back", now)):
            follow_ups.close(tx, CloseFollowUp(found[title].id, exchange, answered), at)
        follow_ups.reopen(tx, found["back"].id, "anna@we.example", now)
        ((number, closing),) = agenda.closings(tx, world.anna, now, 9).found
        assert (number, closing.reason, closing.facts) == (
            found["a"].id,
            "answered",
            {"ref": "EXC-1"},
        )
        everything = agenda.closings(tx, world.anna, now - 2 * DAY, 9).found
        assert [one for one, _ in everything] == [found["old"].id, found["a"].id]
        first = agenda.closings(tx, world.anna, now - 2 * DAY, 1)
        assert (len(first.found), first.more) == (1, 1)
