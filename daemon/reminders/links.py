"""What the links of a reminder offer, and for which time of the follow-up they were made."""

from rules.model.followups import FollowUp

ACTIONS = ("done", "+1h", "+1d", "+7d")
"""The words of the links are those that a reply may use too."""

_FROM_START = frozenset({"+1h"})


def verb(action: str, follow_up: FollowUp) -> str:
    """The action as a token says it. One that counts from the start of the follow-up is for that
    start alone: pressed twice, it must not move twice."""
    said = f"{action}@{follow_up.schedule_version}"
    # A token has room for ten octets (rules.replies.token).
    return said if action in _FROM_START and len(said) <= 10 else action


def of_verb(said: str) -> tuple[str, int | None]:
    """The action, and the schedule version that it is for; None: for any."""
    action, mark, version = said.partition("@")
    return action, int(version) if mark and version.isdecimal() else None


def is_stale(version: int | None, follow_up: FollowUp) -> bool:
    """Whether the follow-up was given another time since."""
    return version is not None and version != follow_up.schedule_version
