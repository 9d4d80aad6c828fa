"""When somebody who is away says that they will be back: in an automatic reply, in French,
English, German or Spanish.

Only what is said plainly counts: a whole date, of which there is one. A wrong guess is worse than
none, so weekdays alone, dates that may be read in two ways, and texts that name several ends of an
absence yield nothing.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from rules import closing, workdays
from rules.model.exchanges import Direction, Exchange
from rules.model.followups import Away, FollowUp, FollowUpId, State
from rules.model.sightings import MailKind
from rules.words import fold
from rules.zones import local_date

LOOK_AT = 3000
"""Characters of a text; whoever is away says it at the top."""

AT_MOST = timedelta(days=120)
"""Who is away for longer is not waited for."""

_DAYS = (
    "lundi monday montag lunes",
    "mardi tuesday dienstag martes",
    "mercredi wednesday mittwoch miercoles",
    "jeudi thursday donnerstag jueves",
    "vendredi friday freitag viernes",
    "samedi saturday samstag sonnabend sabado",
    "dimanche sunday sonntag domingo",
)
_WEEKDAYS = {name: n for n, names in enumerate(_DAYS) for name in names.split()}
_WEEKDAYS |= {name[:3]: n for name, n in _WEEKDAYS.items() if name in _DAYS[n].split()[1]}

_YEAR = (
    "janvier janv january jan januar janner enero ene",
    "fevrier fevr fev february feb februar febrero",
    "mars march mar marz marzo",
    "avril avr april apr abril abr",
    "mai may mayo",
    "juin june jun juni junio",
    "juillet juil july jul juli julio",
    "aout august aug agosto ago",
    "septembre sept sep september septiembre setiembre",
    "octobre oct october oktober okt octubre",
    "novembre nov november noviembre",
    "decembre dec december dezember dez diciembre dic",
)
_MONTHS = {name: n for n, names in enumerate(_YEAR, 1) for name in names.split()}

_WORD = r"[a-z]{3,11}"
_ORDINAL = r"(?:er|st|nd|rd|th|\.)?"
_DATE = re.compile(
    rf"(?:(?P<day>{_WORD})\.?,? )?(?:(?:le|the|den|dem|el|dia) )?(?:"
    r"(?P<iso>\d{4}-\d{2}-\d{2})"
    r"|(?P<n1>\d{1,2})[./](?P<n2>\d{1,2})(?:[./](?P<ny>\d{4}|\d{2})?)?(?![\d/])(?!\.\d)"
    rf"|(?P<d1>\d{{1,2}}){_ORDINAL} (?:of |de )?(?P<m1>{_WORD})\.?"
    r"(?:,? (?:de |del )?(?P<y1>\d{4}))?"
    rf"|(?P<m2>{_WORD})\.? (?P<d2>\d{{1,2}}){_ORDINAL}(?:,? (?P<y2>\d{{4}}))?"
    r")(?![\d])"
)

_FILL = (
    r"(?:(?: au bureau| dans nos bureaux| parmi nous| in the office| at the office| to the office"
    r"| to work| at work| im buro| fur sie da| fur sie erreichbar| erreichbar| da"
    r"| a la oficina| en la oficina| a partir du| a partir de| a partir del| a compter du"
    r"| starting| from| as of| prevu| prevue| on| ab| ab dem| am| seit| le| el| dia| :|,)){0,4} "
)

# What comes before a day of return.
_BACK = re.compile(
    r"\b(?:de retour|(?:mon|notre|date de|son) retour(?: est)?|reviens|reviendrai|rentre|rentrerai"
    r"|(?:a nouveau|de nouveau) (?:joignable|disponible|present|presente)"
    r"|(?<!get )(?<!call )(?<!write )(?<!report )back|return|returning|available again"
    r"|zuruck|wieder"
    r"|de vuelta|de regreso|regreso|regresare|vuelvo|volvere|reincorporo|disponible de nuevo)"
    + _FILL
)
# What comes before the last day of an absence.
_UNTIL = re.compile(
    r"\b(?:jusqu'au|jusqu'a|until|till|through|bis(?: einschliesslich)?(?: zum)?|hasta)"
    r"(?: and including)? "
)
_RANGE = re.compile(r"\b(?P<word>du|from|vom|del|between|entre|desde) ")
_TO = re.compile(
    r",? (?:au|to|until|till|through|and|bis(?: zum)?|al|hasta|et)(?: and including)? "
)
# "ab dem 4. Januar wieder erreichbar": the day comes first.
_FROM = re.compile(r"\b(?:ab dem|ab|am) ")
_AGAIN = re.compile(r"[^.!?]{0,40}?\b(?:wieder|zuruck)\b")

_DAY = re.compile(r"(?:le )?\d{1,2}\.?")
_OR = re.compile(r",? (?:ou|or|oder|o) ")

_ENGLISH = re.compile(r"\b(?:the|office|will|back|return|until|away)\b")


@dataclass(frozen=True, slots=True)
class _Ambiguous:
    """A date that may be read in two ways, or that contradicts itself."""


def back_on(subject: str, text: str, sent: date) -> date | None:
    """The first day on which they are back, after `sent`; None when that is not said plainly."""
    said = f"{fold(subject[:500])} . {fold(text[:LOOK_AT])}"
    english = _ENGLISH.search(said) is not None
    returns = set(_returns(said, sent, month_first=english))
    ends = set(_ends(said, sent, month_first=english))
    if any(isinstance(d, _Ambiguous) for d in returns | ends):
        return None
    if len(returns) > 1 or len(ends) > 1:
        return None
    back = next((d for d in returns if isinstance(d, date)), None)
    end = next((d for d in ends if isinstance(d, date)), None)
    if back is not None:
        return back if end is None or end <= back else None
    # "until the 3rd" leaves open whether that day is still one of absence.
    return None if end is None else end + timedelta(days=1)


def proposals(
    exchange: Exchange,
    open_follow_ups: Iterable[FollowUp],
    sources: Mapping[FollowUpId, Exchange],
    holidays: Container[date],
) -> tuple[Away, ...]:
    """Which follow-ups wait for somebody who says that they are away, and the working day after
    their return to put them off to; nothing moves by itself.

    `sources` are the exchanges that follow-ups follow from.
    """
    if exchange.kind is not MailKind.AUTO_REPLY or exchange.direction is not Direction.INBOUND:
        return ()
    written = exchange.comment[: exchange.quoted_from]
    back = back_on(exchange.subject, written, exchange.happened_at.date())
    if back is None:
        return ()
    day = workdays.working_day_after(back, 1, holidays)
    return tuple(
        Away(f, exchange, back, day)
        for f in open_follow_ups
        if waits_for(f, exchange, sources.get(f.id)) and local_date(f.when) < back
    )


def waits_for(follow_up: FollowUp, exchange: Exchange, source: Exchange | None) -> bool:
    """Whether it waits for one of those whom an exchange is with: whom it names, or else whom the
    exchange was with that it follows from."""
    if follow_up.state is not State.TO_DO or not follow_up.live:
        return False
    if follow_up.third_party not in exchange.third_parties:
        return False
    if follow_up.contact is not None:
        return follow_up.contact in exchange.contacts
    if source is None:
        return False
    same = not set(source.contacts).isdisjoint(exchange.contacts)
    return same or closing.is_same_thread(source, exchange)


def _returns(said: str, sent: date, *, month_first: bool) -> Iterator[date | _Ambiguous]:
    for found in _BACK.finditer(said):
        day = _date(said, found.end(), sent, month_first=month_first)
        if day is not None:
            yield day[0]
    for found in _FROM.finditer(said):
        day = _date(said, found.end(), sent, month_first=False)
        if day is not None and _AGAIN.match(said, day[1]):
            yield day[0]


def _ends(said: str, sent: date, *, month_first: bool) -> Iterator[date | _Ambiguous]:
    for found in _UNTIL.finditer(said):
        day = _date(said, found.end(), sent, month_first=month_first)
        if day is not None:
            yield day[0]
    for found in _RANGE.finditer(said):
        # The first day may be long past, and may leave the month to the second.
        first = _DATE.match(said, found.end()) or _DAY.match(said, found.end())
        to = _TO.match(said, first.end()) if first else None
        day = _date(said, to.end(), sent, month_first=month_first) if to else None
        if day is not None:
            yield day[0]


def _date(
    said: str, at: int, sent: date, *, month_first: bool
) -> tuple[date | _Ambiguous, int] | None:
    """The date that stands there, and where it ends; None when there is none that is plain."""
    found = _DATE.match(said, at)
    if found is None:
        return None
    days = {d for d in _readings(found, sent, month_first=month_first) if _is_near(d, sent)}
    weekday = _WEEKDAYS.get(found["day"]) if found["day"] else None
    if found["day"] and weekday is None:
        return None
    if not days:
        return None
    if len(days) > 1 or _OR.match(said, found.end()):
        return _Ambiguous(), found.end()
    (day,) = days
    if weekday is not None and day.weekday() != weekday:
        return _Ambiguous(), found.end()
    return day, found.end()


def _readings(found: re.Match[str], sent: date, *, month_first: bool) -> Iterator[date]:
    """Every day that the words may mean."""
    if found["iso"]:
        yield from _day(*map(int, found["iso"].split("-")))
        return
    if found["n1"]:
        one, two = int(found["n1"]), int(found["n2"])
        year = _whole(found["ny"])
        yield from _in(year, two, one, sent)
        if month_first and one != two:
            yield from _in(year, one, two, sent)
        return
    name, number = found["m1"] or found["m2"], found["d1"] or found["d2"]
    named = _MONTHS.get(name)
    if named is not None:
        yield from _in(_whole(found["y1"] or found["y2"]), named, int(number), sent)


def _whole(year: str | None) -> int | None:
    if year is None:
        return None
    return int(year) + (2000 if len(year) == 2 else 0)


def _in(year: int | None, month: int, day: int, sent: date) -> Iterator[date]:
    """That day of the year, or of the years around when none was said."""
    for one in (year,) if year is not None else (sent.year, sent.year + 1):
        yield from _day(one, month, day)


def _day(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


def _is_near(day: date, sent: date) -> bool:
    return timedelta(0) < day - sent <= AT_MOST
