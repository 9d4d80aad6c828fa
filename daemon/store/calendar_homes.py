"""Where the calendars of an account were found."""

from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import inserting
from daemon.store.tables.places import calendar_home as table
from rules.model.sightings import AccountId
from rules.model.wire import CalendarInfo, Homes

c = table.c


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and when."""

    homes: Homes
    at: datetime


def of(tx: Tx, account: AccountId) -> Found | None:
    """What is remembered of an account."""
    row = tx.execute(sa.select(table).where(c.account_id == account)).first()
    if row is None:
        return None
    told = row.found
    calendars = tuple(
        CalendarInfo(**{**one, "components": frozenset(one["components"])})
        for one in told["calendars"]
    )
    homes = Homes(told["account"], told["origin"], tuple(told["places"]), told["login"], calendars)
    return Found(homes, row.found_at)


def put(tx: Tx, account: AccountId, homes: Homes, at: datetime) -> None:
    """Remember it instead of what was there."""
    facts = {"found_at": at, "found": _plain(homes)}
    statement = inserting(tx, table).values(account_id=account, **facts)
    tx.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=facts))


def _plain(homes: Homes) -> dict[str, object]:
    # What changes with each change is asked for each time.
    calendars = [
        {**asdict(info), "components": sorted(info.components), "ctag": None, "sync_token": None}
        for info in homes.calendars
    ]
    return {
        "account": homes.account,
        "origin": homes.origin,
        "places": list(homes.places),
        "login": homes.login,
        "calendars": calendars,
    }
