"""Who is told what goes wrong, and the letter that does it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from connectors.mime.compose import MailText, compose
from daemon.i18n import translator
from daemon.store.post import Letter
from rules import identity
from rules.model.people import Address

TEMPLATE = "notice"
LINE_MOST = 1_000
"""Characters of a line; what is longer is cut."""


class Fault(Protocol):
    """What is wrong with a template."""

    def said(self, language: str) -> str:
        """In a line."""
        ...


class Worded(Protocol):
    """What a mail says; with `faults`, by the built-in template."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def faults(self) -> Sequence[Fault]: ...


class Templates(Protocol):
    """Fills in the template of this name."""

    def print(self, mail: str, language: str, values: Mapping[str, Any]) -> Worded: ...


@dataclass(frozen=True, slots=True)
class Admin:
    """`[smtp] admin`, in their language and time zone; the sender is suivi's."""

    address: str
    language: str
    zone: str
    sender: str
    company: str
    templates: Templates = field(repr=False)

    def letter(
        self, kind: str, key: str, subject: str, text: str, now: datetime, useful: timedelta
    ) -> Letter:
        """What is put into the post (docs/decisions/0004), `useful` for so long; `text` ends with
        a line end."""
        said = self._said(subject, text)
        message_id = identity.letter_id(kind, key, self.sender.rpartition("@")[2])
        mail = MailText(
            subject=said.subject,
            text=said.text,
            html=said.html or None,
            from_=Address(self.sender, self.company),
            to=(Address(self.address),),
            reply_to=None,
            message_id=message_id,
            date=now,
            headers={"X-Suivi": TEMPLATE},
        )
        return Letter(kind, key, self.address, message_id, compose(mail), now + useful)

    def _said(self, subject: str, text: str) -> Worded:
        """A notice whose own template is broken says so itself: no other mail could."""
        facts = {"language": self.language, "company": self.company, "subject": subject}
        lines = [line[:LINE_MOST] for line in text.splitlines()]
        said = self.templates.print(TEMPLATE, self.language, {**facts, "lines": lines})
        if not said.faults:
            return said
        _ = translator(self.language)
        lines += ["", _("A template can't be used, so mails are written with the built-in one:")]
        lines += [fault.said(self.language) for fault in said.faults]
        return self.templates.print(TEMPLATE, self.language, {**facts, "lines": lines})
