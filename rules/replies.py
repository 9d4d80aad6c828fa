"""What an answer to a reminder asks for (spec §8): one line of plain words, or a signed link."""

import base64
import binascii
import hashlib
import hmac
import re
import struct
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from rules import dates, workdays
from rules.merge import Changes
from rules.model.followups import Command, FollowUp, FollowUpId, NotUnderstood, State, Verb, Why
from rules.model.people import UserId
from rules.model.sightings import When
from rules.words import fold, one_line
from rules.workdays import NO_HOLIDAYS
from rules.zones import local
from rules.zones import zone as zone_named

LONGEST_LINE = 120
"""No command is longer; a longer first line is a letter, not a command."""

# What may stand above an answer: a long quotation is answered below, if at all, by nobody here.
_LOOK_AT = 20_000
_ATTRIBUTION_LINES = 4

_WORDS: dict[Verb, tuple[str, ...]] = {
    Verb.DONE: (
        "done",
        "ok",
        "okay",
        "fait",
        "c'est fait",
        "it's done",
        "termine",
        "terminee",
        "fini",
        "finished",
        "complete",
        "completed",
        "regle",
    ),
    Verb.NOT_NEEDED: (
        "not needed",
        "not_needed",
        "no longer needed",
        "inutile",
        "annuler",
        "annule",
        "cancel",
        "cancelled",
        "plus necessaire",
        "pas necessaire",
        "sans objet",
    ),
    Verb.REOPEN: ("reopen", "rouvrir", "undo", "a faire", "to do"),
}
_VERBS = {word: verb for verb, words in _WORDS.items() for word in words}

_COURTESY = re.compile(r"^(?:please|svp|stp),? |[ ,.;!]+(?:please|thanks|thank you|merci|svp|stp)$")
_POSTPONE = re.compile(
    r"^(?:postpone|move|remind me|reporter|reporte|decaler|remettre|repousser|rappeler)(?: |$)"
)
_LINK = re.compile(r"^(?:to|until|on|at|au|a|le|pour) ")
_DATE_TIME_T = re.compile(r"(\d{4}-\d{2}-\d{2})t(\d{2}:\d{2})")


def parse(
    text: str,
    now: datetime,
    zone: tzinfo | str,
    language: str,
    current: When | None = None,
    holidays: Container[date] = NO_HOLIDAYS,
) -> Command | NotUnderstood:
    """The command in the first written line; quoted text below it never counts.

    Times are the user's, in `zone`. A day without a time keeps the time of day of `current`; an
    hour without a day is the next such hour. Hours put off count from `current` where that is
    still to come. What would lie in the past is not understood. Which day a name such as "mardi"
    is, says `rules.dates`.
    """
    line = first_line(text)
    if len(line) > LONGEST_LINE:
        return NotUnderstood(line[:LONGEST_LINE])
    words = _plain(line)
    if words in _VERBS:
        return Command(_VERBS[words])
    where = zone_named(zone) if isinstance(zone, str) else zone
    here = local(now, where)
    named = dates.read(_without_verb(words), here.date(), language)
    if named is None:
        return NotUnderstood(line)
    if isinstance(named, dates.Contradiction):
        return NotUnderstood(line, Why.CONTRADICTION)
    try:
        to = _when(named, here, current, holidays)
    except OverflowError:
        return NotUnderstood(line)
    return Command(Verb.POSTPONE, to) if to is not None else NotUnderstood(line, Why.PAST)


def first_line(text: str) -> str:
    """The first line that its writer wrote: what is quoted above it, by ">", and the "On … wrote:"
    before that, is passed over. Empty when all is quoted."""
    bare = text.lstrip("\ufeff \t\r\n\f\v\xa0")
    lines = bare[:_LOOK_AT].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [line.strip(" \t\f\v\xa0") for line in lines]
    at = 0
    while at < len(lines):
        if lines[at] and not lines[at].startswith(">"):
            end = _attribution(lines, at)
            if end is None:
                return one_line(lines[at])
            at = end
        at += 1
    return ""


def _attribution(lines: Sequence[str], at: int) -> int | None:
    """The last line of an attribution from `at` on, which leads into a quotation."""
    for end in range(at, min(at + _ATTRIBUTION_LINES, len(lines))):
        if not lines[end] or lines[end].startswith(">"):
            return None
        if lines[end].endswith(":"):
            following = next((line for line in lines[end + 1 :] if line), "")
            return end if following.startswith(">") else None
    return None


def _plain(line: str) -> str:
    """Folded, without courtesies and the punctuation around it."""
    words = fold(line).strip(" .,;:!?\"'*_-")
    return _COURTESY.sub("", words).strip(" .,;:!")


def _without_verb(words: str) -> str:
    words = _POSTPONE.sub("", words)
    words = _LINK.sub("", words)
    return _DATE_TIME_T.sub(r"\1 \2", words)


def _when(
    named: dates.Offset | dates.WorkingDays | dates.Moment,
    here: datetime,
    current: When | None,
    holidays: Container[date],
) -> When | None:
    """The new time, after now; it lasts as long as the old one. None: it would be in the past.

    Raises OverflowError where the calendar ends.
    """
    keeps_day = current is not None and current.all_day
    before = local(current.start, here.tzinfo or UTC) if current is not None else here
    start, is_day = _start(named, here, before, keeps_day=keeps_day, holidays=holidays)
    if keeps_day and is_day:
        return _all_day(start, here)
    # An hour that the clocks skip is the one that they show instead.
    start = _minute(start.astimezone(UTC)).astimezone(here.tzinfo)
    if start.timestamp() <= here.timestamp():
        return None
    return When(start, _end(start, current), zone=_name(here))


def _start(
    named: dates.Offset | dates.WorkingDays | dates.Moment,
    here: datetime,
    before: datetime,
    *,
    keeps_day: bool,
    holidays: Container[date],
) -> tuple[datetime, bool]:
    """When it begins, and whether only a day was named."""
    match named:
        case dates.Offset(by) if by % timedelta(days=1):
            # Told an hour ahead, "+1h" is an hour later than it would have been.
            begins = here if keeps_day else max(here, before, key=datetime.timestamp)
            return (begins.astimezone(UTC) + by).astimezone(here.tzinfo), False
        case dates.Offset(by, at):
            return dates.on((here + by).date(), at or before.time(), here), at is None
        case dates.WorkingDays(number, at):
            day = workdays.working_day_after(here.date(), number, holidays)
            return dates.on(day, at or before.time(), here), at is None
        case dates.Moment(None, at):
            start = dates.on(here.date(), at or before.time(), here)
            return (start if start > here else start + timedelta(days=1)), False
        case dates.Moment(day, at):
            return dates.on(day or here.date(), at or before.time(), here), at is None


def _all_day(start: datetime, here: datetime) -> When | None:
    if start.date() <= here.date():
        return None
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return When(midnight, all_day=True, zone=_name(here))


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _end(start: datetime, current: When | None) -> datetime | None:
    if current is None or current.end is None or current.all_day:
        return None
    lasts = current.end.astimezone(UTC) - current.start.astimezone(UTC)
    return (start.astimezone(UTC) + lasts).astimezone(start.tzinfo)


def _name(here: datetime) -> str:
    return here.tzinfo.key if isinstance(here.tzinfo, ZoneInfo) else "UTC"


def apply(follow_up: FollowUp, command: Command, now: datetime) -> Changes:
    """What a command changes; carried out twice, it changes nothing more. Postponing one that
    was closed opens it again; into the past, it is refused."""
    match command.verb:
        case Verb.DONE:
            return Changes(state=State.DONE)
        case Verb.NOT_NEEDED:
            return Changes(state=State.NOT_NEEDED)
        case Verb.REOPEN:
            return Changes(state=State.TO_DO)
        case Verb.POSTPONE:
            if command.to is None or (command.to.start <= now and not command.to.all_day):
                return Changes()
            return Changes(when=command.to, state=State.TO_DO)


# --- Tokens -----------------------------------------------------------------------------------
#
# follow-up (5 octets), user (4), expiry (4, seconds of Unix time), verb, then 12 octets of
# HMAC-SHA-256 over the rest. In lower-case base32, for the local part of an address does not keep
# its letter case.

_HEAD = struct.Struct(">BIII")
_SEAL = 12
LONGEST_VERB = 40
"""Octets; that of an answer's address has one, so that "suivi+" and its token fit into the 64
octets of a local part (RFC 5321 §4.5.3.1.1), with some left for a longer name."""
REPLY = "r"
"""The verb of the address that answers go to: what is asked for stands in the mail."""
LONGEST_TOKEN = 104
REPLY_TOKEN = 42
"""Characters of a token for an address."""


@dataclass(frozen=True, slots=True)
class Token:
    """A signed permission for one user to do one thing to one follow-up, until `expires`."""

    follow_up: FollowUpId
    user: UserId
    verb: str
    expires: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether it has expired."""
        return now >= self.expires


def token(secret: bytes, follow_up: FollowUpId, user: UserId, verb: str, expires: datetime) -> str:
    """A signed permission for one user to do one thing to one follow-up, until `expires`.

    `verb` is any words that `parse` takes, or says what else a link is for, in at most 40 octets.
    """
    said = verb.encode()
    if not 1 <= len(said) <= LONGEST_VERB:
        raise ValueError(f"a verb of 1 to {LONGEST_VERB} octets, not {verb!r}")
    high, low = divmod(follow_up, 2**32)
    body = _HEAD.pack(high, low, user, int(expires.timestamp())) + said
    return base64.b32encode(body + _seal(secret, body)).decode().rstrip("=").lower()


def read_token(secret: bytes, token: str) -> Token | None:
    """What a token permits, be it over or not; None when it is forged or damaged."""
    text = token.strip().upper()
    if len(text) > LONGEST_TOKEN or not text.isascii():
        return None
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        return None
    body, seal = raw[:-_SEAL], raw[-_SEAL:]
    if len(body) <= _HEAD.size or not hmac.compare_digest(seal, _seal(secret, body)):
        return None
    high, low, user, expires = _HEAD.unpack_from(body)
    return Token(
        FollowUpId(high * 2**32 + low),
        UserId(user),
        body[_HEAD.size :].decode(),
        datetime.fromtimestamp(expires, UTC),
    )


def _seal(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, b"suivi answer\0" + body, hashlib.sha256).digest()[:_SEAL]
