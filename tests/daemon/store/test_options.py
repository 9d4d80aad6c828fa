"""Options: their history is their state, and whom a change concerns is planned again."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from daemon import options as table
from daemon.reminders.plan import plan
from daemon.rulebook import Rulebook
from daemon.store import Store, Tx, follow_ups, ledger, options, people
from rules.model.followups import Assignee, FollowUp, FollowUpDraft, LedgerState, Reminder
from rules.model.people import EntityId
from rules.model.sightings import When
from rules.options import ALL, Scope
from rules.ruleset import builtin

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def opened(
    tx: Tx, now: datetime, *users: Any, entity: EntityId | None = None, key: str = "k"
) -> FollowUp:
    assignees = tuple(Assignee(user, owner=n == 0) for n, user in enumerate(users))
    draft = FollowUpDraft(key, "Call", When(now + 3 * DAY), assignees, entity=entity)
    return follow_ups.open(tx, draft, now, now)[0]


def put(tx: Tx, now: datetime, key: str, value: Any, scope: Scope = ALL, by: Any = None) -> bool:
    return options.put(tx, key, scope, value, by=by, now=now, plans=table.OPTIONS[key].plans)


def rulebook(store: Store, **installation: Any) -> Rulebook:
    return Rulebook(store, builtin(), ("we.example",), table.defaults(**installation))


def test_the_newest_change_is_in_force(store: Store, world: Any, now: datetime) -> None:
    annas = Scope(user=world.anna)
    with store.write() as tx:
        assert put(tx, now, "reminder_before", 120)
        assert put(tx, now, "reminder_before", 30, by=world.anna)
        assert not put(tx, now, "reminder_before", 30)
        assert put(tx, now, "reminders", value=False, scope=annas)
        assert options.in_force(tx) == {
            ("reminder_before", ALL): 30,
            ("reminders", annas): False,
        }
        assert put(tx, now + HOUR, "reminder_before", None)
        assert not put(tx, now, "reminder_before", None)
        assert options.in_force(tx) == {("reminders", annas): False}
        told = options.history(tx, "reminder_before")
    assert [(c.value, c.by, c.at) for c in told] == [
        (None, None, now + HOUR),
        (30, world.anna, now),
        (120, None, now),
    ]


def test_the_book_has_a_change_at_once(store: Store, world: Any, now: datetime) -> None:
    book = rulebook(store, reminder_before=45)
    anna = book.in_force().directory.users[world.anna]
    assert book.in_force().wishes(anna, None).before == timedelta(minutes=45)
    with store.write() as tx:
        put(tx, now, "reminder_before", 1440)
    assert book.in_force().wishes(anna, None).before == DAY
    # Of another zone the directory's version knows nothing.
    with store.write() as tx:
        people.put_user(tx, name="Anna", email="anna@we.example", timezone="Asia/Tokyo")
    assert book.in_force().directory.users[world.anna].timezone == "Asia/Tokyo"


def test_what_another_version_stored_counts_as_not_set(
    store: Store, world: Any, now: datetime
) -> None:
    with store.write() as tx:
        for key, value in (("reminder_before", "soon"), ("all_day_at", 9999), ("gone", 1)):
            options.put(tx, key, ALL, value, by=None, now=now, plans=False)
    book = rulebook(store).in_force()
    wishes = book.wishes(book.directory.users[world.anna], None)
    assert (wishes.before, wishes.all_day_at.hour) == (HOUR, 9)


@pytest.fixture
def three(store: Store, world: Any, now: datetime) -> dict[str, FollowUp]:
    """Planned: Anna's of an entity, Anna's that is shared, Bob's that is done."""
    with store.write() as tx:
        entity = people.put_entity(tx, "nancy", "Nancy")
        people.put_user(tx, name="Bob", email="bob@we.example", entities=[entity])
        made = {
            "of nancy": opened(tx, now, world.anna, entity=entity, key="a"),
            "anna's": opened(tx, now, world.anna, key="b"),
            "bob's": opened(tx, now, world.bob, key="c"),
        }
    while plan(store, rulebook(store), now):
        pass
    return made


def marked(tx: Tx, three: dict[str, FollowUp]) -> set[str]:
    waiting = {f.id for f in follow_ups.unplanned(tx, 10)}
    return {name for name, one in three.items() if one.id in waiting}


def test_a_change_marks_whom_it_concerns(
    store: Store, world: Any, now: datetime, three: dict[str, FollowUp]
) -> None:
    with store.read() as tx:
        (entity,) = people.entities(tx)
    for scope, concerned in (
        (Scope(user=world.anna), {"of nancy", "anna's"}),
        (Scope(entity=entity.id), {"of nancy", "bob's"}),
        (ALL, set(three)),
    ):
        with store.write() as tx:
            assert marked(tx, three) == set()
            put(tx, now, "digest", value=True, scope=scope)
            assert marked(tx, three) == set()
            put(tx, now, "reminder_before", 1440, scope)
            assert marked(tx, three) == concerned
            assert follow_ups.wished_otherwise(tx, [f.id for f in three.values()]) == {
                three[name].id for name in concerned
            }
        assert plan(store, rulebook(store), now) == len(concerned)


def test_a_change_of_what_is_built_in_marks_all(
    store: Store, now: datetime, three: dict[str, FollowUp]
) -> None:
    with store.write() as tx:
        assert options.built_in(tx, table.defaults())
        follow_ups.planned(tx, three.values())
        assert not options.built_in(tx, table.defaults())
        assert marked(tx, three) == set()
        assert options.built_in(tx, table.defaults(reminder_before=90))
        assert marked(tx, three) == set(three)


def test_a_change_moves_what_waits(
    store: Store, world: Any, now: datetime, three: dict[str, FollowUp]
) -> None:
    book = rulebook(store)
    with store.write() as tx:
        put(tx, now, "reminder_before", 1440, Scope(user=world.anna))
    assert plan(store, book, now) == 2
    with store.read() as tx:
        entries = {e.due.at: e.state for e in ledger.of(tx, three["anna's"].id)}
        bobs = [e.due.at for e in ledger.of(tx, three["bob's"].id)]
    assert entries == {
        now + 2 * DAY: LedgerState.DUE,
        now + 3 * DAY - HOUR: LedgerState.VOID,
    }
    assert bobs == [now + 3 * DAY - HOUR]


def test_one_that_also_changed_itself_is_planned_as_changed(
    store: Store, world: Any, now: datetime, three: dict[str, FollowUp]
) -> None:
    one = three["anna's"]
    with store.write() as tx:
        put(tx, now, "reminder_before", 1440)
        # Marked by the option, then edited: the reminder of two weeks before is past, and sent.
        after = replace(one, reminders=(Reminder(14 * DAY),))
        follow_ups.change(tx, after, "anna", "edited", now, one.revision)
        assert one.id not in follow_ups.wished_otherwise(tx, [one.id])
    plan(store, rulebook(store), now)
    with store.read() as tx:
        assert [e.due.at for e in ledger.all_open(tx) if e.due.follow_up == one.id] == [
            one.when.start - 14 * DAY
        ]


def test_when_it_was_given_its_time(store: Store, world: Any, now: datetime) -> None:
    with store.write() as tx:
        one = opened(tx, now, world.anna)
        assert follow_ups.scheduled_at(tx, one) == now
        moved = replace(one, when=When(now + DAY), schedule_version=2)
        one = follow_ups.change(tx, moved, "anna", "moved", now + HOUR, one.revision)
        one = follow_ups.change(
            tx, replace(one, title="New"), "anna", "edited", now + 2 * HOUR, one.revision
        )
        assert follow_ups.scheduled_at(tx, one) == now + HOUR


def test_a_reminder_that_leaves_its_length_open_is_read_back(
    store: Store, world: Any, now: datetime
) -> None:
    reminders = (Reminder(), Reminder(template="short"), Reminder(timedelta(0)))
    with store.write() as tx:
        one = opened(tx, now, world.anna)
        after = replace(one, reminders=reminders)
        follow_ups.change(tx, after, "anna", "edited", now, one.revision)
        assert follow_ups.get(tx, one.id).reminders == reminders  # type: ignore[union-attr]
        (change,) = follow_ups.history(tx, one.id)
    assert change.new == [[None, "email", None], [None, "email", "short"], [0, "email", None]]
