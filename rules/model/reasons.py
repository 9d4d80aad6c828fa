"""Why a follow-up changed, or a reminder or letter was not sent: what the store keeps of it, and
`daemon.reasons` says in the reader's language."""

from enum import StrEnum


class Why(StrEnum):
    """A reason without facts of its own; those with facts are `How`, what people ask for `Verb`
    (rules.model.followups)."""

    # Of a follow-up's change.
    REOPENED = "reopened"
    CHANGED_THERE = "changed there"
    EDITED = "edited"
    DELETED_THERE = "deleted in the calendar"
    MOVED_THERE = "moved to a colleague's calendar"
    LESS_TOLD = "less may be told of its exchange"
    NO_RULE = "no rule opens it any more"
    OTHER_RULES = "other rules plan it so"
    RULE_AGAIN = "a rule opens it again"
    FOLLOWS_ANOTHER = "the message that it followed from is gone"
    NOT_HELD = "its meeting did not take place"
    # Of a reminder or letter that is not sent.
    DONE = "done"
    NOT_NEEDED = "not needed"
    DELETED = "deleted"
    BEFORE_LIVE = "older than the installation went live"
    MOVED = "moved"
    REASSIGNED = "reassigned"
    REMINDER_REMOVED = "reminder removed"
    NOT_ACTIVE = "recipient is not active"
    NOT_WANTED = "recipient is not active, or set other options"
    TOO_LATE = "too late"
    RESTORED = "a backup was restored: it may have been sent before"
