"""The table of options: what each is called, what it takes, what holds when nobody sets it.

Read by `suivi option`, by the documentation and by whoever asks for a value; what was chosen is in
the store, and which of it decides says `rules.options`.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time, timedelta
from difflib import get_close_matches

from daemon import publicholidays
from daemon.i18n import mark
from daemon.optionkinds import (
    ASSIGNEES,
    BUTTON,
    CLOCK,
    DAYS,
    FLAG,
    HOLIDAYS,
    HOURS,
    LENGTH,
    NAME,
    NUMBER,
    Kind,
)
from rules import officehours
from rules.model.people import EntityId, User
from rules.options import Chosen, DigestWishes, Scope, Value, Wishes, entity_of
from rules.workdays import NO_HOLIDAYS, Hours


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
            "coming_next", NUMBER, 5, mark("How many follow-ups the list of what is coming has.")
        ),
        Option(
            "coming_days",
            DAYS,
            "",
            mark(
                "Of how many days overdue follow-ups stand in the list of what is coming; empty:"
                " of all."
            ),
        ),
        Option(
            "button",
            BUTTON,
            "floating",
            mark("Whether pages record exchanges by a floating button, or one among the others."),
        ),
        Option(
            "short_comments",
            FLAG,
            default=False,
            help=mark("Whether pages shorten comments in lists."),
        ),
        Option(
            "follow_ups_as_tasks",
            FLAG,
            default=False,
            help=mark(
                "Whether new follow-ups are written as tasks, where a calendar takes some; else as"
                " events."
            ),
        ),
        Option(
            "copies_for_assignees",
            FLAG,
            default=False,
            help=mark(
                "Whether further assignees of a follow-up get a copy in their own calendar, too."
            ),
        ),
        Option(
            "mark_own_events",
            FLAG,
            default=False,
            help=mark(
                "Whether an event that a person typed, and that became a follow-up, gets suivi's"
                " link and reference when it is written."
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


def prefers_tasks(chosen: Chosen, user: User, entity: EntityId | None) -> bool:
    """Whether this user wants follow-ups as tasks rather than events."""
    return bool(chosen.of("follow_ups_as_tasks", user.id, entity_of(user, entity)))


def copies_for_assignees(chosen: Chosen, user: User) -> bool:
    """Whether this user gets copies of the follow-ups that others own."""
    return bool(chosen.of("copies_for_assignees", user.id, entity_of(user, None)))


def marks_own(chosen: Chosen, user: User | None, entity: EntityId | None) -> bool:
    """Whether suivi's marks may stand in the events that this user typed."""
    if user is None:
        return bool(chosen.of("mark_own_events", None, entity))
    return bool(chosen.of("mark_own_events", user.id, entity_of(user, entity)))


def coming(chosen: Chosen, user: User) -> tuple[int, int | None]:
    """How many follow-ups the list of what is coming has, and of how many days overdue ones stand
    in it; None: of all."""
    entity = entity_of(user, None)
    days = chosen.of("coming_days", user.id, entity)
    return int(chosen.of("coming_next", user.id, entity)), None if days == "" else int(days)


def _working(value: Value) -> Hours:
    return officehours.read(str(value))


def _free(value: Value) -> frozenset[date]:
    return publicholidays.dates(str(value)) if value else NO_HOLIDAYS
