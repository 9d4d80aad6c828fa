"""The event arrow: what a calendar shows becomes follow-ups and, once over, exchanges.

    changed etags → objects → ours or a follow-up: absorb │ a meeting: decide → rows and the
    calendar's new token in one transaction

What becomes of an object: `daemon.capture.meetings`. A calendar that was judged under another
directory or other rules is compared in full (schema 4).
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from connectors.errors import Refused
from daemon.capture.meetings import CalendarAccount, CalendarCapture, Counts, judge
from daemon.clock import now
from daemon.ports import Calendars
from daemon.steps import reached
from daemon.store import Lease, Tx, accounts, folders, work
from daemon.store import calendars as shelf
from daemon.store.calendars import LOOK_AGAIN, key_of
from rules import schedule
from rules.model.sightings import CalendarId
from rules.model.wire import CalendarInfo

CHUNK = 50


def sync(
    capture: CalendarCapture, account: CalendarAccount, calendars: Calendars, lease: Lease
) -> Counts:
    """Judge what changed in every watched calendar; returns counts by reason.

    Raises Unreachable from the server, and Refused for a calendar that an admin must look at,
    after all others are done.
    """
    counts: Counts = Counter()
    troubles: list[Refused] = []
    for calendar, info in _watched(capture, account, calendars.discover(), lease):
        try:
            counts += _sync_one(capture, account, calendars, lease, calendar, info)
        except Refused as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]
    return counts


def _watched(
    capture: CalendarCapture,
    account: CalendarAccount,
    found: tuple[CalendarInfo, ...],
    lease: Lease,
) -> Iterator[tuple[shelf.Calendar, CalendarInfo]]:
    writable = [i for i in found if i.writable and i.components & {"VEVENT", "VTODO"}]
    # A list of tasks only where there is no calendar, or where it was chosen.
    writable.sort(key=lambda i: "VEVENT" not in i.components)
    target = next((i for i in writable if account.writes in (None, i.name, i.href)), None)
    for info in found:
        names = {info.name, info.href}
        if account.ignored & names or (account.watched and not account.watched & names):
            continue
        dedicated = bool(account.dedicated & names)
        with capture.store.write() as tx:
            accounts.fence(tx, lease, now())
            calendar = shelf.declare(tx, account.id, info, info == target, dedicated)
        yield calendar, info


def _sync_one(
    capture: CalendarCapture,
    account: CalendarAccount,
    calendars: Calendars,
    lease: Lease,
    calendar: shelf.Calendar,
    info: CalendarInfo,
) -> Counts:
    book = capture.rulebook.in_force()
    with capture.store.read() as tx:
        state = shelf.state(tx, calendar.id)
        again = [w.key for w in work.due(tx, LOOK_AGAIN, now()) if _is_in(w.key, calendar.id)]
    judged_as = f"{book.judged_as}:{book.directory.version}"
    same_book = state.judged_as == judged_as
    unchanged = same_book and info.ctag is not None and info.ctag == state.ctag
    counts: Counts = Counter()
    if unchanged and not again:
        return counts
    token = state.token if same_book else None
    delta = calendars.changes(info.href, token, state.etags)
    if schedule.looks_emptied(len(state.etags), len(delta.removed)):
        # A server that lost a calendar must not close every follow-up in it (spec §6).
        raise Refused(
            f"calendar '{info.name}' shows none of its {len(state.etags)} objects any more; "
            "nothing was changed: restore it, or remove it from the configuration"
        )
    changed = [
        h for h, etag in delta.changed.items() if not same_book or state.etags.get(h) != etag
    ]
    hrefs = sorted({*changed, *(_href(key) for key in again)} - delta.removed)
    for start in range(0, len(hrefs), CHUNK):
        chunk = hrefs[start : start + CHUNK]
        objects = calendars.fetch(info.href, chunk)
        reached("event.fetched")
        with capture.store.write() as tx:
            accounts.fence(tx, lease, now())
            moment = now()
            judged: Counts = Counter()
            for obj in objects:
                judged += judge(capture, tx, book, account, calendar, obj)
            folders.add_tally(tx, "calendar", calendar.id, moment.date(), judged)
            counts += judged
            etags = {o.href: o.etag or delta.changed.get(o.href, "") for o in objects}
            # A listed object that is not served any more has gone between the two answers.
            missing = frozenset(chunk) - etags.keys()
            _gone(capture, tx, calendar, missing)
            shelf.commit(tx, calendar.id, etags, missing)
    with capture.store.write() as tx:
        accounts.fence(tx, lease, now())
        _gone(capture, tx, calendar, delta.removed)
        shelf.commit(tx, calendar.id, {}, delta.removed)
        shelf.caught_up(tx, calendar.id, delta.token, info.ctag, judged_as)
        reached("event.recorded")
    return counts


def _gone(capture: CalendarCapture, tx: Tx, calendar: shelf.Calendar, hrefs: Iterable[str]) -> None:
    moment = now()
    for href in hrefs:
        work.clear(tx, LOOK_AGAIN, key_of(calendar.id, href))
        capture.withdraw(tx, calendar.id, href, moment)


def _is_in(key: str, calendar: CalendarId) -> bool:
    return key.split(":", 1)[0] == str(calendar)


def _href(key: str) -> str:
    return key.split(":", 1)[1]
