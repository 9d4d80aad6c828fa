"""A day and a time as people write them in a reply, in English and French.

`read` takes folded text (`rules.words.fold`) and tries the forms of its table in order; each is
anchored and bounded, so that reading takes linear time.

The name of a day of the week is the next such day after today: said on a Tuesday, "mardi 10h" is
in a week, whatever the hour, for today has words of its own ("10h", "aujourd'hui 10h", and "ce
mardi 10h"). "next" and "prochain" change nothing. Numbers are day and month, as in Europe.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

_DAY_NAMES = (
    ("monday", "mon", "lundi", "lun"),
    ("tuesday", "tue", "tues", "mardi", "mar"),
    ("wednesday", "wed", "mercredi", "mer"),
    ("thursday", "thu", "thur", "thurs", "jeudi", "jeu"),
    ("friday", "fri", "vendredi", "ven"),
    ("saturday", "sat", "samedi", "sam"),
    ("sunday", "sun", "dimanche", "dim"),
)
WEEKDAYS = {name: i for i, names in enumerate(_DAY_NAMES) for name in names}

_MONTH_NAMES = (
    ("january", "jan", "janvier", "janv"),
    ("february", "feb", "fevrier", "fev", "fevr"),
    ("march", "mar", "mars"),
    ("april", "apr", "avril", "avr"),
    ("may", "mai"),
    ("june", "jun", "juin"),
    ("july", "jul", "juillet", "juil"),
    ("august", "aug", "aout"),
    ("september", "sep", "sept", "septembre"),
    ("october", "oct", "octobre"),
    ("november", "nov", "novembre"),
    ("december", "dec", "decembre"),
)
_MONTHS = {name: i for i, names in enumerate(_MONTH_NAMES, 1) for name in names}

_AHEAD = {
    "today": 0,
    "aujourd'hui": 0,
    "tomorrow": 1,
    "tmrw": 1,
    "demain": 1,
    "the day after tomorrow": 2,
    "day after tomorrow": 2,
    "apres-demain": 2,
    "apres demain": 2,
    "next week": 7,
    "la semaine prochaine": 7,
    "semaine prochaine": 7,
}

_UNITS = {
    "min": timedelta(minutes=1),
    "mins": timedelta(minutes=1),
    "mn": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "minutes": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "hours": timedelta(hours=1),
    "heure": timedelta(hours=1),
    "heures": timedelta(hours=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
    "days": timedelta(days=1),
    "j": timedelta(days=1),
    "jour": timedelta(days=1),
    "jours": timedelta(days=1),
    "w": timedelta(weeks=1),
    "wk": timedelta(weeks=1),
    "week": timedelta(weeks=1),
    "weeks": timedelta(weeks=1),
    "s": timedelta(weeks=1),
    "sem": timedelta(weeks=1),
    "semaine": timedelta(weeks=1),
    "semaines": timedelta(weeks=1),
}

_OFFSET = re.compile(r"(?:\+|in |dans )? ?(\d{1,4}) ?([a-z]{1,8})")
_WORKING_DAYS = re.compile(
    r"(?:\+|in |dans )? ?(\d{1,3}) ?"
    r"(?:(?:working|business) days?|jours? (?:ouvres?|ouvrables?|de travail)|wd|jo)"
)
_NEXT_WORKING_DAY = frozenset(
    {"next working day", "the next working day", "next business day", "prochain jour ouvre"}
)
_TIME_AT_END = re.compile(
    r"(?:(?:^| )(?:at |a )?)"
    r"(?:(?P<h>\d{1,2}) ?h(?: ?(?P<m>\d{2}))?|(?P<h24>\d{1,2}):(?P<m24>\d{2})"
    r"|(?P<h12>\d{1,2})(?::(?P<m12>\d{2}))? ?(?P<half>am|pm)|(?P<noon>noon|midi))$"
)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_NUMBERS = re.compile(r"(\d{1,2})[/.](\d{1,2})\.?(?:/?(\d{4}))?")
_DAY_MONTH = re.compile(
    r"(?:the )?(\d{1,2})(?:er|st|nd|rd|th)?\.? (?:of )?([a-z]{3,9})\.?(?: (\d{4}))?"
)
_MONTH_DAY = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?")
_WEEKDAY = re.compile(r"(next |this |ce )?([a-z]{3,9})\.?(?: prochain)?")


@dataclass(frozen=True, slots=True)
class Offset:
    """So much later than now; with `at`, whole days later, at that time of day."""

    by: timedelta
    at: time | None = None


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """So many working days later, from 1; without `at`, the time of day was not said."""

    number: int
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A day of the week and a date that is another one: nobody knows which was meant."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a time of day, or both; what is None was not said."""

    day: date | None
    time: time | None


Named = Offset | WorkingDays | Moment | Contradiction


def read(text: str, today: date, language: str) -> Named | None:
    """What `text` names, seen from `today`; None when it is no date at all, or no such day."""
    offset = _offset(text)
    if offset is not None:
        return offset
    at, rest = _time(text)
    if not rest:
        return Moment(None, at) if at is not None else None
    named = _offset(rest)
    if named is not None:
        return _at(named, at)
    day = _day(rest, today, language)
    if day is not None and _contradicts(rest, day):
        return Contradiction()
    return Moment(day, at) if day is not None else None


def _offset(text: str) -> Offset | WorkingDays | None:
    """`+3d`, `+2 h`, `in 3 days`, `dans 2 semaines`, `+3 working days`. Without a sign or word,
    `10h` is a time."""
    if text in _NEXT_WORKING_DAY:
        return WorkingDays(1)
    if not text.startswith(("+", "in ", "dans ")):
        return None
    worked = _WORKING_DAYS.fullmatch(text)
    if worked is not None:
        return WorkingDays(int(worked[1])) if int(worked[1]) else None
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    number, unit = int(found[1]), _UNITS.get(found[2])
    return Offset(number * unit) if unit is not None and number else None


def _at(offset: Offset | WorkingDays, at: time | None) -> Offset | WorkingDays | None:
    """At that time of day; so many hours later it has one of its own."""
    if isinstance(offset, Offset) and offset.by % timedelta(days=1):
        return None
    return replace(offset, at=at)


def _contradicts(text: str, day: date) -> bool:
    """Whether a day of the week is named before a date, and is not that date's."""
    first, _, rest = text.partition(" ")
    number = WEEKDAYS.get(first.strip(".,"))
    return bool(rest) and number is not None and number != day.weekday() and not _is_month(text)


def _is_month(text: str) -> bool:
    """Whether the first word is a month that the text is read by: "mar 24" is in March."""
    return _MONTH_DAY.fullmatch(text) is not None


def _time(text: str) -> tuple[time | None, str]:
    """The time at the end of a text, and what stands before it."""
    found = _TIME_AT_END.search(text)
    if found is None:
        return None, text
    hour = int(found["h"] or found["h24"] or found["h12"] or 12)
    minute = int(found["m"] or found["m24"] or found["m12"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None, text
        hour = hour % 12 + (12 if found["half"] == "pm" else 0)
    if hour > 23 or minute > 59:
        return None, text
    return time(hour, minute), text[: found.start()].rstrip(" ,")


def _day(text: str, today: date, language: str) -> date | None:
    if text in _AHEAD:
        return _later(today, _AHEAD[text])
    for pattern, reader in _FORMS:
        found = pattern.fullmatch(text)
        if found is not None:
            day = reader(found, today, language)
            if day is not None:
                return day
    # "vendredi 27 novembre": the date says it.
    first, _, rest = text.partition(" ")
    if rest and first.strip(".,") in WEEKDAYS:
        return _day(rest, today, language)
    return None


def _iso(found: re.Match[str], _today: date, _language: str) -> date | None:
    return _date(int(found[1]), int(found[2]), int(found[3]))


def _numbers(found: re.Match[str], today: date, language: str) -> date | None:
    """Day first, as in Europe; where that is no date and the language is English, month first."""
    year = int(found[3]) if found[3] else None
    day, month = int(found[1]), int(found[2])
    first = _coming(today, year, month, day)
    if first is None and language == "en":
        return _coming(today, year, day, month)
    return first


def _day_month(found: re.Match[str], today: date, _language: str) -> date | None:
    month = _MONTHS.get(found[2])
    year = int(found[3]) if found[3] else None
    return _coming(today, year, month, int(found[1])) if month else None


def _month_day(found: re.Match[str], today: date, _language: str) -> date | None:
    month = _MONTHS.get(found[1])
    year = int(found[3]) if found[3] else None
    return _coming(today, year, month, int(found[2])) if month else None


def _weekday(found: re.Match[str], today: date, _language: str) -> date | None:
    """The next such day after today; "this" day may be today."""
    number = WEEKDAYS.get(found[2])
    if number is None:
        return None
    if found[1] in ("this ", "ce ") and number == today.weekday():
        return today
    return _later(today, (number - today.weekday() - 1) % 7 + 1)


def _coming(today: date, year: int | None, month: int, day: int) -> date | None:
    """That day of the given year, else of the first year in which it is not over."""
    if year is not None:
        return _date(year, month, day)
    # 29 February may be eight years away (2096 → 2104).
    for ahead in range(9):
        found = _date(today.year + ahead, month, day)
        if found is not None and found >= today:
            return found
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _later(today: date, days: int) -> date | None:
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return None


def on(day: date, at: time, like: datetime) -> datetime:
    """That day and time on the wall clock of `like`."""
    return datetime.combine(day, at.replace(tzinfo=None), like.tzinfo)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date, str], date | None]], ...] = (
    (_ISO, _iso),
    (_NUMBERS, _numbers),
    (_DAY_MONTH, _day_month),
    (_MONTH_DAY, _month_day),
    (_WEEKDAY, _weekday),
)
