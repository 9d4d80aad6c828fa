"""What is in quarantine is taken up again before its time, because a person asks for it."""

from datetime import datetime

from daemon.store import Tx, quarantine, work
from daemon.store.calendars import LOOK_AGAIN, key_of


def again(tx: Tx, item: quarantine.Item, now: datetime) -> None:
    """The next sync of its account tries it; if it is well by then, it leaves the quarantine."""
    quarantine.again(tx, item.id, now)
    spot = item.spot
    if spot.calendar is not None and spot.href is not None:
        work.put(tx, LOOK_AGAIN, key_of(spot.calendar, spot.href), now)
