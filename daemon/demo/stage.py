"""The stage of the demo: servers with the company's mail and calendars, and suivi configured."""

import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from connectors.demo.company import ics, post
from connectors.demo.company.people import Company, company
from connectors.demo.servers.calendars import CalendarServer, calendar_server
from connectors.demo.servers.mail import Delivered, MailServer, MailUser, SentMail, mail_server
from connectors.demo.servers.process import free_port
from daemon.demo.expected import Sample, sample
from daemon.demo.settings import Places, write
from daemon.demo.suivi import Suivi
from rules.model.decisions import Reason

LONG_AGO = datetime.min.replace(tzinfo=UTC)

SPECIAL_USE = {"sent": "Sent", "archive": "Archive", "drafts": "Drafts", "junk": "Junk"}


@dataclass(slots=True)
class Notes:
    """What one step of the story leaves for a later one."""

    judged: Counter[Reason] = field(default_factory=Counter)
    reminder_due: datetime = LONG_AGO
    reminder: SentMail | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that the story is played with; `written` holds each calendar object as its
    server served it before suivi had run, `seconds` is how long the setting up took."""

    sample: Sample
    places: Places
    mail: MailServer
    calendars: CalendarServer
    suivi: Suivi
    written: Mapping[tuple[str, str], bytes]
    seconds: float
    notes: Notes = field(default_factory=Notes)

    @property
    def company(self) -> Company:
        """Whose demo it is."""
        return self.sample.company


@contextmanager
def stage(folder: Path, runtime: Path, language: str, now: datetime) -> Iterator[Stage]:
    """Start the servers, fill them, write the configuration; all ends with the block."""
    lumen, start = company(), time.monotonic()
    # One for all of them, and another in each run: it guards nothing but this demo.
    password = f"lumen-{secrets.token_hex(3)}"
    people = {member.key: password for member in lumen.staff}
    with (
        mail_server(folder / "mail", mail_users(lumen, password)) as mail,
        calendar_server(folder / "calendars", people) as calendars,
    ):
        played = sample(lumen, now)
        fill_mailboxes(played, mail)
        written = fill_calendars(played, calendars)
        places = Places(folder, runtime, mail.imap, mail.smtp, calendars.url, free_port(), password)
        write(lumen, places)
        yield Stage(
            played,
            places,
            mail,
            calendars,
            Suivi(places, language),
            written,
            time.monotonic() - start,
        )


def mail_users(lumen: Company, password: str) -> tuple[MailUser, ...]:
    """The mailboxes of the company, and the one in which suivi takes answers."""
    users = [
        MailUser(
            member.key,
            password,
            (member.person.email, *member.aliases),
            {name: SPECIAL_USE.get(role, "") for role, name in member.folders.items()},
        )
        for member in lumen.mailboxes
    ]
    commands = lumen.command_address
    return (*users, MailUser(commands.partition("@")[0], password, (commands,)))


def fill_mailboxes(played: Sample, mail: MailServer) -> None:
    """Every copy of every letter into its folder, oldest first."""
    folders: dict[tuple[str, str], list[Delivered]] = defaultdict(list)
    for letter, copy in played.copies():
        message = Delivered(post.render(letter), letter.sent_at, ("\\Seen", *copy.keywords))
        folders[copy.mailbox, copy.folder].append(message)
    for (mailbox, folder), messages in folders.items():
        mail.fill(mailbox, folder, messages)


def fill_calendars(played: Sample, calendars: CalendarServer) -> dict[tuple[str, str], bytes]:
    """Every event into the calendars that show it; the objects as they are served."""
    for member in played.company.staff:
        calendars.session(member.key).make_calendar(member.calendar_path, member.calendar)
    written = {}
    for event in played.gatherings:
        for key in event.calendars:
            path = f"{played.company.member(key).calendar_path}{event.id}.ics"
            session = calendars.session(key)
            session.put(path, ics.render(event))
            served = session.get(path)
            assert served is not None  # noqa: S101  it was put there a line above
            written[key, path] = served.data
    return written
