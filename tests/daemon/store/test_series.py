"""A series: its occurrences are follow-ups, one calendar copy is owed the news of all, and of one
that was deleted whole nothing is told any more."""

from datetime import datetime, timedelta
from typing import Any

from daemon.store import Store, calendars, follow_ups, series
from rules import merge
from rules.model.followups import CalendarCopy, CopyState, FollowUp, State
from rules.model.sightings import When
from rules.model.wire import CalendarInfo
from tests.daemon.store.test_follow_ups import draft

WEEK = timedelta(days=7)


def weekly(store: Store, world: Any, now: datetime, many: int = 3) -> tuple[FollowUp, ...]:
    first = draft(world, now, key="s")
    with store.write() as tx:
        made = series.put(tx, "uid-s", now, rule="FREQ=WEEKLY", draft=first)
        assert series.put(tx, "uid-s", now, rule="FREQ=DAILY") == made
        for n in range(many):
            one = draft(
                world,
                now,
                key=f"s/{n}",
                uid="uid-s",
                when=When(now + n * WEEK + WEEK, zone="Europe/Paris"),
                series=made.id,
                occurrence=str(n),
            )
            follow_ups.open(tx, one, now, now)
        return series.occurrences(tx, made.id)


def test_what_the_first_occurrence_says_is_kept_with_the_rule(
    store: Store, world: Any, now: datetime
) -> None:
    rows = weekly(store, world, now)
    assert [one.occurrence for one in rows] == ["0", "1", "2"]
    with store.read() as tx:
        known = series.of_uid(tx, "uid-s")
    assert known is not None and known.id == rows[0].series
    assert (known.rule, known.draft) == ("FREQ=WEEKLY", draft(world, now, key="s"))


def test_one_object_carries_them_all_and_is_owed_the_news_of_each(
    store: Store, world: Any, now: datetime
) -> None:
    first, second, _ = weekly(store, world, now)
    with store.write() as tx:
        # Only the first is given a calendar, also when it is done already.
        after = merge.apply(first, merge.Changes(state=State.DONE))
        follow_ups.change(tx, after, "anna", "edited", now, first.revision)
        assert [f.id for f in follow_ups.without_copy(tx, world.anna)] == [first.id]
        info = CalendarInfo("/anna/work/", "work", frozenset({"VEVENT"}))
        place = calendars.declare(tx, world.annas, info, writes=True, dedicated=False)
        copy = CalendarCopy(first.id, world.anna, place.id, "/anna/work/s.ics", '"1"')
        follow_ups.put_copy(tx, copy)
        assert follow_ups.without_copy(tx, world.anna) == ()
        written = CalendarCopy(
            first.id, world.anna, place.id, copy.href, '"1"', None, b"x", 9, CopyState.IN_STEP
        )
        follow_ups.put_copy(tx, written)
        assert follow_ups.unpublished(tx) == ()
        moved = merge.apply(second, merge.Changes(title="Rappeler"))
        follow_ups.change(tx, moved, "anna", "edited", now, second.revision)
        ((head, owed),) = follow_ups.unpublished(tx)
        assert (head.id, owed.state) == (first.id, CopyState.PENDING)


def test_deleted_one_by_one_the_last_takes_along_what_was_told(
    store: Store, world: Any, now: datetime
) -> None:
    rows = weekly(store, world, now, 2)
    for n, one in enumerate(rows, 1):
        with store.write() as tx:
            follow_ups.delete(tx, one.id, now, one.revision)
            known = series.of_uid(tx, "uid-s")
            assert known is not None and (known.draft is None) == (n == 2)


def test_the_next_ones_are_asked_for_when_their_time_has_come(
    store: Store, world: Any, now: datetime
) -> None:
    (one,) = weekly(store, world, now, 1)
    assert one.series is not None
    with store.write() as tx:
        assert [s.id for s in series.to_extend(tx, now)] == [one.series]
        series.extended(tx, one.series, now + WEEK)
        assert series.to_extend(tx, now) == ()
        assert len(series.to_extend(tx, now + WEEK)) == 1
