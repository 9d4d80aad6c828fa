"""What the admin reads: each thing that is wrong with what to do about it, and what is over."""

from collections.abc import Iterable
from datetime import date, datetime

from babel.dates import format_date, format_datetime

from daemon.admin import Admin
from daemon.alarms.look import Alarm, Kind
from daemon.i18n import mark, plural, translator
from daemon.retold import retold
from rules.alarms import Key
from rules.words import one_line
from rules.zones import zone

_WHAT = {
    Kind.SILENT: mark("{subject}: no mail has arrived since {at}; about {number} a day are usual"),
    Kind.STILL: mark("{subject}: not read to its end since {at}"),
    Kind.TOKEN: mark("{subject}: the token ends on {at}"),
    Kind.REMINDERS: mark("Reminders do not leave: the oldest was due on {at}"),
    Kind.BACKUP: mark("The newest backup is of {at}"),
}
_NEVER = {
    Kind.STILL: mark("{subject}: was never read to its end"),
    Kind.BACKUP: mark("There is no backup"),
}
_TO_DO = {
    Kind.SILENT: mark(
        "Send a mail there. If it arrives, and is not in suivi: `suivi check`. If it does not, its "
        "mail goes elsewhere: a redirection, a filter, a full mailbox, a domain that moved."
    ),
    Kind.STILL: mark(
        "`suivi check` tries it and says what to do. Nothing is lost: what is there is read later."
    ),
    Kind.TOKEN: mark("Make a new one in time; `systemctl restart suivi` where it is a credential."),
    Kind.REMINDERS: mark(
        "`suivi reminders due` lists them, `suivi check` tries the SMTP server. They are sent late "
        "then, and say so."
    ),
    Kind.BACKUP: mark(
        "`systemctl status 'suivi-backup*'` says why; `suivi backup FILE` takes one now. "
        "Whoever backs up otherwise: `[watch] backup_days = 0`."
    ),
}
_OVER = {
    Kind.SILENT: mark("{subject}: mail arrives again"),
    Kind.STILL: mark("{subject}: is read again"),
    Kind.TOKEN: mark("{subject}: the token was renewed"),
    Kind.REMINDERS: mark("Reminders leave again"),
    Kind.BACKUP: mark("There is a backup of late"),
}


def what(alarm: Alarm, language: str, where: str) -> str:
    """What is wrong, in a line."""
    _ = translator(language)
    never = alarm.at is None and alarm.kind in _NEVER
    text = _(_NEVER[alarm.kind] if never else _WHAT[alarm.kind])
    told = text.format(
        subject=alarm.subject,
        at=_time(alarm.at, language, where),
        number=f"{alarm.number:g}",
    )
    return f"{told}: {one_line(retold(alarm.why, _), 300)}" if alarm.why else told


def subject(lasting: int, language: str) -> str:
    """The subject of the mail; 0 is the all-clear."""
    _, _n = translator(language), plural(language)
    if not lasting:
        return _("suivi: all is well again")
    text = _n("suivi: {number} thing needs you", "suivi: {number} things need you", lasting)
    return text.format(number=lasting)


def text(lasting: Iterable[Alarm], over: Iterable[Key], admin: Admin) -> str:
    """The mail's text."""
    _ = translator(admin.language)
    parts = [
        f"- {what(alarm, admin.language, admin.zone)}\n  {_(_TO_DO[alarm.kind])}"
        for alarm in lasting
    ]
    if parts:
        parts.append(_("This is told once a day while it lasts, and its end."))
    ended = [f"- {_(_OVER[Kind(kind)]).format(subject=name)}" for kind, name in over]
    if ended:
        parts += [_("This is over:"), "\n".join(ended)]
    return "\n\n".join(parts) + "\n"


def _time(at: datetime | date | None, language: str, where: str) -> str:
    if at is None:
        return "–"
    if isinstance(at, datetime):
        return format_datetime(at, "d MMMM yyyy HH:mm", tzinfo=zone(where), locale=language)
    return format_date(at, "d MMMM yyyy", locale=language)
