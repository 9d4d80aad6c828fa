"""The event arrow: what a calendar shows becomes follow-ups and, once over, exchanges.

    changed etags → objects → ours or a follow-up: absorb │ a meeting: decide → rows and the
    calendar's new token in one transaction

What becomes of an object: `daemon.capture.meetings`; which calendars: `daemon.capture.watching`.
A calendar that was judged under another directory or other rules is compared in full (schema 4),
and so is each from time to time, for tokens lie (`rules.calendars`). What has gone is told after
all that has come in any calendar of the account: an object that was moved is one object.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import ConnectorError, Refused, Unreachable
from daemon.capture import watching
from daemon.capture.glimpsing import Glimpsing
from daemon.capture.meetings import CalendarAccount, CalendarCapture, Counts, gone, judge, judge_all
from daemon.clock import now
from daemon.ports import Calendars
from daemon.rulebook import Book
from daemon.steps import reached
from daemon.store import Lease, Tx, accounts, folders, work
from daemon.store import calendars as shelf
from daemon.store.calendars import LOOK_AGAIN, CalendarState, key_of
from rules import schedule
from rules.calendars import compares, is_collapse, is_settled, is_unchanged
from rules.model.decisions import Verdict
from rules.model.sightings import CalendarId
from rules.model.wire import CalendarDelta, CalendarInfo, CalendarObject

CHUNK = 100
"""Objects in one transaction: what a kill makes suivi read again."""

_AT_ONCE = 500
"""The same, where one answer brings all: less is read again than is asked for again."""

_MANY = 200
"""So many objects are had faster by one answer with all of them."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """One calendar of which all that has come is judged, but what has gone is not told yet."""

    calendar: shelf.Calendar
    removed: frozenset[str]
    token: str | None
    ctag: str | None
    compared_at: datetime | None = None
    lied: bool = False


def sync(
    capture: CalendarCapture, account: CalendarAccount, calendars: Calendars, lease: Lease
) -> Counts:
    """Judge what changed in every watched calendar; returns counts by reason.

    Raises Unreachable from the server, and Refused for a calendar that an admin must look at,
    after all others are done; of a server that twice does not answer nothing more is asked.
    """
    infos = watching.found(capture.store, account, calendars, lease)
    turn = _Turn(capture, account, calendars, lease, capture.rulebook.in_force(), Counter())
    troubles: list[ConnectorError] = []
    looked: list[_Looked] = []
    for calendar, info in watching.watched(capture.store, account, infos, lease):
        try:
            one = turn.look(calendar, info)
        except (Refused, Unreachable) as error:
            troubles.append(error)
            if sum(isinstance(trouble, Unreachable) for trouble in troubles) > 1:
                break
        else:
            looked += [] if one is None else [one]
    for one in looked:
        turn.settle(one)
    if troubles:
        raise troubles[0]
    return turn.counts


@dataclass(frozen=True, slots=True)
class _Turn:
    """One account at one time, under one book."""

    capture: CalendarCapture
    account: CalendarAccount
    calendars: Calendars
    lease: Lease
    book: Book
    counts: Counts

    def look(self, calendar: shelf.Calendar, info: CalendarInfo) -> _Looked | None:
        """Judge all that is new in one calendar; None where there is nothing to do."""
        moment = now()
        state, again = self._state(calendar, moment)
        trusted = info.trusted and not state.lied
        compare = compares(state.compared_at, moment, trusted=trusted)
        told = (info.ctag, info.sync_token)
        unchanged = is_unchanged((state.ctag, state.token), told) and not state.unsure
        if unchanged and not (compare or again or state.pending):
            return None
        with self.capture.store.read() as tx:
            known = shelf.etags(tx, calendar.id)
        if not known and state.compared_at is None and self._load(calendar, info):
            # The next turn compares: what that answer left out is found then.
            return _Looked(calendar, frozenset(), info.sync_token, info.ctag)
        again |= {href for href, etag in known.items() if etag == shelf.ANEW}
        if unchanged and not compare:
            missing = self._fetch(calendar, info, again, dict.fromkeys(known, ""))
            return _Looked(calendar, missing, state.token, state.ctag)
        delta = self._changes(info, None if compare else state.token, known)
        fresh = _fresh(delta, known)
        # Of what suivi itself put there a token need not tell that it is gone again.
        unsure = frozenset() if delta.complete else state.unsure - delta.changed.keys()
        wanted = (fresh | again | unsure) - delta.removed
        missing = self._fetch(calendar, info, wanted, delta.changed)
        token, ctag = _to_keep(delta, info, state, moment)
        missed = delta.removed or any(known.get(href, "") not in ("", shelf.ANEW) for href in fresh)
        return _Looked(
            calendar,
            delta.removed | missing,
            token,
            ctag,
            moment if delta.complete else None,
            lied=unchanged and bool(missed),
        )

    def _state(
        self, calendar: shelf.Calendar, moment: datetime
    ) -> tuple[CalendarState, frozenset[str]]:
        """As of when the calendar is known, and what is to be looked at again by now."""
        store, book = self.capture.store, self.book
        judged_as = f"{book.judged_as}:{book.directory.version}"
        with store.read() as tx:
            state, again = shelf.state(tx, calendar.id), _due(tx, calendar.id, moment)
        if state.judged_as == judged_as:
            return state, again
        with store.write() as tx:
            accounts.fence(tx, self.lease, now())
            shelf.judge_anew(tx, calendar.id, judged_as)
            return shelf.state(tx, calendar.id), again

    def settle(self, looked: _Looked) -> None:
        """Tell what has gone, and that all up to the token is judged."""
        calendar = looked.calendar
        with self.capture.store.write() as tx:
            accounts.fence(tx, self.lease, now())
            for href in looked.removed:
                gone(self.capture, tx, self.book, self.account, calendar, href)
            _gone(self.capture, tx, calendar, looked.removed)
            shelf.commit(tx, calendar.id, {}, looked.removed)
            shelf.caught_up(tx, calendar.id, looked.token, looked.ctag, looked.compared_at)
            if looked.lied:
                shelf.lied(tx, calendar.id, now())
            reached("event.recorded")

    def _changes(
        self, info: CalendarInfo, token: str | None, known: Mapping[str, str]
    ) -> CalendarDelta:
        """What has changed; Refused where the calendar seems to be lost."""
        delta = self.calendars.changes(info.href, token, known)
        if not delta.complete and is_collapse(len(known), len(delta.removed)):
            delta = self.calendars.changes(info.href, None, known)
        if schedule.looks_emptied(len(known), len(delta.removed)):
            # A server that lost a calendar must not close every follow-up in it (spec §6).
            raise Refused(
                f"calendar '{info.name}' shows none of its {len(known)} objects any more; "
                "nothing was changed: restore it, or remove it from the configuration"
            )
        return delta

    def _load(
        self, calendar: shelf.Calendar, info: CalendarInfo, wanted: frozenset[str] | None = None
    ) -> set[str]:
        """Judge all objects, or those wanted, as one answer brings them; returns which came."""
        loaded: set[str] = set()
        objects = self.calendars.load(info.href)
        for some in _in_chunks(o for o in objects if wanted is None or o.href in wanted):
            self._judge(calendar, some, {}, first=wanted is None)
            loaded.update(o.href for o in some)
        return loaded

    def _fetch(
        self,
        calendar: shelf.Calendar,
        info: CalendarInfo,
        wanted: frozenset[str],
        listed: Mapping[str, str],
    ) -> frozenset[str]:
        """Read these objects and judge them; `listed` are the etags of all. Returns which of them
        are not served any more: they have gone between the two answers."""
        if len(wanted) >= _MANY and 2 * len(wanted) > len(listed):
            wanted -= self._load(calendar, info, wanted)
        hrefs = sorted(wanted)
        for start in range(0, len(hrefs), CHUNK):
            objects = self.calendars.fetch(info.href, hrefs[start : start + CHUNK])
            self._judge(calendar, objects, listed)
            wanted -= {o.href for o in objects}
        return wanted

    def _judge(
        self,
        calendar: shelf.Calendar,
        objects: Sequence[CalendarObject],
        listed: Mapping[str, str],
        *,
        first: bool = False,
    ) -> None:
        """What became of these objects, and their etags, in one transaction; `first`: nothing is
        known of any of them."""
        reached("event.fetched")
        with self.capture.store.write() as tx:
            accounts.fence(tx, self.lease, now())
            told = Glimpsing(self.book, calendar, now() - self.capture.log_for)
            ignored, others = told.over(tx, objects)
            judged: Counts = Counter({(Verdict.IGNORE, why): n for why, n in ignored.items()})
            how = (self.capture, tx, self.book, self.account, calendar)
            if first:
                judged += judge_all(*how, others)
            else:
                judged += sum((judge(*how, obj) for obj in others), Counter())
            folders.add_tally(tx, "calendar", calendar.id, now().date(), judged)
            etags = {o.href: o.etag or listed.get(o.href, "") for o in objects}
            shelf.commit(tx, calendar.id, etags, ())
        self.counts.update(judged)


def _due(tx: Tx, calendar: CalendarId, moment: datetime) -> frozenset[str]:
    """The objects that are to be looked at again by now."""
    keys = (w.key.split(":", 1) for w in work.due(tx, LOOK_AGAIN, moment))
    return frozenset(href for number, href in keys if number == str(calendar))


def _fresh(delta: CalendarDelta, known: Mapping[str, str]) -> frozenset[str]:
    """What is not known as it is; without an etag it may be any version."""
    return frozenset(h for h, etag in delta.changed.items() if not etag or known.get(h) != etag)


def _to_keep(
    delta: CalendarDelta, info: CalendarInfo, state: CalendarState, moment: datetime
) -> tuple[str | None, str | None]:
    """The token and ctag to go on from: the earlier ones where those of now may stand for what
    comes within the second too.

    The ctag was told before the token. Where something came in between it is not kept: some
    servers make both of what there is, so that what is undone has the ctag of before.
    """
    if not (is_settled(delta.token, moment) and is_settled(info.ctag, moment)):
        return state.token, None
    if info.sync_token is not None and info.sync_token != delta.token:
        return delta.token, None
    return delta.token, info.ctag


def _in_chunks(objects: Iterable[CalendarObject]) -> Iterator[list[CalendarObject]]:
    some: list[CalendarObject] = []
    for obj in objects:
        some.append(obj)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _gone(capture: CalendarCapture, tx: Tx, calendar: shelf.Calendar, hrefs: Iterable[str]) -> None:
    moment = now()
    for href in hrefs:
        work.clear(tx, LOOK_AGAIN, key_of(calendar.id, href))
        capture.withdraw(tx, calendar.id, href, moment)
