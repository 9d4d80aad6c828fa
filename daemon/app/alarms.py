"""The configuration's part of alarms: by what is judged, of these parts."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.smtp import SmtpOutbox
from daemon.alarms.letter import what
from daemon.alarms.look import View, look
from daemon.app.parts import Parts
from daemon.clock import now
from daemon.publicholidays import of_zone
from rules.workdays import is_working_day


def view_of(parts: Parts, started: datetime) -> View:
    """How alarms are looked for. Public holidays are those of the option; where it says none, of
    the company's time zone, for a holiday must not look like a mail server that is down."""
    settings, book = parts.settings, parts.rulebook.in_force()
    holidays = book.holidays(None) or of_zone(settings.company.timezone)
    return View(
        started=started,
        zone=ZoneInfo(settings.company.timezone),
        is_working=lambda day: is_working_day(day, holidays),
        sends=parts.sender is not None and not book.silent,
        backup_days=settings.watch.backup_days,
        silent_mailboxes=settings.watch.silent_mailboxes,
        token_ends=_token_ends(parts),
    )


def lines(parts: Parts, started: datetime, language: str) -> list[str]:
    """What is wrong at this moment, a line each, for `suivi status`."""
    zone = parts.settings.company.timezone
    with parts.store.read() as tx:
        found = look(tx, view_of(parts, started), now())
    return [what(alarm, language, zone) for alarm in found]


def _token_ends(parts: Parts) -> datetime | None:
    outbox = parts.sender.outbox if parts.sender is not None else None
    left = outbox.login_ends_in if isinstance(outbox, SmtpOutbox) else None
    return None if left is None else now() + timedelta(seconds=left)
