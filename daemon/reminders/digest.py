"""The digest arrow: once a day, who wishes so is told what is to be done, what was answered, and
what rests.

A day is marked as seen to in the transaction that puts its digest into the post, or finds that
there is nothing to tell: so there is one a day at most, whatever crashes, and however many daemons
look at the clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from babel.dates import format_date

from daemon import options, reasons
from daemon.clock import now
from daemon.i18n import translator
from daemon.reminders.letter import local_time
from daemon.reminders.send import Sender
from daemon.reminders.writing import LINE, Desk, Stamp, name_of
from daemon.rulebook import Book
from daemon.steps import reached
from daemon.store import Tx, agenda, exchanges, follow_ups, lists, people, post
from daemon.store.agenda import Some
from rules import access, digest
from rules.model.exchanges import Exchange
from rules.model.followups import FollowUp, FollowUpId
from rules.model.people import Group, GroupId, Right, User
from rules.words import one_line
from rules.zones import local, zone

log = structlog.stdlib.get_logger(__name__)

KIND = "digest"
DAY = timedelta(days=1)
MOST = 50
"""Lines of a section; how many more there are is told."""

Line = Mapping[str, str]


def send_digests(sender: Sender, moment: datetime | None = None) -> int:
    """Put the digests that are due into the post; returns how many. None while nothing may be
    sent."""
    book = sender.rulebook.in_force()
    if book.silent:
        return 0
    moment = moment or now()
    due = _due(book, moment)
    if not due:
        return 0
    with sender.store.read() as tx:
        told = agenda.told(tx)
    sent = 0
    for user, day in due:
        last = told.get(user.id)
        if last is not None and last >= day:
            continue
        with sender.store.write() as tx:
            sent += _tell(tx, book, sender.letter.desk, user, day, last, moment)
        reached("digest.put")
    return sent


def _due(book: Book, moment: datetime) -> list[tuple[User, date]]:
    found = []
    for user in book.directory.users.values():
        wish = options.digest_wishes(book.chosen, user)
        home = zone(user.timezone)
        day = digest.day_of(wish, home, moment) if user.active else None
        if day is None:
            continue
        # Before a backup was restored, what was lost has seen to the day.
        restored = book.restored_at
        if restored is None or digest.day_of(wish, home, restored) != day:
            found.append((user, day))
    return found


def _tell(
    tx: Tx, book: Book, desk: Desk, user: User, day: date, last: date | None, now: datetime
) -> bool:
    if not agenda.begin(tx, user.id, day):
        return False
    wish = options.digest_wishes(book.chosen, user)
    since = digest.since(wish, zone(user.timezone), last, now)
    sections = dict(_sections(tx, book, user, day, since, now))
    if not any(section.found for section in sections.values()):
        return False
    facts: dict[str, Any] = {"day": format_date(day, "full", locale=user.language)}
    for name in ("today", "overdue", "closed", "waiting", "resting"):
        facts |= listed(name, sections.get(name, Some((), 0)))
    stamp = Stamp(KIND, f"{user.id}:{day.isoformat()}", now + DAY)
    try:
        written = desk.letter(tx, user, None, stamp, facts, now)
    except ValueError:
        log.warning("no digest: the address can't stand in a mail", user=user.id)
        return False
    return post.put(tx, written, now)


def listed(name: str, lines: Some[Line]) -> dict[str, Any]:
    """A list of a mail as its template gets it, with how many more there are."""
    return {name: lines.found, f"{name}_more": str(lines.more) if lines.more else ""}


def tasks(book: Book, user: User, several: Sequence[FollowUp]) -> Some[Line]:
    """The first MOST of these follow-ups."""
    first = tuple(task(book, user, one) for one in several[:MOST])
    return Some(first, len(several) - len(first))


def task(book: Book, user: User, follow_up: FollowUp) -> Line:
    """A follow-up in a line of a list."""
    return {
        "when": local_time(follow_up, user),
        "title": one_line(follow_up.title, LINE),
        "party": name_of(book, follow_up.third_party),
    }


def _sections(
    tx: Tx, book: Book, user: User, day: date, since: datetime, now: datetime
) -> Iterable[tuple[str, Some[Line]]]:
    home = zone(user.timezone)
    # Two days on, for a whole day begins earlier elsewhere.
    found = digest.agenda(follow_ups.with_assignee(tx, user.id, now + 2 * DAY), home, day)
    yield "today", tasks(book, user, found.today)
    yield "overdue", tasks(book, user, found.overdue)
    groups = people.groups(tx)
    closed = agenda.closings(tx, user.id, since, MOST)
    yield "closed", Some(tuple(_closed(tx, book, user, groups, closed.found)), closed.more)
    if Right.SEE_EXCHANGES not in access.rights_of(user, groups):
        return
    written = agenda.unanswered(
        tx, user.id, now - digest.WAITS_AT_MOST, now - digest.WAITS_FOR, MOST
    )
    seen = (access.visible(one, user, groups) for one in written.found)
    waiting = tuple(_exchange(book, user, one) for one in seen if one is not None)
    yield "waiting", Some(waiting, written.more)
    rest = agenda.resting(tx, user.id, now - digest.RESTS_AT_MOST, now - digest.RESTS_FOR, MOST)
    parties = (
        {"party": name_of(book, party) or "?", "day": _day(last, user)}
        for party, last in rest.found
    )
    yield "resting", Some(tuple(parties), rest.more)


def _closed(
    tx: Tx,
    book: Book,
    user: User,
    groups: Mapping[GroupId, Group],
    closings: Iterable[tuple[FollowUpId, follow_ups.Closing]],
) -> Iterable[Line]:
    _, modes = translator(user.language), lists.named(tx, "mode", user.language)
    for number, closing in closings:
        follow_up = follow_ups.get(tx, number)
        if follow_up is None:
            continue
        exchange = exchanges.get(tx, closing.exchange) if closing.exchange else None
        seen = exchange is not None and access.visible(exchange, user, groups) is not None
        why = (
            reasons.said(closing.reason, closing.facts, user.language, modes)
            if seen
            else _("answered")
        )
        line = task(book, user, follow_up)
        yield {"title": line["title"], "party": line["party"], "why": one_line(why, LINE)}


def _exchange(book: Book, user: User, exchange: Exchange) -> Line:
    return {
        "day": _day(exchange.happened_at, user),
        "ref": exchange.ref,
        "subject": one_line(exchange.subject, LINE),
        "party": name_of(book, *exchange.third_parties),
    }


def _day(moment: datetime, user: User) -> str:
    return format_date(local(moment, zone(user.timezone)).date(), "long", locale=user.language)
