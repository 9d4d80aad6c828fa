"""What is turned away before anybody asks whom it concerns; each gate is one step of the trace."""

from collections.abc import Callable
from datetime import datetime

from rules import identity
from rules.model.decisions import Reason, Step
from rules.model.people import Directory
from rules.model.sightings import (
    Answer,
    Component,
    Event,
    FolderRole,
    MailPlace,
    Message,
    Sighting,
)
from rules.privacy import kept_out, place_kept_out
from rules.ruleset import RuleSet

Gate = Callable[[RuleSet, Directory, Sighting], str | None]
"""Why a sighting is turned away, as evidence; None lets it pass."""


class Gates:
    """Gates in the order in which they are asked; `passed` are the steps of what passes all."""

    def __init__(self, *gates: tuple[str, Reason, Gate]) -> None:
        self.gates = gates
        self.passed = tuple(Step(question, "no") for question, _, _ in gates)


def pass_through(
    gates: Gates, ruleset: RuleSet, directory: Directory, sighting: Sighting
) -> tuple[Reason | None, tuple[Step, ...]]:
    """The reason of the first gate that turns it away, and the steps so far."""
    for n, (question, reason, gate) in enumerate(gates.gates):
        evidence = gate(ruleset, directory, sighting)
        if evidence is not None:
            return reason, (*gates.passed[:n], Step(question, "yes", evidence))
    return None, gates.passed


def _is_own_mail(ruleset: RuleSet, _directory: Directory, sighting: Sighting) -> str | None:
    message = _message(sighting)
    if ruleset.own_marker.lower() in message.headers:
        return f"header {ruleset.own_marker}"
    if ruleset.own_list_id in message.headers.get("list-id", "")[:1000]:
        return "List-Id"
    return None


_UNSENT_ROLES = frozenset({FolderRole.DRAFTS, FolderRole.JUNK, FolderRole.TRASH})
_UNSENT_FLAGS = frozenset({"\\draft", "$junk", "junk"})
_NOT_JUNK = frozenset({"$notjunk", "notjunk", "nonjunk"})


def _is_unsent(_ruleset: RuleSet, _directory: Directory, sighting: Sighting) -> str | None:
    place = sighting.place
    return _unsent(place) if isinstance(place, MailPlace) else None


def _unsent(place: MailPlace) -> str | None:
    if place.role in _UNSENT_ROLES:
        return f"folder is {place.role}"
    if not place.keywords:
        return None
    flags = {k.lower() for k in place.keywords}
    if "\\draft" in flags or (flags & _UNSENT_FLAGS and not flags & _NOT_JUNK):
        return "flag"
    return None


def is_open(ruleset: RuleSet, place: MailPlace) -> bool:
    """Whether a message may pass these gates, as far as they ask where it lies and how it is
    flagged."""
    return _unsent(place) is None and place_kept_out(ruleset, place) is None


def _is_kept_out(ruleset: RuleSet, _directory: Directory, sighting: Sighting) -> str | None:
    return kept_out(ruleset, sighting)


def _is_private(_ruleset: RuleSet, _directory: Directory, sighting: Sighting) -> str | None:
    # Any value but PUBLIC: an unknown one is to be treated as PRIVATE (RFC 5545 §3.8.1.3).
    class_ = _event(sighting).class_.upper()
    return None if class_ in ("", "PUBLIC") else "its CLASS is not PUBLIC"


def _is_free_busy(_ruleset: RuleSet, _directory: Directory, sighting: Sighting) -> str | None:
    return "free-busy only" if _event(sighting).free_busy_only else None


def _is_cancelled(_ruleset: RuleSet, _directory: Directory, sighting: Sighting) -> str | None:
    return "STATUS" if _event(sighting).status.upper() == "CANCELLED" else None


def _is_declined(_ruleset: RuleSet, directory: Directory, sighting: Sighting) -> str | None:
    if sighting.owner is None:
        return None
    for attendee in _event(sighting).attendees:
        user = directory.users_by_key.get(identity.key(attendee.address.email))
        if user == sighting.owner and attendee.answer is Answer.DECLINED:
            return "PARTSTAT of the calendar's owner"
    return None


def _is_series(_ruleset: RuleSet, _directory: Directory, sighting: Sighting) -> str | None:
    return "each occurrence is judged on its own" if _event(sighting).recurs else None


def _has_no_time(_ruleset: RuleSet, _directory: Directory, sighting: Sighting) -> str | None:
    return "no start" if _event(sighting).when is None else None


def _is_task(_ruleset: RuleSet, _directory: Directory, sighting: Sighting) -> str | None:
    return "VTODO" if _event(sighting).component is Component.VTODO else None


def _message(sighting: Sighting) -> Message:
    if not isinstance(sighting.what, Message):
        raise TypeError("a gate for messages met an event")
    return sighting.what


def _event(sighting: Sighting) -> Event:
    if not isinstance(sighting.what, Event):
        raise TypeError("a gate for events met a message")
    return sighting.what


MAIL = Gates(
    ("suivi's own mail?", Reason.OWN_MAIL, _is_own_mail),
    ("draft, junk or trash?", Reason.DRAFT_OR_JUNK, _is_unsent),
    ("kept out?", Reason.KEPT_OUT, _is_kept_out),
)

CALENDAR = Gates(
    ("private?", Reason.PRIVATE, _is_private),
    ("free-busy only?", Reason.FREE_BUSY, _is_free_busy),
    ("kept out?", Reason.KEPT_OUT, _is_kept_out),
    ("cancelled?", Reason.CANCELLED, _is_cancelled),
    ("declined?", Reason.DECLINED, _is_declined),
    ("a series?", Reason.SERIES, _is_series),
    ("without a time?", Reason.NO_TIME, _has_no_time),
)
"""What turns away meetings and follow-ups alike."""

MEETING = Gates(("a task, not a meeting?", Reason.NO_TIME, _is_task))


def too_old(moment: datetime | None, since: datetime | None) -> Step | None:
    """The step that turns away what is older than `since`; None lets it pass."""
    if since is None or moment is None or moment >= since:
        return None
    return Step("too old?", "yes", f"before {since.isoformat()}")
