"""The sample mail, read from mail/*.toml: each letter says who gets it and what becomes of it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from connectors.demo.company.days import at, working_day
from connectors.demo.company.people import Company, Person, Staff
from rules.model.decisions import Reason
from rules.model.exchanges import Direction
from rules.model.sightings import MailKind

# Who keeps a tidy mailbox files what is older than this many working days.
ARCHIVED_AFTER = 18


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a letter, in one folder of one mailbox."""

    mailbox: str
    folder: str
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter and its label.

    The label: `reason` is MATCHED for a letter that must be captured under `parties`, with
    `direction` and `kind`; any other reason says why it must not be.
    """

    id: str
    message_id: str | None
    sent_at: datetime
    from_: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    text: str
    copies: tuple[Copy, ...]
    reason: Reason
    parties: tuple[str, ...] = ()
    direction: Direction = Direction.INBOUND
    kind: MailKind = MailKind.HUMAN
    parents: tuple[str, ...] = ()
    answered: "Letter | None" = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[str, ...] = ()
    broken_charset: bool = False
    language: str = "fr"

    @property
    def captured(self) -> bool:
        """Whether it must become an exchange."""
        return self.reason is Reason.MATCHED


def letters(company: Company, today: date) -> tuple[Letter, ...]:
    """All sample letters, oldest first."""
    read: dict[str, Letter] = {}
    for stem, text in _files().items():
        _thread(company, today, stem, tomllib.loads(_dated(text, today)), read)
    return tuple(sorted(read.values(), key=lambda letter: letter.sent_at))


@cache
def _files() -> dict[str, str]:
    folder = files(__package__).joinpath("mail")
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".toml"))
    return {name.removesuffix(".toml"): folder.joinpath(name).read_text("utf-8") for name in names}


def _dated(text: str, today: date) -> str:
    """References such as PR{start}-0107 carry the year and month in which the quote was made."""
    for token, day in (("{start}", -25), ("{end}", -9)):
        text = text.replace(token, f"{working_day(today, day):%y%m}")
    return text


def _thread(
    company: Company, today: date, stem: str, thread: dict[str, Any], read: dict[str, Letter]
) -> None:
    """In a thread each letter answers the one before; in a loose file none does."""
    previous = None
    for number, row in enumerate(thread["mail"], 1):
        answered = previous
        # A new subject starts a new conversation, unless the letter says what it answers.
        if thread.get("loose") or row.get("new") or "subject" in row:
            answered = None
        if "answers" in row:
            answered = read[f"{stem}.{row['answers']}"]
        if "answers_mail" in row:
            answered = read[row["answers_mail"]]
        letter = _letter(company, today, f"{stem}.{number}", thread, row, answered)
        read[letter.id] = letter
        if not row.get("new"):
            previous = letter


def _letter(
    company: Company,
    today: date,
    name: str,
    thread: dict[str, Any],
    row: dict[str, Any],
    answered: Letter | None,
) -> Letter:
    sender = _sender(company, row)
    to = _recipients(company, row)
    cc = tuple(company.person(key) for key in row.get("cc", ()))
    ours = any(member.person == sender for member in company.mailboxes)
    kind, headers = _kind(row)
    return Letter(
        id=name,
        message_id=_message_id(name, sender) if row.get("message_id", True) else None,
        sent_at=at(today, row["day"], row["time"], sender.timezone),
        from_=sender,
        to=to,
        cc=cc,
        subject=row.get("subject") or _subject(thread, answered),
        text=row["text"].strip() + "\n",
        copies=_copies(company, row, sender, (*to, *cc)),
        reason=Reason(row.get("expect", thread.get("expect", Reason.MATCHED))),
        parties=tuple(row.get("parties", thread.get("parties", ()))),
        direction=Direction.OUTBOUND if ours else Direction.INBOUND,
        kind=kind,
        parents=_parents(answered),
        answered=None if "subject" in row else answered,
        headers=headers,
        attachments=tuple(row.get("attachments", ())),
        broken_charset=row.get("charset") == "broken",
        language=thread.get("language", "fr"),
    )


def _sender(company: Company, row: dict[str, Any]) -> Person:
    if "from_address" in row:
        return Person(key="", name=row["from_name"], email=row["from_address"])
    return company.person(row["from"])


def _recipients(company: Company, row: dict[str, Any]) -> tuple[Person, ...]:
    if "to_address" in row:
        return (Person(key="", name="", email=row["to_address"]),)
    return tuple(company.person(key) for key in row["to"])


def _message_id(name: str, sender: Person) -> str:
    return f"{name}@{sender.email.partition('@')[2].lower()}"


def _subject(thread: dict[str, Any], answered: Letter | None) -> str:
    if answered is None:
        return str(thread["subject"])
    return answered.subject if answered.subject.startswith("Re: ") else f"Re: {answered.subject}"


def _parents(answered: Letter | None) -> tuple[str, ...]:
    """The References of an answer (RFC 5322 §3.6.4): those of its parent, then the parent."""
    if answered is None or answered.message_id is None:
        return ()
    return (*answered.parents, answered.message_id)


def _kind(row: dict[str, Any]) -> tuple[MailKind, dict[str, str]]:
    """What sort of message it is, and the headers that say so (RFC 2919, 3464, 3834)."""
    if row.get("auto"):
        return MailKind.AUTO_REPLY, {"Auto-Submitted": "auto-replied"}
    if row.get("bounce"):
        return MailKind.BOUNCE, {"Auto-Submitted": "auto-replied", "X-Failed-Recipients": "orders"}
    if "newsletter" in row:
        host = row["newsletter"]
        link = f"<https://{host}/unsubscribe>"
        named = {"List-Id": f"<{host}>", "List-Unsubscribe": link, "Precedence": "bulk"}
        return MailKind.NEWSLETTER, named
    if "list" in row:
        named = {"List-Id": f"<{row['list']}>", "List-Post": f"<mailto:{row['to_address']}>"}
        return MailKind.LIST, named
    return MailKind.HUMAN, {}


def _copies(
    company: Company, row: dict[str, Any], sender: Person, recipients: tuple[Person, ...]
) -> tuple[Copy, ...]:
    """The sender's copy in Sent, and one in the inbox of each colleague who received it."""
    words = tuple(row.get("keywords", ()))
    if "copies" in row:
        placed = [(company.member(key), folder) for key, folder in row["copies"].items()]
        return tuple(Copy(m.key, m.folders.get(f, f), words) for m, f in placed)
    found = []
    for member in company.mailboxes:
        if member.person == sender:
            found.append(Copy(member.key, member.folders["sent"], words))
        elif member.person in recipients:
            found.append(Copy(member.key, _filed(member, row["day"]), words))
    return tuple(found)


def _filed(member: Staff, day: int) -> str:
    old = day < -ARCHIVED_AFTER and "archive" in member.folders and member.key != "hugo"
    return member.folders["archive"] if old else "INBOX"
