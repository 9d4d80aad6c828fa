"""The table of options: what each is called, what it takes, what holds when nobody sets it.

Read by `suivi option`, by the documentation and by whoever asks for a value; what was chosen is in
the store, and which of it decides says `rules.options`.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time, timedelta
from difflib import get_close_matches

from daemon import publicholidays
from daemon.i18n import Told, mark
from rules import officehours
from rules.model.people import EntityId, User
from rules.options import Chosen, DigestWishes, Scope, Value, Wishes, entity_of
from rules.words import fold
from rules.workdays import NO_HOLIDAYS, Hours


@dataclass(frozen=True, slots=True)
class Kind:
    """What an option takes. `parse` gives the value as it is stored, or raises Told, with what
    is wrong; `shown` is what `parse` understands."""

    name: str
    parse: Callable[[str], Value]
    shown: Callable[[Value], str] = str


@dataclass(frozen=True, slots=True)
class Option:
    """One option. With `plans`, a change of it moves reminders."""

    key: str
    kind: Kind
    default: Value
    help: str
    plans: bool = False

    def read(self, value: object) -> Value:
        """A stored value, as this version of the table understands it. Raises ValueError."""
        if not isinstance(value, bool | int | str):
            raise ValueError(f"{self.key}: not a value: {type(value).__name__}")  # noqa: TRY004
        return self.kind.parse(self.kind.shown(value))


_YES = frozenset({"yes", "on", "true", "1", "oui", "vrai"})
_NO = frozenset({"no", "off", "false", "0", "non", "faux"})
_LENGTH = re.compile(r"(\d{1,6}) ?([a-z]*)")
_MINUTES = {"min": 1, "h": 60, "d": 1440}
_UNITS = {
    **dict.fromkeys(("", "m", "mn", "min", "mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hour", "hours", "heure", "heures"), "h"),
    **dict.fromkeys(("d", "day", "days", "j", "jour", "jours"), "d"),
}
_CLOCK = re.compile(r"(\d{1,2})(?:(?::| ?h ?)(\d{2})?)?")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LONGEST = timedelta(days=366) // timedelta(minutes=1)


def _flag(text: str) -> bool:
    word = fold(text)
    if word not in _YES | _NO:
        raise Told(mark("takes yes or no"))
    return word in _YES


def _length(text: str) -> int:
    found = _LENGTH.fullmatch(fold(text))
    unit = _UNITS.get(found[2]) if found else None
    if found is None or unit is None:
        raise Told(mark("takes a length of time such as '30 min', '2 h' or '1 d'"))
    minutes = int(found[1]) * _MINUTES[unit]
    if minutes > _LONGEST:
        raise Told(mark("takes no more than a year"))
    return minutes


def _length_shown(value: Value) -> str:
    minutes = int(value)
    unit = next((u for u in ("d", "h") if minutes and minutes % _MINUTES[u] == 0), "min")
    return f"{minutes // _MINUTES[unit]} {unit}"


def _clock(text: str) -> str:
    found = _CLOCK.fullmatch(fold(text))
    try:
        at = time(int(found[1]), int(found[2] or 0)) if found else None
    except ValueError:
        at = None
    if at is None:
        raise Told(mark("takes a time of day such as 09:00"))
    return f"{at:%H:%M}"


def _hours(text: str) -> str:
    try:
        return officehours.shown(officehours.read(text))
    except ValueError as error:
        raise Told(mark("takes days and hours such as 'Mon-Fri 08:30-18:30'")) from error


def _name(text: str) -> str:
    word = fold(text)
    if word and not _NAME.fullmatch(word):
        raise Told(mark("takes a name of letters, digits, - and _"))
    return word


def _holidays(text: str) -> str:
    return publicholidays.normal(text)


FLAG = Kind("yes or no", _flag, lambda v: "yes" if v in (True, "yes") else "no")
LENGTH = Kind("length of time", _length, _length_shown)
CLOCK = Kind("time of day", _clock)
HOURS = Kind("working hours", _hours)
NAME = Kind("name", _name)


def _one_of(*words: str) -> Callable[[str], Value]:
    def parse(text: str) -> Value:
        word = fold(text).strip().replace(" ", "_")
        if word not in words:
            raise Told(mark("takes one of: {words}"), words=", ".join(words))
        return word

    return parse


HOLIDAYS = Kind("country or region", _holidays)
ASSIGNEES = Kind("whom", _one_of("anyone", "entity", "group", "self"))

OPTIONS: Mapping[str, Option] = {
    option.key: option
    for option in (
        Option(
            "reminders",
            FLAG,
            default=True,
            help=mark("Whether follow-ups are reminded of by email."),
            plans=True,
        ),
        Option(
            "reminder_before",
            LENGTH,
            60,
            mark("How long before, for follow-ups that state no reminder of their own."),
            plans=True,
        ),
        Option(
            "reminder_template",
            NAME,
            "",
            mark("The template of reminders that name none; empty means the built-in one."),
            plans=True,
        ),
        Option(
            "all_day_at",
            CLOCK,
            "09:00",
            mark("When all-day follow-ups are reminded of, on the assignee's clock."),
            plans=True,
        ),
        Option(
            "respect_working_hours",
            FLAG,
            default=False,
            help=mark(
                "Whether a reminder outside working hours, or on a holiday, comes at the last"
                " working moment before."
            ),
            plans=True,
        ),
        Option(
            "working_hours",
            HOURS,
            "Mon-Fri 08:30-18:30",
            mark("When people work, such as 'Mon-Thu 08:30-12:00 14:00-18:00; Fri 08:30-17:00'."),
            plans=True,
        ),
        Option(
            "holidays",
            HOLIDAYS,
            "",
            mark("Whose public holidays are no working days, such as FR or FR-57; empty: none."),
            plans=True,
        ),
        Option(
            "own_references",
            FLAG,
            default=False,
            help=mark(
                "Whether new exchanges of an entity are numbered by themselves, as EXC-MAIN-12"
                " with its code."
            ),
        ),
        Option(
            "choose_author",
            FLAG,
            default=False,
            help=mark(
                "Whether who records an exchange may say which user had it; else it is who records"
                " it."
            ),
        ),
        Option(
            "assign_to",
            ASSIGNEES,
            "anyone",
            mark(
                "Whom a follow-up may be assigned to, by who has the right to assign: anyone,"
                " colleagues of an entity, of a group, or nobody but oneself."
            ),
        ),
        Option(
            "collaborators",
            FLAG,
            default=True,
            help=mark("Whether exchanges may name collaborators."),
        ),
        Option(
            "confidential_comments",
            FLAG,
            default=True,
            help=mark(
                "Whether exchanges may get a confidential comment; those that are there stay."
            ),
        ),
        Option(
            "tell_closed",
            FLAG,
            default=True,
            help=mark("Whether assignees are told by email when an exchange closes a follow-up."),
        ),
        Option(
            "tell_away",
            FLAG,
            default=True,
            help=mark(
                "Whether assignees are asked to put a follow-up off when an automatic reply says"
                " until when somebody is away."
            ),
        ),
        Option(
            "digest",
            FLAG,
            default=False,
            help=mark("Whether a daily digest of what is to be done is sent."),
        ),
        Option(
            "digest_at", CLOCK, "08:00", mark("When the digest is sent, on its reader's clock.")
        ),
        Option(
            "digest_every_day",
            FLAG,
            default=False,
            help=mark("Whether the digest comes on days that are no working days, too."),
        ),
    )
}


class NoSuchOption(KeyError):
    """Nothing is called like that; `close` is what may have been meant."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.close = next(iter(get_close_matches(key, OPTIONS, 1)), None)


def option(key: str) -> Option:
    """The option of this name. Raises NoSuchOption."""
    if key not in OPTIONS:
        raise NoSuchOption(key)
    return OPTIONS[key]


def manual() -> str:
    """The reference of all options, as Markdown."""
    rows = [
        f"| `{o.key}` | {o.kind.name} | {_quoted(o.kind.shown(o.default))} | {o.help} |"
        for o in OPTIONS.values()
    ]
    return "\n".join((_MANUAL, *rows, ""))


_MANUAL = """\
# Options

This page is made from the table in `daemon/options.py`: `./run docs` writes it, `suivi option
manual` prints it.

An option is set for a user, for an entity (a company of several that share one suivi), or for the
whole installation; the nearest to the user decides. What nobody set is as the configuration file
says, else as in this table. A follow-up, or the rule that opened it, that names a time or a
template of its own comes before all options. A change is in force at once: reminders that wait
move, and none becomes due in the past by it.

    suivi option list
    suivi option set reminder_before "2 h" --user anna@example.org
    suivi option set holidays FR-57 --entity main
    suivi option unset reminder_before --user anna@example.org
    suivi option history

| option | takes | unless set | |
|---|---|---|---|"""


def _quoted(text: str) -> str:
    return f"`{text}`" if text else ""


def defaults(**installation: Value) -> Mapping[str, Value]:
    """What is built in, with what the configuration file says instead."""
    return {option.key: option.default for option in OPTIONS.values()} | installation


def chosen(builtin: Mapping[str, Value], stored: Mapping[tuple[str, Scope], object]) -> Chosen:
    """The options in force. What was stored under another version of the table, and is not
    understood any more, counts as not set."""
    known: dict[tuple[str, Scope], Value] = {}
    for (key, scope), value in stored.items():
        with suppress(KeyError, ValueError):
            known[key, scope] = OPTIONS[key].read(value)
    return Chosen(builtin, known)


def wishes(chosen: Chosen, user: User, entity: EntityId | None) -> Wishes:
    """How this user is reminded of something of `entity`."""
    entity = entity_of(user, entity)

    def of(key: str) -> Value:
        return chosen.of(key, user.id, entity)

    respected = bool(of("respect_working_hours"))
    return Wishes(
        on=bool(of("reminders")),
        before=timedelta(minutes=int(of("reminder_before"))),
        template=str(of("reminder_template")) or None,
        all_day_at=time.fromisoformat(str(of("all_day_at"))),
        hours=_working(of("working_hours")) if respected else None,
        holidays=_free(of("holidays")) if respected else NO_HOLIDAYS,
    )


def digest_wishes(chosen: Chosen, user: User) -> DigestWishes:
    """Whether and when this user gets the digest."""
    entity = entity_of(user, None)

    def of(key: str) -> Value:
        return chosen.of(key, user.id, entity)

    return DigestWishes(
        on=bool(of("digest")),
        at=time.fromisoformat(str(of("digest_at"))),
        every_day=bool(of("digest_every_day")),
        hours=_working(of("working_hours")),
        holidays=_free(of("holidays")),
    )


def holidays(chosen: Chosen, entity: EntityId | None = None) -> frozenset[date]:
    """The public holidays of an entity, without one those of the installation; whether or not
    reminders respect them."""
    return _free(chosen.of("holidays", entity=entity))


def tells_closed(chosen: Chosen, user: User, entity: EntityId | None) -> bool:
    """Whether this user is told by email of follow-ups that an exchange closed."""
    return bool(chosen.of("tell_closed", user.id, entity_of(user, entity)))


def tells_away(chosen: Chosen, user: User, entity: EntityId | None) -> bool:
    """Whether this user is asked to put off what waits for somebody who is away."""
    return bool(chosen.of("tell_away", user.id, entity_of(user, entity)))


def _working(value: Value) -> Hours:
    return officehours.read(str(value))


def _free(value: Value) -> frozenset[date]:
    return publicholidays.dates(str(value)) if value else NO_HOLIDAYS
