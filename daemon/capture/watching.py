"""Which calendars of an account are read, and in which of them suivi writes.

Where they are is remembered: each turn asks there, and looks for them anew once a day, or when
others are there than is remembered.
"""

from collections.abc import Iterator

from connectors.errors import Changed
from daemon.capture.meetings import CalendarAccount
from daemon.clock import now
from daemon.ports import Calendars
from daemon.store import Lease, Store, accounts, calendar_homes
from daemon.store import calendars as shelf
from rules.calendars import REDISCOVER
from rules.model.wire import CalendarInfo


def found(
    store: Store, account: CalendarAccount, calendars: Calendars, lease: Lease
) -> tuple[CalendarInfo, ...]:
    """All calendars of the account as they stand now. Raises Unreachable or Refused."""
    moment = now()
    with store.read() as tx:
        known = calendar_homes.of(tx, account.id)
    if known is not None and moment - known.at < REDISCOVER:
        try:
            return calendars.look(known.homes)
        except Changed:
            # Somebody made one, or took one away.
            pass
    infos = calendars.discover()
    if calendars.homes is not None:
        with store.write() as tx:
            accounts.fence(tx, lease, moment)
            calendar_homes.put(tx, account.id, calendars.homes, moment)
    return infos


def watched(
    store: Store, account: CalendarAccount, infos: tuple[CalendarInfo, ...], lease: Lease
) -> Iterator[tuple[shelf.Calendar, CalendarInfo]]:
    """Those that are to be read, made known as they are now."""
    with store.read() as tx:
        known = {calendar.href: calendar for calendar in shelf.of(tx, account.id)}
    writable = [i for i in infos if i.writable and i.components & {"VEVENT", "VTODO"}]
    writable = [i for i in writable if not i.lent or account.writes in (i.name, i.href)]
    # A list of tasks only where there is no calendar, or where it was chosen.
    writable.sort(key=lambda i: "VEVENT" not in i.components)
    target = next((i for i in writable if account.writes in (None, i.name, i.href)), None)
    for info in infos:
        if not is_watched(account, info):
            continue
        writes, dedicated = info == target, bool(account.dedicated & {info.name, info.href})
        calendar = known.get(info.href)
        if calendar is None or not calendar.is_as(info, writes=writes, dedicated=dedicated):
            with store.write() as tx:
                accounts.fence(tx, lease, now())
                calendar = shelf.declare(tx, account.id, info, writes, dedicated)
        yield calendar, info


def is_watched(account: CalendarAccount, info: CalendarInfo) -> bool:
    """Whether the configuration wants this calendar to be read. One that a colleague has lent is
    theirs, and read only where it is named (spec §12)."""
    names = {info.name, info.href}
    if account.ignored & names:
        return False
    return bool(account.watched & names) or not (account.watched or info.lent)
