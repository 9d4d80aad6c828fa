"""Notices: an exchange closed a follow-up, or somebody whom one waits for is away.

Each is put into the post, once, with what it tells of. It goes to assignees only, and says of an
exchange what its reader may see. Nothing moves by itself: the ways back are a signed link that
asks first, and an answer by mail.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from babel.dates import format_date

from daemon import options
from daemon.i18n import translator
from daemon.reminders.letter import local_time
from daemon.reminders.writing import Desk, Stamp, party_of
from daemon.rulebook import Book
from daemon.store import Tx, people, post
from rules import access, links
from rules.model.exchanges import Exchange, Source
from rules.model.followups import Away, Closed, FollowUp
from rules.model.people import Level, User
from rules.words import one_line
from rules.zones import local, zone

USEFUL_FOR = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Notices:
    """Writes them."""

    desk: Desk

    def closed(self, tx: Tx, book: Book, closed: Closed, now: datetime) -> None:
        """Tell its assignees which exchange closed it, and how to take that back."""
        follow_up, exchange = closed.follow_up, closed.exchange
        for user in _assignees(book, follow_up):
            if not options.tells_closed(book.chosen, user, follow_up.entity):
                continue
            seen = access.visible(exchange, user, people.groups(tx))
            facts = {
                "withdrawn": closed.withdrawn,
                "spoken": exchange.source is Source.CALENDAR,
                "party": party_of(book, follow_up),
                "exchange": _exchange(seen, user),
                "link": self.desk.ways.link(links.REOPEN, follow_up, user, now),
            }
            # Closed again by another exchange, or after it was reopened, is told again.
            key = f"{follow_up.id}:{exchange.id}:{follow_up.revision}:{user.id}"
            self._put(tx, post.CLOSED, key, follow_up, user, facts, now, now + USEFUL_FOR)

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
            facts = {
                "who": _who(book, away, user),
                "back": format_date(away.back, "full", locale=user.language),
                "words": words,
                "exchange": _exchange(seen, user),
                "link": self.desk.ways.link(words, follow_up, user, now),
            }
            until = datetime.combine(away.back, time(0), UTC)
            key = f"{follow_up.id}:{exchange.id}:{user.id}"
            self._put(tx, post.AWAY, key, follow_up, user, facts, now, until)

    def _put(
        self,
        tx: Tx,
        kind: str,
        key: str,
        follow_up: FollowUp,
        user: User,
        facts: Mapping[str, Any],
        now: datetime,
        useful_until: datetime,
    ) -> None:
        about = {
            "title": one_line(follow_up.title),
            "when": local_time(follow_up, user),
            "answers": self.desk.ways.commands is not None,
        }
        stamp = Stamp(kind, key, useful_until, self.desk.ways.reply_to(follow_up, user, now))
        letter = self.desk.letter(tx, user, follow_up.entity, stamp, {**about, **facts}, now)
        post.put(tx, letter, now)


def _assignees(book: Book, follow_up: FollowUp) -> Iterable[User]:
    assigned = dict.fromkeys(a.user for a in follow_up.assignees)
    users = book.directory.users
    return (users[u] for u in assigned if u in users and users[u].active)


def _sees_all(exchange: Exchange, user: User) -> bool:
    facts = access.facts_of(exchange)
    if not isinstance(facts, access.ExchangeFacts):
        return False
    return access.visible_level(user, facts) is Level.EVERYTHING


def _exchange(exchange: Exchange | None, user: User) -> Mapping[str, str] | None:
    """The exchange, as far as its reader may see it."""
    if exchange is None:
        return None
    day = local(exchange.happened_at, zone(user.timezone))
    return {
        "day": format_date(day, "d MMM", locale=user.language),
        "ref": exchange.ref,
        "subject": one_line(exchange.subject),
    }


def _who(book: Book, away: Away, user: User) -> str:
    contacts = map(book.directory.contacts.get, away.exchange.contacts)
    contact = next((c for c in contacts if c is not None), None)
    if contact is not None:
        return one_line(contact.name)
    party = party_of(book, away.follow_up)
    return party["name"] if party else translator(user.language)("The third party")
