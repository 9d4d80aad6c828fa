"""The reminder email: its text in the assignee's language and time zone, and its bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from babel.dates import format_date, format_datetime
from jinja2 import TemplateError

from connectors.ical.writer import write as write_event
from connectors.mime.compose import Attached, MailText, compose
from daemon.reminders.mails import REMINDED
from daemon.reminders.misprints import Printer
from daemon.reminders.ways import Ways
from daemon.reminders.writing import Desk
from daemon.rulebook import Book
from daemon.store import Tx, exchanges, follow_ups, people
from rules import access, adopt, identity, remind
from rules.model.exchanges import Direction, Exchange
from rules.model.followups import Due, FollowUp, LedgerEntry
from rules.model.people import Address, Directory, ThirdPartyId, User
from rules.options import entity_of
from rules.ruleset import RuleSet
from rules.words import find, one_line, words
from rules.zones import local, local_date, zone

PAST = 3
"""Exchanges that a reminder recalls."""
EXCERPT = 140
"""Characters of each."""


class Unwritable(Exception):
    """One reminder can't be made into a mail; the others can."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Writes reminder mails. `attach`: with the follow-up as a calendar file."""

    sender: str
    ways: Ways
    printer: Printer
    attach: bool = False

    @property
    def desk(self) -> Desk:
        """Who writes the mails beside reminders."""
        return Desk(self.sender, self.ways, self.printer)

    def write(
        self, tx: Tx, book: Book, entry: LedgerEntry, follow_up: FollowUp, now: datetime
    ) -> tuple[str, bytes]:
        """The Message-ID, without brackets, and the mail; equal for equal arguments.

        Raises Unwritable.
        """
        try:
            return self._write(tx, book, entry, follow_up, now)
        except (TemplateError, LookupError, ValueError) as error:
            # The kind only: what the error quotes may be a person's words.
            raise Unwritable(f"the mail can't be written ({type(error).__name__})") from error

    def message_id(self, due: Due) -> str:
        """The Message-ID of the mail for this, without brackets, whenever it is written."""
        return identity.reminder_id(due, self._domain)

    @property
    def _domain(self) -> str:
        return self.sender.rpartition("@")[2].lower()

    def _write(
        self, tx: Tx, book: Book, entry: LedgerEntry, follow_up: FollowUp, now: datetime
    ) -> tuple[str, bytes]:
        user = book.directory.users[entry.due.recipient]
        message_id = self.message_id(entry.due)
        late = _is_late(tx, entry, follow_up, now)
        directory = book.directory
        filled = facts(tx, self.ways, book.ruleset, directory, follow_up, user, now, late=late)
        said = self.printer.print(
            tx,
            REMINDED,
            user.language,
            filled,
            now,
            name=entry.due.template,
            entity=entity_of(user, follow_up.entity),
        )
        mail = MailText(
            subject=said.subject,
            text=said.text,
            html=said.html or None,
            from_=Address(self.sender, self.ways.company),
            to=(Address(user.email, user.name),),
            reply_to=self.ways.reply_to(follow_up, user, now),
            message_id=message_id,
            date=now,
            headers={"X-Suivi": identity.own_mark(self.ways.secret, "reminder", message_id)},
            in_reply_to=identity.thread_id(follow_up.id, user.id, self._domain),
            attached=_event(follow_up, user, now) if self.attach else None,
        )
        return message_id, compose(mail)


def facts(
    tx: Tx,
    ways: Ways,
    ruleset: RuleSet,
    directory: Directory,
    follow_up: FollowUp,
    user: User,
    now: datetime,
    *,
    late: bool,
) -> Mapping[str, Any]:
    """What templates speak of (daemon.reminders.vocabulary.REMINDER), as this user may see it."""
    party = directory.third_parties.get(follow_up.third_party) if follow_up.third_party else None
    contact = directory.contacts.get(follow_up.contact) if follow_up.contact else None
    past = _last_exchanges(tx, party.id, user) if party else ()
    named = party is not None and find(words(party.name), words(follow_up.title)) is not None
    who = {"name": one_line(contact.name), "phones": contact.phones} if contact else None
    return {
        "language": user.language,
        "company": ways.company,
        "reader": user.name,
        "title": one_line(follow_up.title),
        "when": local_time(follow_up, user),
        "place": one_line(follow_up.place),
        "description": follow_up.description.strip(),
        "late": late,
        "says_follow_up": adopt.says_follow_up(ruleset, follow_up.title),
        "says_party": named,
        "party": {"name": one_line(party.name), "code": party.code} if party else None,
        "contact": who,
        "past": tuple(_recalled(exchange, user) for exchange in past),
        "links": ways.links(follow_up, user, now),
        "answers": ways.commands is not None,
    }


def _recalled(exchange: Exchange, user: User) -> Mapping[str, Any]:
    day = local(exchange.happened_at, zone(user.timezone))
    return {
        "day": format_date(day, "d MMM", locale=user.language),
        "ref": exchange.ref,
        "inbound": exchange.direction is Direction.INBOUND,
        "subject": one_line(exchange.subject),
        "excerpt": _excerpt(exchange),
    }


def _excerpt(exchange: Exchange) -> str:
    """How its own text begins, without what it quotes."""
    own = exchange.comment[: exchange.quoted_from]
    line = one_line(own, 2 * EXCERPT)
    if len(line) <= EXCERPT:
        return line
    # At the end of a word, unless there is none.
    cut = line[:EXCERPT].rpartition(" ")[0] or line[:EXCERPT]
    return f"{cut} …"


def _event(follow_up: FollowUp, user: User, now: datetime) -> Attached:
    """The follow-up as a calendar file to take along: an event, and no invitation."""
    data = write_event(follow_up, user.timezone, base=None, url="", now=now, alarm=False)
    return Attached("follow-up.ics", "text/calendar; charset=utf-8", data)


def _is_late(tx: Tx, entry: LedgerEntry, follow_up: FollowUp, now: datetime) -> bool:
    """Whether it comes later than it could have: what was opened or moved a moment ago, for a
    time this near, was not due before that."""
    scheduled = follow_ups.scheduled_at(tx, follow_up)
    due = replace(entry.due, at=max(entry.due.at, scheduled or entry.due.at))
    return remind.is_late(due, now)


def _last_exchanges(tx: Tx, party: ThirdPartyId, user: User) -> tuple[Exchange, ...]:
    """The last few that this user may see, as far as they may."""
    groups = people.groups(tx)
    found = exchanges.history(tx, third_party=party, limit=20)
    seen = (access.visible(exchange, user, groups) for exchange in found)
    return tuple(exchange for exchange in seen if exchange is not None)[:PAST]


def local_time(follow_up: FollowUp, user: User) -> str:
    """The follow-up's time as its assignee reads it."""
    if follow_up.when.all_day:
        return format_date(local_date(follow_up.when), "full", locale=user.language)
    start = local(follow_up.when.start, zone(user.timezone))
    return format_datetime(
        start, "EEEE d MMMM yyyy, HH:mm", tzinfo=start.tzinfo, locale=user.language
    )
