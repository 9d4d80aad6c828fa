"""What is done to follow-ups: done, not needed, put off, opened again, taken back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from daemon import options
from daemon.i18n import mark
from daemon.sheet import follow_ups
from daemon.sheet.errors import NotTaken
from daemon.sheet.follow_up_entry import UNITS
from daemon.sheet.writer import Check, Writer
from rules import replies
from rules.model.followups import Command, FollowUp, NotUnderstood, Reminder, State, Verb, Why
from rules.model.sightings import When
from rules.options import entity_of
from rules.zones import zone

_HINTS = {
    Why.WORDS: mark("'{words}' is not a time I know: 'tuesday 10am', 'mardi 10h', '+3d'"),
    Why.PAST: mark("'{words}' is over: give a time to come"),
    Why.CONTRADICTION: mark("'{words}' names a day of the week that its date does not fall on"),
}
_VERBS = {
    "done": Verb.DONE,
    "not_needed": Verb.NOT_NEEDED,
    "reopen": Verb.REOPEN,
    "undo": Verb.REOPEN,
}
_DATE = "2026-11-24"


def act(writer: Writer, name: str, check: Check, action: str, to: str | None = None) -> FollowUp:
    """`action` is one of done, not_needed, reopen, undo, postpone; the last one `to` a time, in
    words or exactly. Twice changes nothing more. Raises NotThere, NotAllowed, NotTaken, Changed,
    and what `check` raises."""
    found = follow_ups.find(writer, name)
    if action == "undo" and found.state is State.TO_DO:
        # Asked twice, or never closed: there is nothing to take back.
        return follow_ups.act(writer, found, check, Command(Verb.REOPEN))
    if action in _VERBS:
        return follow_ups.act(writer, found, check, Command(_VERBS[action]))
    if to is None:
        raise NotTaken("to", mark("say when"))
    return follow_ups.act(
        writer, found, check, Command(Verb.POSTPONE, ahead(writer, to, found.when))
    )


def ahead(writer: Writer, text: str, current: When | None = None) -> When:
    """A time to come, on the clock of the writer; what it leaves open is as in `current`, and
    working days are those of their company. Raises NotTaken, which says whether the words are
    unknown, over, or contradict themselves."""
    user = writer.user
    found = exact(text, user.timezone)
    if found is not None and len(text) > len(_DATE):
        if found <= writer.now:
            raise _not_taken(NotUnderstood(text, Why.PAST))
        lasts = current.end - current.start if current is not None and current.end else None
        return When(found, found + lasts if lasts else None, zone=user.timezone)
    holidays = options.holidays(writer.chosen, entity_of(user, None))
    command = replies.parse(text, writer.now, zone(user.timezone), user.language, current, holidays)
    if isinstance(command, NotUnderstood):
        raise _not_taken(command)
    if command.to is None:
        raise _not_taken(NotUnderstood(text))
    return command.to


def exact(text: str, zone_name: str) -> datetime | None:
    """The moment that ISO 8601 names, on the clock of this zone unless it says another; of an
    ordinary year."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1900 <= found.year <= 2200:
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone_name))


def in_units(one: Reminder) -> tuple[int | None, str]:
    """Its length as a person put it, else in the largest unit that says it exactly."""
    if one.before is None:
        return None, "minutes"
    named = [one.unit] if one.unit in UNITS else ["weeks", "days", "hours", "minutes"]
    for unit in named:
        number, rest = divmod(one.before, UNITS[unit])
        if rest == timedelta():
            return number, unit
    return one.before // UNITS["minutes"], "minutes"


def _not_taken(said: NotUnderstood) -> NotTaken:
    return NotTaken("to", _HINTS[said.why], words=said.line)
