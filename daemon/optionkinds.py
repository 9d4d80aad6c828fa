"""What options take: each kind parses what people write, and shows what is stored."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta

from daemon import publicholidays
from daemon.i18n import Told, mark
from rules import officehours
from rules.options import Value
from rules.words import fold


@dataclass(frozen=True, slots=True)
class Kind:
    """What an option takes. `parse` gives the value as it is stored, or raises Told, with what
    is wrong; `shown` is what `parse` understands."""

    name: str
    parse: Callable[[str], Value]
    shown: Callable[[Value], str] = str


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


def _number(most: int, *, or_empty: bool = False) -> Callable[[str], Value]:
    def parse(text: str) -> Value:
        word = text.strip()
        if or_empty and not word:
            return ""
        if not (word.isascii() and word.isdecimal() and int(word[:9]) <= most):
            raise Told(mark("takes a whole number up to {most}"), most=str(most))
        return int(word)

    return parse


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
NUMBER = Kind("number", _number(200))
DAYS = Kind("number of days", _number(36_500, or_empty=True))
BUTTON = Kind("which", _one_of("floating", "embedded"))
ASSIGNEES = Kind("whom", _one_of("anyone", "entity", "group", "self"))
