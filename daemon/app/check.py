"""`suivi check`: all that suivi needs is tried, and each line says what to do (spec §13)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from connectors import smtp
from connectors.errors import ConnectorError
from daemon.app import connect
from daemon.app.rules import source_of
from daemon.config import Calendar, Mailbox, Settings, Smtp
from daemon.reminders.sheets import Sheets
from daemon.reminders.vocabulary import REMINDER, full, sparse
from daemon.rulefiles.mistake import lines
from daemon.rulefiles.reading import Bad, read_directory
from daemon.rulefiles.saved import saved
from daemon.store import StoreError, open_store, shown
from rules.language import Known
from rules.model.sightings import FolderRole

MOST_MISTAKES = 50
"""Lines about rules."""

_OURS = "give it to the user that runs suivi"


class Health(StrEnum):
    """How one thing stands."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One thing that was tried, how it stands, and what was found or what to do."""

    what: str
    health: Health
    detail: str


def check(settings: Settings, language: str = "en") -> Iterator[CheckLine]:
    """Try the database, the rules, every account and every server in turn; nothing is stored or
    sent. Mistakes of rules and templates are told in `language`."""
    for warning in settings.warnings:
        yield CheckLine("configuration", Health.WARNING, warning)
    yield _state(settings)
    yield _database(settings)
    yield from _rules(settings, language)
    for mailbox in settings.mailboxes:
        yield _mailbox(mailbox)
    for calendar in settings.calendars:
        yield _calendar(calendar)
    yield _smtp(settings.smtp)
    yield from _templates(settings, language)


def _templates(settings: Settings, language: str) -> Iterator[CheckLine]:
    """Each template of the admin's own: nothing is said where there is none."""
    sheets = Sheets(settings.templates_folder)
    for name in sheets.names():
        if not sheets.files(name):
            continue
        what = f"template {name}"
        found = sheets.faults(name, (full(REMINDER), sparse(REMINDER)))
        for misprint in found:
            yield CheckLine(what, Health.BAD, misprint.said(language))
        if not found:
            files = ", ".join(path.name for path in sheets.files(name))
            yield CheckLine(what, Health.OK, f"{files} can be filled in")


def _state(settings: Settings) -> CheckLine:
    """Nothing is made: it is only asked whether it could be."""
    what, folder = "state directory", settings.state_dir
    place = folder
    try:
        while not place.exists():
            place = place.parent
    except OSError as error:
        return CheckLine(what, Health.BAD, f"{place}: {error.strerror}: {_OURS}")
    if not place.is_dir():
        return CheckLine(what, Health.BAD, f"{place}: is not a directory: name another one")
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        return CheckLine(what, Health.BAD, f"{place}: Permission denied: {_OURS}")
    return CheckLine(what, Health.OK, f"{folder}{'' if place == folder else ' can be made'}")


def _database(settings: Settings) -> CheckLine:
    try:
        store = open_store(settings.database_url)
        try:
            # Whether it may be written, too.
            with store.write():
                pass
        finally:
            store.close()
    except StoreError as error:
        return CheckLine("database", Health.BAD, str(error))
    return CheckLine("database", Health.OK, f"{shown(settings.database_url)} is of this version")


def _rules(settings: Settings, language: str) -> Iterator[CheckLine]:
    """The saved rules; against the names in the database where it can be asked."""
    what, source = "rules", source_of(settings)
    try:
        store = open_store(settings.database_url)
        try:
            _, found = saved(store, source)
        finally:
            store.close()
    except StoreError:
        # The line before has said why.
        _, found = read_directory(source, Known(), held_rules=False)
    if isinstance(found, Bad):
        for line in lines(found.mistakes, language, MOST_MISTAKES):
            yield CheckLine(what, Health.BAD, line)
        return
    for line in lines(found.warnings, language, MOST_MISTAKES):
        yield CheckLine(what, Health.WARNING, line)
    detail = f"{len(found.ruleset.rules)} rules in {len(found.files)} files of {source.directory}"
    yield CheckLine(what, Health.OK, detail)


def _mailbox(mailbox: Mailbox) -> CheckLine:
    what = f"mailbox {mailbox.name}"
    try:
        session = connect.mailbox_of(mailbox)
        try:
            found = session.folders()
        finally:
            session.close()
    except ConnectorError as error:
        return CheckLine(what, Health.BAD, str(error))
    names = {folder.name for folder in found}
    missing = [name for name in mailbox.folders if name not in names]
    if missing:
        return CheckLine(what, Health.BAD, f"no such folder: {', '.join(missing)}")
    sent = next((f.name for f in found if f.role is FolderRole.SENT), None)
    if sent is None and mailbox.purpose == "capture":
        return CheckLine(
            what,
            Health.WARNING,
            "no Sent folder found: what staff send is missed; name it in `folders`",
        )
    return CheckLine(what, Health.OK, f"{len(found)} folders, sent mail in {sent or 'none'}")


def _calendar(calendar: Calendar) -> CheckLine:
    what = f"calendar {calendar.name}"
    try:
        session = connect.calendars_of(calendar)
        try:
            found = session.discover()
        finally:
            session.close()
    except ConnectorError as error:
        return CheckLine(what, Health.BAD, str(error))
    writable = [c for c in found if c.writable and "VEVENT" in c.components]
    target = next((c for c in writable if calendar.follow_ups in (None, c.name, c.href)), None)
    if target is None:
        wanted = calendar.follow_ups or "a writable calendar"
        return CheckLine(
            what,
            Health.BAD,
            f"{wanted} not found among {', '.join(c.name for c in found) or 'none'}: "
            "set `follow_ups` to one that may be written",
        )
    return CheckLine(what, Health.OK, f"{len(found)} calendars, follow-ups go to {target.name}")


def _smtp(settings: Smtp | None) -> CheckLine:
    if settings is None:
        return CheckLine(
            "smtp", Health.WARNING, "not configured: no reminder is sent; add a [smtp] section"
        )
    try:
        smtp.check(connect.smtp_server(settings))
    except ConnectorError as error:
        return CheckLine("smtp", Health.BAD, str(error))
    return CheckLine("smtp", Health.OK, f"{settings.host}:{settings.port} takes mail")
