"""Fills in templates, and tells the admin of those that are broken: once for each fault."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from daemon.admin import Admin
from daemon.i18n import translator
from daemon.reminders.sheets import Misprint, Printed, Sheets
from daemon.store import Tx, people, post
from rules.model.people import EntityId

log = structlog.stdlib.get_logger(__name__)

KIND = "template"
USEFUL_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Printer:
    """The templates, and who is told when one is broken: without an admin, the log."""

    sheets: Sheets
    admin: Admin | None = None

    def print(
        self,
        tx: Tx,
        mail: str,
        language: str,
        facts: Mapping[str, Any],
        now: datetime,
        *,
        name: str | None = None,
        entity: EntityId | None = None,
    ) -> Printed:
        """What a mail of this sort (daemon.reminders.mails) says, about something of `entity`; by
        the template `name` where one was chosen. Raises TemplateError when even the built-in
        template can't be filled in."""
        code = self._entity(tx, name or mail, entity)
        printed = self.sheets.print(mail, language, facts, name=name, entity=code)
        if printed.faults:
            self._tell(tx, printed.faults, now)
        return printed

    def _entity(self, tx: Tx, name: str, entity: EntityId | None) -> str | None:
        """The code of an entity, asked for where any has a template of this name."""
        if entity is None or not self.sheets.entities(name):
            return None
        code = people.entity_code(tx, entity)
        return code.lower() if code is not None else None

    def _tell(self, tx: Tx, faults: tuple[Misprint, ...], now: datetime) -> None:
        lines = sorted(fault.said("en") for fault in faults)
        mark = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        if self.admin is None:
            log.warning("a template is broken: the built-in one is used", faults=lines)
            return
        subject, text = _notice(self.admin.language, faults)
        if post.put(tx, self.admin.letter(KIND, mark, subject, text, now, USEFUL_FOR), now):
            log.warning("a template is broken: the built-in one is used", faults=lines)


def _notice(language: str, faults: tuple[Misprint, ...]) -> tuple[str, str]:
    """Subject and text."""
    _ = translator(language)
    lines = (
        _("A template can't be used, so mails are written with the built-in one:"),
        "",
        *(fault.said(language) for fault in faults),
        "",
        _("suivi template check shows whether it is mended."),
    )
    return _("A mail template is broken"), "\n".join(lines) + "\n"
