"""Notices: an exchange closed a follow-up, or somebody whom one waits for is away.

Each is put into the post, once, with what it tells of. It goes to assignees only, and says of an
exchange what its reader may see. Nothing moves by itself: the ways back are a signed link that
asks first, and an answer by mail.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from babel.dates import format_date

from connectors.mime.compose import MailText, compose
from daemon import options
from daemon.i18n import translator
from daemon.reminders.letter import local_time
from daemon.reminders.ways import Ways
from daemon.rulebook import Book
from daemon.store import Tx, people, post
from daemon.store.post import Letter
from rules import access, identity, links
from rules.model.exchanges import Exchange, Source
from rules.model.followups import Away, Closed, FollowUp
from rules.model.people import Address, Level, User
from rules.words import one_line
from rules.zones import local, zone

CLOSED, AWAY = "closed", "away"
USEFUL_FOR = timedelta(days=3)

Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Notices:
    """Writes them. `sender` is suivi's address."""

    sender: str
    ways: Ways

    def closed(self, tx: Tx, book: Book, closed: Closed, now: datetime) -> None:
        """Tell its assignees which exchange closed it, and how to take that back."""
        follow_up, exchange = closed.follow_up, closed.exchange
        for user in _assignees(book, follow_up):
            if not options.tells_closed(book.chosen, user, follow_up.entity):
                continue
            seen = access.visible(exchange, user, people.groups(tx))
            subject, lines = _closed(book, closed, seen, user)
            link = self.ways.link(links.REOPEN, follow_up, user, now)
            text = [*lines, "", *_back(link, user)]
            # Closed again by another exchange, or after it was reopened, is told again.
            key = f"{follow_up.id}:{exchange.id}:{follow_up.revision}:{user.id}"
            self._put(tx, CLOSED, key, follow_up, user, subject, text, now, now + USEFUL_FOR)

    def away(self, tx: Tx, book: Book, away: Away, now: datetime) -> None:
        """Propose to put it off to the working day after the return; to those who may know what
        the automatic reply says."""
        follow_up, exchange = away.follow_up, away.exchange
        for user in _assignees(book, follow_up):
            seen = access.visible(exchange, user, people.groups(tx))
            if seen is None or not _sees_all(exchange, user):
                continue
            if not options.tells_away(book.chosen, user, follow_up.entity):
                continue
            words = away.day.isoformat()
            link = self.ways.link(words, follow_up, user, now)
            subject, lines = _away(book, away, user)
            text = [*lines, "", *_put_off(words, link, user)]
            until = datetime.combine(away.back, time(0), UTC)
            key = f"{follow_up.id}:{exchange.id}:{user.id}"
            self._put(tx, AWAY, key, follow_up, user, subject, text, now, until)

    def _put(
        self,
        tx: Tx,
        kind: str,
        key: str,
        follow_up: FollowUp,
        user: User,
        subject: str,
        lines: list[str],
        now: datetime,
        useful_until: datetime,
    ) -> None:
        message_id = identity.letter_id(kind, key, self.sender.rpartition("@")[2])
        mail = MailText(
            subject=subject,
            text="\n".join(lines).strip() + "\n",
            html=None,
            from_=Address(self.sender, self.ways.company),
            to=(Address(user.email, user.name),),
            reply_to=self.ways.reply_to(follow_up, user, now),
            message_id=message_id,
            date=now,
            headers={"X-Suivi": kind},
        )
        post.put(tx, Letter(kind, key, user.email, message_id, compose(mail), useful_until), now)


def _assignees(book: Book, follow_up: FollowUp) -> Iterable[User]:
    assigned = dict.fromkeys(a.user for a in follow_up.assignees)
    users = book.directory.users
    return (users[u] for u in assigned if u in users and users[u].active)


def _sees_all(exchange: Exchange, user: User) -> bool:
    facts = access.facts_of(exchange)
    if not isinstance(facts, access.ExchangeFacts):
        return False
    return access.visible_level(user, facts) is Level.EVERYTHING


def _closed(book: Book, closed: Closed, seen: Exchange | None, user: User) -> tuple[str, list[str]]:
    _ = translator(user.language)
    title = one_line(closed.follow_up.title)
    what = _("Withdrawn: {title}") if closed.withdrawn else _("Closed: {title}")
    if closed.exchange.source is Source.CALENDAR:
        why = _("You met or spoke with {party}: the follow-up is done.")
    elif closed.withdrawn:
        why = _("{party} answered: the follow-up that waited for that is not needed any more.")
    else:
        why = _("{party} answered: the follow-up is done.")
    return what.format(title=title), [
        why.format(party=_party(book, closed.follow_up, _)),
        "",
        *_about(closed.follow_up, user),
        *_of(seen, user),
    ]


def _away(book: Book, away: Away, user: User) -> tuple[str, list[str]]:
    _ = translator(user.language)
    title = one_line(away.follow_up.title)
    contact = next(
        (c for c in map(book.directory.contacts.get, away.exchange.contacts) if c is not None),
        None,
    )
    who = one_line(contact.name) if contact else _party(book, away.follow_up, _)
    why = _("{who} is away and back on {day}, an automatic reply says.")
    return _("Put off until the return? {title}").format(title=title), [
        why.format(who=who, day=format_date(away.back, "full", locale=user.language)),
        "",
        *_about(away.follow_up, user),
        *_of(away.exchange, user),
    ]


def _about(follow_up: FollowUp, user: User) -> list[str]:
    return [one_line(follow_up.title), local_time(follow_up, user)]


def _of(exchange: Exchange | None, user: User) -> list[str]:
    """The exchange, as far as its reader may see it."""
    if exchange is None:
        return []
    day = local(exchange.happened_at, zone(user.timezone))
    shown = format_date(day, "d MMM", locale=user.language)
    return [f"{exchange.ref}, {shown}: {one_line(exchange.subject)}".removesuffix(": ")]


def _party(book: Book, follow_up: FollowUp, _: Say) -> str:
    party = (
        book.directory.third_parties.get(follow_up.third_party) if follow_up.third_party else None
    )
    return one_line(party.name) if party else _("The third party")


def _back(link: str, user: User) -> list[str]:
    _ = translator(user.language)
    hint = _("If that is wrong, answer “reopen”, or open it again here:")
    return [hint, link] if link else [_("If that is wrong, answer “reopen”.")]


def _put_off(words: str, link: str, user: User) -> list[str]:
    _ = translator(user.language)
    if link:
        hint = _("Nothing moves by itself. Answer “{words}”, or put it off to that day here:")
        return [hint.format(words=words), link]
    return [_("Nothing moves by itself. Answer “{words}” to put it off.").format(words=words)]
