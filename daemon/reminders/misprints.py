"""Fills in templates, and tells the admin of those that are broken: once for each fault."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from connectors.mime.compose import MailText, compose
from daemon.i18n import translator
from daemon.reminders.sheets import Misprint, Printed, Sheets
from daemon.store import Tx, post
from rules import identity
from rules.model.people import Address

log = structlog.stdlib.get_logger(__name__)

KIND = "template"
USEFUL_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Admin:
    """Who is told: their address and language, and how suivi calls itself."""

    sender: str
    company: str
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Printer:
    """The templates, and who is told when one is broken: without an admin, the log."""

    sheets: Sheets
    admin: Admin | None = None

    def print(
        self, tx: Tx, name: str | None, language: str, facts: Mapping[str, Any], now: datetime
    ) -> Printed:
        """What the mail says. Raises TemplateError when even the built-in template can't."""
        printed = self.sheets.print(name, language, facts)
        if printed.faults:
            self._tell(tx, printed.faults, now)
        return printed

    def _tell(self, tx: Tx, faults: tuple[Misprint, ...], now: datetime) -> None:
        lines = sorted(fault.said("en") for fault in faults)
        mark = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        if self.admin is None:
            log.warning("a template is broken: the built-in one is used", faults=lines)
            return
        told = self.admin
        message_id = identity.letter_id(KIND, mark, told.sender.rpartition("@")[2])
        mail = compose(_notice(told, faults, message_id, now))
        letter = post.Letter(KIND, mark, told.address, message_id, mail, now + USEFUL_FOR)
        if post.put(tx, letter, now):
            log.warning("a template is broken: the built-in one is used", faults=lines)


def _notice(told: Admin, faults: tuple[Misprint, ...], message_id: str, now: datetime) -> MailText:
    _ = translator(told.language)
    lines = (
        _("A template can't be used, so mails are written with the built-in one:"),
        "",
        *(fault.said(told.language) for fault in faults),
        "",
        _("suivi template check shows whether it is mended."),
    )
    return MailText(
        subject=_("A mail template is broken"),
        text="\n".join(lines),
        html=None,
        from_=Address(told.sender, told.company),
        to=(Address(told.address),),
        reply_to=None,
        message_id=message_id,
        date=now,
        headers={"X-Suivi": "notice"},
    )
