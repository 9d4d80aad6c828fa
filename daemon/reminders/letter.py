"""The reminder email: its text in the assignee's language and time zone, and its bytes."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError, select_autoescape

from connectors.mime.compose import MailText, compose
from daemon import i18n
from daemon.reminders.ways import Ways
from daemon.rulebook import Book
from daemon.store import Tx, exchanges, follow_ups, people
from rules import access, adopt, identity, remind
from rules.model.exchanges import Exchange
from rules.model.followups import FollowUp, LedgerEntry
from rules.model.people import Address, ThirdPartyId, User
from rules.words import find, words


class Unwritable(Exception):
    """One reminder can't be made into a mail; the others can."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Writes reminder mails."""

    sender: str
    ways: Ways

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

    def _write(
        self, tx: Tx, book: Book, entry: LedgerEntry, follow_up: FollowUp, now: datetime
    ) -> tuple[str, bytes]:
        user = book.directory.users[entry.due.recipient]
        message_id = identity.reminder_id(entry.due, self.sender.rpartition("@")[2])
        facts = self._facts(tx, book, entry, follow_up, user, now)
        texts = _environment(user.language)
        mail = MailText(
            subject=texts.get_template("subject.j2").render(facts),
            text=texts.get_template("reminder.txt.j2").render(facts),
            html=texts.get_template("reminder.html.j2").render(facts),
            from_=Address(self.sender, self.ways.company),
            to=(Address(user.email, user.name),),
            reply_to=self.ways.reply_to(follow_up, user, now),
            message_id=message_id,
            date=now,
            headers={"X-Suivi": "reminder"},
        )
        return message_id, compose(mail)

    def _facts(
        self,
        tx: Tx,
        book: Book,
        entry: LedgerEntry,
        follow_up: FollowUp,
        user: User,
        now: datetime,
    ) -> dict[str, object]:
        directory = book.directory
        party = (
            directory.third_parties.get(follow_up.third_party) if follow_up.third_party else None
        )
        contact = directory.contacts.get(follow_up.contact) if follow_up.contact else None
        past = _last_exchanges(tx, party.id, user) if party else ()
        return {
            "language": user.language,
            "title": follow_up.title,
            "named": adopt.says_follow_up(book.ruleset, follow_up.title),
            "party_named": party is not None
            and find(words(party.name), words(follow_up.title)) is not None,
            "when": local_time(follow_up, user),
            "late": _is_late(tx, book, entry, follow_up, now),
            "description": follow_up.description,
            "place": follow_up.place,
            "party": party,
            "contact": contact,
            "past": [(e, format_date(e.happened_at, "d MMM", locale=user.language)) for e in past],
            "links": self.ways.links(follow_up, user, now),
            "answers": self.ways.commands is not None,
            "company": self.ways.company,
        }


def _is_late(tx: Tx, book: Book, entry: LedgerEntry, follow_up: FollowUp, now: datetime) -> bool:
    """Whether it comes later than it could have: what was opened or moved a moment ago, for a
    time this near, was not due before that."""
    moved = [c.at for c in follow_ups.history(tx, follow_up.id) if c.field == "schedule_version"]
    opened = [follow_up.opened_at] if follow_up.opened_at else []
    due = replace(entry.due, at=max([entry.due.at, *moved, *opened]))
    return remind.is_late(due, now, book.ruleset.late_limit) is not remind.Late.NO


def _last_exchanges(tx: Tx, party: ThirdPartyId, user: User) -> tuple[Exchange, ...]:
    """The last three that this user may see, as far as they may."""
    groups = people.groups(tx)
    found = exchanges.history(tx, third_party=party, limit=20)
    seen = (access.visible(exchange, user, groups) for exchange in found)
    return tuple(exchange for exchange in seen if exchange is not None)[:3]


def local_time(follow_up: FollowUp, user: User) -> str:
    """The follow-up's time as its assignee reads it."""
    start = follow_up.when.start
    if follow_up.when.all_day:
        return format_date(
            start.astimezone(ZoneInfo(follow_up.when.zone)), "full", locale=user.language
        )
    return format_datetime(
        start, "EEEE d MMMM yyyy, HH:mm", tzinfo=ZoneInfo(user.timezone), locale=user.language
    )


# Compiling its templates takes ten times as long as writing a mail with them.
@cache
def _environment(language: str) -> Environment:
    # Names, titles and subjects come from mail: HTML is escaped, and nothing of them is executed.
    environment = Environment(
        loader=PackageLoader("daemon.reminders"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]  # by the extension
        i18n.catalogue(language), newstyle=True
    )
    return environment
