"""What the signed links of a mail offer, and for which time of the follow-up they were made."""

from collections.abc import Mapping

from rules.model.followups import FollowUp

OPEN = "open"
"""The verb of the link that shows a follow-up, and changes nothing whoever presses what."""

REOPEN = "reopen"
"""The verb of the link that takes a closing back."""

ACTIONS: Mapping[str, str] = {
    "done": "done",
    "hour": "+1h",
    "tomorrow": "+1d",
    "monday": "next monday",
}
"""The links of a reminder by name, and their words, which are those that a reply may use too."""


def verb(words: str, follow_up: FollowUp) -> str:
    """The words as a token says them: for the follow-up as it is scheduled now. Pressed twice a
    link must not move it twice, and what was moved or reopened since is another matter."""
    return f"{words}@{follow_up.schedule_version}"


def of_verb(said: str) -> tuple[str, int | None]:
    """The words, and the schedule version that they are for; None: for any."""
    words, mark, version = said.rpartition("@")
    return (words, int(version)) if mark and version.isdecimal() else (said, None)


def is_stale(version: int | None, follow_up: FollowUp) -> bool:
    """Whether the follow-up was given another time, or was opened again, since."""
    return version is not None and version != follow_up.schedule_version
