"""Times as people type them: natural words in English and French, or exactly."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from daemon.cli.context import Trouble, words
from daemon.cli.output import plain

if TYPE_CHECKING:
    from daemon.store import Tx
    from rules.model.followups import NotUnderstood
    from rules.model.people import User
    from rules.model.sightings import When


def ahead(
    tx: "Tx", text: str, now: datetime, user: "User", current: "When | None" = None
) -> "When":
    """A time to come, on the clock of `user`; what it leaves open is as in `current`, and working
    days are those of the user's company.

    Raises Trouble, which says whether the words are unknown, over, or contradict themselves.
    """
    from rules import replies
    from rules.model.followups import NotUnderstood, Why
    from rules.model.sightings import When as Time

    found = exact(text, user)
    if found is not None and len(text) > len("2026-11-24"):
        if found <= now:
            raise _trouble(NotUnderstood(text, Why.PAST))
        lasts = current.end - current.start if current is not None and current.end else None
        return Time(found, found + lasts if lasts else None, zone=user.timezone)
    zone = ZoneInfo(user.timezone)
    command = replies.parse(text, now, zone, user.language, current, _holidays(tx, user))
    if isinstance(command, NotUnderstood):
        raise _trouble(command)
    if command.to is None:
        raise _trouble(NotUnderstood(text))
    return command.to


def _holidays(tx: "Tx", user: "User") -> frozenset[date]:
    from daemon import options
    from daemon.store import options as stored
    from rules.options import entity_of

    chosen = options.chosen(options.defaults(), stored.in_force(tx))
    return options.holidays(chosen, entity_of(user, None))


def past(text: str, user: "User") -> datetime:
    """An exact moment. Raises Trouble."""
    _ = words()
    found = exact(text, user)
    if found is None:
        raise Trouble(_("'{text}' is not a time: 2026-11-24 09:30").format(text=plain(text)))
    return found


def exact(text: str, user: "User") -> datetime | None:
    """The moment that ISO 8601 names, on the clock of `user` unless it says another."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(user.timezone))


def _trouble(said: "NotUnderstood") -> Trouble:
    from rules.model.followups import Why

    _ = words()
    hint = {
        Why.WORDS: _("'{text}' is not a time I know: 'tuesday 10am', 'mardi 10h', '+3d'"),
        Why.PAST: _("'{text}' is over: give a time to come"),
        Why.CONTRADICTION: _("'{text}' names a day of the week that its date does not fall on"),
    }[said.why]
    return Trouble(hint.format(text=plain(said.line)))
