"""What is remembered of alarms, and of how much mail arrives on which day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from daemon.store import Store, accounts, alarms, folders
from rules.alarms import Row
from rules.model.people import Level
from rules.model.sightings import FolderRole
from rules.model.wire import FolderInfo, FolderState

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
INBOX = FolderInfo("INBOX", FolderRole.INBOX)
SENT = FolderInfo("Sent", FolderRole.SENT)


def test_rows_are_kept_changed_and_forgotten(store: Store) -> None:
    a, b, c = ("silent", "mail ann"), ("backup", ""), ("still", "mail bob")
    first = {a: Row(NOW), b: Row(NOW, told_at=NOW)}
    later = {b: replace(first[b], gone_at=NOW + DAY), c: Row(NOW + DAY)}
    for before, after in (({}, first), (first, later), (later, later), (later, {})):
        with store.write() as tx:
            assert alarms.rows(tx) == before
            alarms.lock(tx)
            alarms.keep(tx, before, after)
        with store.read() as tx:
            assert alarms.rows(tx) == after


def test_arrivals_are_what_is_new_in_inboxes_by_day(store: Store) -> None:
    """The first look, another UIDVALIDITY and a UIDNEXT that fell are no arrivals, but the day
    was looked at; what staff send is none."""
    with store.write() as tx:
        ann = accounts.declare(tx, "mail", "ann", "h", None, Level.EVERYTHING, NOW)

        def look(info: FolderInfo, uidvalidity: int, uidnext: int, day: date) -> int:
            state = FolderState(info.name, uidvalidity, uidnext, 0)
            folder = folders.seen(tx, ann, info, state, NOW)
            alarms.arrived(tx, folder.id, day, folder.arrived)
            return folder.arrived

        found = [
            look(INBOX, 1, 1000, TODAY - 2 * DAY),
            look(INBOX, 1, 1003, TODAY - 2 * DAY),
            look(INBOX, 1, 1003, TODAY - DAY),
            look(INBOX, 2, 5000, TODAY),
            look(INBOX, 2, 4000, TODAY),
            look(INBOX, 2, 4002, TODAY),
            look(SENT, 1, 10, TODAY),
            look(SENT, 1, 20, TODAY),
        ]
        assert found == [0, 3, 0, 0, 0, 2, 0, 10]
    with store.read() as tx:
        whole = {TODAY - 2 * DAY: 3, TODAY - DAY: 0, TODAY: 2}
        assert alarms.arrivals(tx, TODAY - 3 * DAY) == {ann: whole}
        assert alarms.arrivals(tx, TODAY) == {ann: {TODAY: 2}}
    with store.write() as tx:
        alarms.forget_arrivals(tx, TODAY)
        assert alarms.arrivals(tx, TODAY - 3 * DAY) == {ann: {TODAY: 2}}
