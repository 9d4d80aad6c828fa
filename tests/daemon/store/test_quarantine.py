"""What can't be read or stored: asked for ever later, dropped and wanted again."""

from datetime import datetime, timedelta
from typing import Any

from daemon.store import (
    Store,
    folders,
    quarantine,
)
from rules.model.sightings import EventPlace, FolderRole, MailPlace
from rules.model.wire import FolderInfo, FolderState


def test_what_cannot_be_read_is_asked_for_again_ever_later(
    store: Store, world: Any, now: datetime
) -> None:
    place = MailPlace(world.inbox, FolderRole.INBOX, "INBOX", 7, 5)
    with store.write() as tx:
        quarantine.put(tx, world.annas, place, "broken charset", now, key_hash="h")
        assert folders.hole(tx, world.inbox, 7, 9, now) == 1
        assert folders.hole(tx, world.inbox, 7, 9, now) == 2
        assert quarantine.due(tx, world.annas, world.inbox, now) == ()
        soon = now + quarantine.FIRST_WAIT
        assert quarantine.due(tx, world.annas, world.inbox, soon) == (5, 9)
        quarantine.put(tx, world.annas, place, "broken charset", soon)
        assert quarantine.due(tx, world.annas, world.inbox, soon + quarantine.FIRST_WAIT) == (9,)
        (item,) = quarantine.items(tx)
        assert (item.place, item.reason, item.attempts) == (
            "anna: INBOX UID 5",
            "broken charset",
            2,
        )
        # Asked at `later`, both answered; one of them is still broken.
        later = soon + timedelta(days=1)
        quarantine.put(tx, world.annas, place, "broken charset", later)
        quarantine.settle(tx, world.inbox, 7, 1, 10, later)
        assert folders.holes(tx, world.inbox, 7) == ()
        assert len(quarantine.items(tx)) == 1
        quarantine.settle(tx, world.inbox, 7, 1, 10, later + timedelta(hours=1))
        assert quarantine.items(tx) == ()
        assert [i.resolved_at is not None for i in quarantine.explain(tx, ["h", "x"])] == [True]


def test_what_was_dropped_stays_dropped_until_it_is_wanted(
    store: Store, world: Any, now: datetime
) -> None:
    place = MailPlace(world.inbox, FolderRole.INBOX, "INBOX", 7, 5)
    later = now + timedelta(days=30)
    with store.write() as tx:
        quarantine.put(tx, world.annas, place, "too long", now, step="store")
        (item,) = quarantine.items(tx)
        assert (item.account, item.step, item.since, item.dropped) == ("anna", "store", now, None)
        quarantine.drop(tx, item.id, "spam", now)
        assert quarantine.items(tx) == ()
        quarantine.put(tx, world.annas, place, "too long still", later, step="store")
        assert quarantine.due(tx, world.annas, world.inbox, later + timedelta(days=9)) == ()
        dropped = quarantine.get(tx, item.id)
        assert dropped is not None
        assert (dropped.dropped, dropped.attempts) == ("spam", 2)
        assert quarantine.among(tx, world.inbox, 7, 1, 9) == {5: dropped}
        assert quarantine.among(tx, world.inbox, 7, 6, 9) == {}
        assert quarantine.among(tx, world.inbox, 8, 1, 9) == {}
        quarantine.again(tx, item.id, later)
        assert quarantine.due(tx, world.annas, world.inbox, later) == (5,)
        quarantine.settle(tx, world.inbox, 7, 1, 9, later + timedelta(hours=1))
        # It is well: neither there nor dropped.
        assert quarantine.get(tx, item.id) is None
        assert quarantine.among(tx, world.inbox, 7, 1, 9) == {}


def test_what_waits_under_a_number_that_is_gone_waits_no_more(
    store: Store, world: Any, now: datetime
) -> None:
    info = FolderInfo("INBOX", FolderRole.INBOX)
    with store.write() as tx:
        for uid in (5, 900):
            place = MailPlace(world.inbox, FolderRole.INBOX, "INBOX", 7, uid)
            quarantine.put(tx, world.annas, place, "broken", now)
        folders.seen(tx, world.annas, info, FolderState("INBOX", 7, 100, 1), now)
        assert [i.spot.uid for i in quarantine.items(tx)] == [5]
        folders.seen(tx, world.annas, info, FolderState("INBOX", 8, 100, 1), now)
        assert quarantine.items(tx) == ()


def test_a_broken_calendar_object_is_quarantined_too(
    store: Store, world: Any, now: datetime
) -> None:
    place = EventPlace(3, "Work", "/work/a.ics", "1")
    with store.write() as tx:
        for _ in range(2):
            quarantine.put(tx, world.annas, place, "no DTSTART", now, key_hash="h")
        (item,) = quarantine.explain(tx, ["h"])
        assert (item.place, item.attempts) == ("anna: Work /work/a.ics", 2)
        quarantine.settle_event(tx, place, now)
        assert quarantine.items(tx) == ()
        quarantine.put(tx, world.annas, place, "no DTSTART", now)
        quarantine.drop(tx, quarantine.items(tx)[0].id, "not ours", now)
        assert quarantine.items(tx) == ()
