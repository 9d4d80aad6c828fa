"""The objects of a chunk that concern nobody, told from a glance at their raw text.

Of them nothing is kept but an etag and a count by reason, a series counted once. What was changed
lately is judged whole, for the log of decisions tells of it, and so is all that has left a trace:
a copy of a follow-up, an exchange, a question, a place in quarantine.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from connectors import ical
from daemon.capture import telling
from daemon.rulebook import Book
from daemon.store import Tx
from daemon.store import calendars as shelf
from rules.glimpse import Glimpse, Glimpsed
from rules.model.decisions import Reason
from rules.model.sightings import EventPlace
from rules.model.wire import CalendarObject


class Glimpsing:
    """A calendar under one book; what was changed before `logged` is not in the log."""

    def __init__(self, book: Book, calendar: shelf.Calendar, logged: datetime) -> None:
        place = EventPlace(calendar.id, calendar.name, "", "", calendar.dedicated)
        self._glimpse = Glimpse(book.ruleset, book.directory, place)
        self._calendar, self._logged = calendar, logged

    def over(
        self, tx: Tx, objects: Sequence[CalendarObject]
    ) -> tuple[Counter[Reason], Sequence[CalendarObject]]:
        """How many are ignored for which reason, and all others."""
        if not self._glimpse.tells or telling.is_told():
            return Counter(), objects
        told = {o.href: found for o in objects if (found := self._told(o)) is not None}
        if not told:
            return Counter(), objects
        uids = {href: uid for href, (uid, _) in told.items()}
        traced = shelf.traced(tx, self._calendar.id, uids)
        clear = {href: reason for href, (_, reason) in told.items() if href not in traced}
        return Counter(clear.values()), [o for o in objects if o.href not in clear]

    def _told(self, obj: CalendarObject) -> tuple[str, Reason] | None:
        seen = ical.glance(obj.data)
        if seen is None or seen.modified >= self._logged:
            return None
        reason = self._glimpse.reason(Glimpsed(seen.titles, seen.categories, seen.people))
        return None if reason is None else (seen.uid, reason)
