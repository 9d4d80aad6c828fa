"""The digest arrow: once a day, who wishes so is told what is to be done, and what rests.

A day is marked as seen to in the transaction that puts its digest into the post, or finds that
there is nothing to tell: so there is one a day at most, whatever crashes, and however many daemons
look at the clock.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import structlog
from babel.dates import format_date

from daemon import options
from daemon.clock import now
from daemon.i18n import translator
from daemon.reminders.letter import local_time
from daemon.reminders.send import Sender
from daemon.reminders.summary import MOST, Frame, Section, letter, section
from daemon.rulebook import Book
from daemon.steps import reached
from daemon.store import Tx, agenda, follow_ups, people, post
from rules import access, digest
from rules.model.exchanges import Exchange
from rules.model.followups import FollowUp
from rules.model.people import Right, ThirdPartyId, User
from rules.zones import local, zone

log = structlog.stdlib.get_logger(__name__)

KIND = "digest"
DAY = timedelta(days=1)


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
    frame = Frame(sender.letter.sender, sender.letter.ways.company)
    sent = 0
    for user, day in due:
        if told.get(user.id, date.min) >= day:
            continue
        with sender.store.write() as tx:
            sent += _tell(tx, book, frame, user, day, moment)
        reached("digest.put")
    return sent


def _due(book: Book, moment: datetime) -> list[tuple[User, date]]:
    found = []
    for user in book.directory.users.values():
        wish = options.digest_wishes(book.chosen, user)
        day = digest.day_of(wish, zone(user.timezone), moment) if user.active else None
        if day is not None:
            found.append((user, day))
    return found


def _tell(tx: Tx, book: Book, frame: Frame, user: User, day: date, now: datetime) -> bool:
    if not agenda.begin(tx, user.id, day):
        return False
    sections = [s for s in _sections(tx, book, user, day, now) if s.lines]
    if not sections:
        return False
    _ = translator(user.language)
    shown = format_date(day, "full", locale=user.language)
    subject = _("To be done: {day}").format(day=shown)
    intro = _("This is your digest of {day}.").format(day=shown)
    key = f"{user.id}:{day.isoformat()}"
    try:
        written = letter(frame, user, KIND, key, subject, intro, sections, now, now + DAY)
    except ValueError:
        log.warning("no digest: the address can't stand in a mail", user=user.id)
        return False
    return post.put(tx, written, now)


def _sections(tx: Tx, book: Book, user: User, day: date, now: datetime) -> Iterable[Section]:
    _ = translator(user.language)
    home = zone(user.timezone)
    # Two days on, for a whole day begins earlier elsewhere.
    found = digest.agenda(follow_ups.with_assignee(tx, user.id, now + 2 * DAY), home, day)
    yield section(_("Due today"), (_task(book, user, f) for f in found.today))
    yield section(_("Overdue"), (_task(book, user, f) for f in found.overdue))
    groups = people.groups(tx)
    if Right.SEE_EXCHANGES not in access.rights_of(user, groups):
        return
    written = agenda.unanswered(
        tx, user.id, now - digest.WAITS_AT_MOST, now - digest.WAITS_FOR, MOST + 1
    )
    seen = (access.visible(one, user, groups) for one in written)
    waiting = (_exchange(book, user, one) for one in seen if one is not None)
    yield section(_("Waiting for an answer"), waiting)
    resting = agenda.resting(
        tx, user.id, now - digest.RESTS_AT_MOST, now - digest.RESTS_FOR, MOST + 1
    )
    yield section(_("No next step"), (_party(book, user, *one) for one in resting))


def _task(book: Book, user: User, follow_up: FollowUp) -> str:
    about = _names(book, (follow_up.third_party,) if follow_up.third_party else ())
    return " · ".join((local_time(follow_up, user), follow_up.title, *about))


def _exchange(book: Book, user: User, exchange: Exchange) -> str:
    _ = translator(user.language)
    subject = exchange.subject or _("(no subject)")
    names = _names(book, exchange.third_parties)
    return " · ".join((_day(exchange.happened_at, user), exchange.ref, subject, *names))


def _party(book: Book, user: User, party: ThirdPartyId, last: datetime) -> str:
    _ = translator(user.language)
    (name,) = _names(book, (party,)) or ("?",)
    return _("{name}, last dealt with on {day}").format(name=name, day=_day(last, user))


def _names(book: Book, parties: Iterable[ThirdPartyId]) -> tuple[str, ...]:
    known = book.directory.third_parties
    return tuple(known[party].name for party in parties if party in known)


def _day(moment: datetime, user: User) -> str:
    return format_date(local(moment, zone(user.timezone)).date(), "long", locale=user.language)
