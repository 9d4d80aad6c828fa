"""suivi.toml as `suivi init` writes it: what was answered, and in comments what else can be set."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from daemon.i18n import mark, translator

ABOUT = {
    "company": mark("Who you are. Mail among your own domains is no exchange."),
    "database": mark("Where suivi keeps what it knows; without this section SQLite in state_dir."),
    "http": mark("Where pages and the API answer; public_url is what links in mails begin with."),
    "smtp": mark("The server that reminders go out through; admin is told what goes wrong."),
    "users": mark("A member of staff."),
    "mailboxes": mark("A mailbox; without an owner it is shared by all."),
    "calendars": mark("Calendars of a member of staff; follow-ups are written into one of them."),
    "capture": mark("How often and how much is read."),
    "reminders": mark("When reminders go out, unless a follow-up says otherwise."),
    "rules": mark("What is kept out before anything is stored."),
    "observe": mark("The first days only observe: `suivi report`, then `suivi release`."),
    "watch": mark("What the admin is told of."),
    "log": mark("What is told to the journal."),
}
"""A sentence about each section, in the order in which they are written."""

MORE: Mapping[str, Sequence[tuple[str, str]]] = {
    "": (
        ('rules_dir = "rules"', mark("rules files, *.yaml, beside this file")),
        ('templates_dir = "templates"', mark("mail templates, beside this file")),
    ),
    "database": (
        ('url = "postgresql:///suivi?host=/run/postgresql"', mark("PostgreSQL, of this machine")),
    ),
    "http": (
        ('listen = "127.0.0.1:8425"', mark("a reverse proxy speaks to the world")),
        ('public_url = "https://suivi.example.org"', mark("links in mails begin with it")),
    ),
    "smtp": (
        ("connections = 4", mark("at once, where the server allows as many")),
        ("mails_per_minute = 0", mark("at most; 0: as many as there are")),
    ),
    "users": (("aliases = []", mark("further addresses")), ('language = "fr"', "en | fr")),
    "mailboxes": (
        ('folders = ["Clients"]', mark("read beside inbox and sent")),
        ('level = "everything"', "nothing | happened | subject | everything"),
        ("backfill_days = 365", mark("how much of the past is read")),
    ),
    "calendars": (
        ('follow_ups = "Suivi"', mark("where suivi writes; else the first writable one")),
        ('watch = ["Travail"]', mark("else all of one's own are read")),
        ('ignore = ["Famille"]', mark("these are not read")),
        ('dedicated = ["Relances"]', mark("every event in these is a follow-up")),
    ),
    "capture": (("poll_seconds = 300", mark("where the server can't tell by itself")),),
    "reminders": (
        ("default_minutes = 60", mark("before the follow-up")),
        ("all_day_hour = 9", mark("of the day, for those without a time")),
    ),
    "rules": (
        ('keep_out_folders = ["Perso"]', mark("nothing of these is stored")),
        ('keep_out_tags = ["[privé]"]', mark("nor of mail with these in its subject")),
    ),
    "observe": (("days = 3", ""),),
    "watch": (
        ("backup_days = 3", mark("the newest backup is older; 0: made without suivi")),
        ("silent_mailboxes = true", mark("one is quieter than its own past lets expect")),
    ),
    "log": (('level = "info"', "debug | info | warning | error"),),
}
"""What else may be set, in comments; the manual has the rest."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def written(tables: Mapping[str, Any], language: str) -> str:
    """The text of a suivi.toml with these tables, commented in `language`."""
    _ = translator(language)
    top = {name: value for name, value in tables.items() if not _is_section(value)}
    lines = [
        "# " + _("suivi's configuration, written by `suivi init`; it is yours to change."),
        "# " + _("`suivi check` says what is wrong with it, `suivi reload` puts it in force."),
        "",
        *_options(top, "", _),
    ]
    for section in (*ABOUT, *(name for name in tables if name not in ABOUT | top)):
        lines += ["", f"# {_(ABOUT[section])}"] if section in ABOUT else [""]
        value = tables.get(section)
        if isinstance(value, list | tuple):
            for row in value:
                lines += [f"[[{section}]]", *_options(row, section, _), ""]
            del lines[len(lines) - bool(value) :]
        elif isinstance(value, Mapping):
            lines += [f"[{section}]", *_options(value, section, _)]
        else:
            several = "[[{}]]" if section in ("users", "mailboxes", "calendars") else "[{}]"
            lines += [f"# {several.format(section)}", *_options({}, section, _)]
    return "\n".join(lines) + "\n"


def _is_section(value: Any) -> bool:
    rows = isinstance(value, list | tuple) and all(isinstance(row, Mapping) for row in value)
    return isinstance(value, Mapping) or (rows and bool(value))


def _options(values: Mapping[str, Any], section: str, _: Callable[[str], str]) -> Iterator[str]:
    for name, value in values.items():
        if value is not None:
            yield f"{_key(name)} = {_value(value)}"
    for line, about in MORE.get(section, ()):
        if line.split(" ")[0] not in values:
            yield f"# {line:<34} # {_(about)}" if about else f"# {line}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    """A TOML value (TOML 1.0 §String): JSON's strings are TOML's, but for DEL."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return _value(str(value))
