"""Mails to staff beside reminders: written from their template, and put into the post
(docs/decisions/0004)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from connectors.mime.compose import MailText, compose
from daemon.reminders.misprints import Printer
from daemon.reminders.ways import Ways
from daemon.rulebook import Book
from daemon.store import Tx
from daemon.store.post import Letter
from rules import identity
from rules.model.followups import FollowUp
from rules.model.people import Address, EntityId, ThirdPartyId, User
from rules.options import entity_of
from rules.words import one_line

LINE = 160
"""Characters of a title or name in a list."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a letter is known by, how long it is of use, and what it answers."""

    kind: str
    key: str
    useful_until: datetime
    reply_to: Address | None = None
    in_reply_to: str | None = None
    auto_submitted: Literal["auto-generated", "auto-replied"] = "auto-generated"


@dataclass(frozen=True, slots=True)
class Desk:
    """Writes them. `sender` is suivi's address; a letter's kind is the name of its template."""

    sender: str
    ways: Ways
    printer: Printer

    def letter(
        self,
        tx: Tx,
        user: User,
        entity: EntityId | None,
        stamp: Stamp,
        facts: Mapping[str, Any],
        now: datetime,
    ) -> Letter:
        """The letter to this user about something of `entity`; `facts` are what its template
        speaks of (daemon.reminders.mails). Raises ValueError for an address that can't stand in a
        mail, TemplateError when not even the built-in template can be filled in."""
        common = {"language": user.language, "company": self.ways.company, "reader": user.name}
        said = self.printer.print(
            tx, stamp.kind, user.language, {**common, **facts}, now, entity=entity_of(user, entity)
        )
        message_id = identity.letter_id(stamp.kind, stamp.key, self.sender.rpartition("@")[2])
        mail = MailText(
            subject=said.subject,
            text=said.text,
            html=said.html or None,
            from_=Address(self.sender, self.ways.company),
            to=(Address(user.email, user.name),),
            reply_to=stamp.reply_to,
            message_id=message_id,
            date=now,
            headers={"X-Suivi": stamp.kind},
            in_reply_to=stamp.in_reply_to,
            auto_submitted=stamp.auto_submitted,
        )
        return Letter(
            stamp.kind, stamp.key, user.email, message_id, compose(mail), stamp.useful_until
        )


def party_of(book: Book, follow_up: FollowUp) -> Mapping[str, str] | None:
    """Its third party, as templates speak of it."""
    number = follow_up.third_party
    party = book.directory.third_parties.get(number) if number else None
    return {"name": one_line(party.name), "code": party.code} if party else None


def name_of(book: Book, *parties: ThirdPartyId | None) -> str:
    """Third parties in a line of a list."""
    known = book.directory.third_parties
    return ", ".join(one_line(known[p].name, LINE) for p in parties if p is not None and p in known)
