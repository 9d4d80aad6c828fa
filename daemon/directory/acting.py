"""Who does something, and why it is not done."""

from dataclasses import dataclass
from datetime import datetime

from daemon.i18n import Told, mark
from daemon.store import Tx, audit, people
from rules import access
from rules.access import Action, PartyFacts
from rules.model.people import Right, User, UserId


class Refusal(Told):
    """Something is not done; says why, in words that can be translated."""


class NotAllowed(Refusal):
    """It needs a right that whoever asks has not."""


class Missing(Refusal):
    """There is no such thing, or none that may be seen."""


class Conflict(Refusal):
    """It contradicts something that is there."""


class Unfit(Refusal):
    """A value is not one that this takes."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: a user of the API; or whoever runs suivi, whose machine it is, with no `user`.
    `name` is what the audit trail says."""

    user: User
    name: str
    at: datetime

    @property
    def id(self) -> UserId | None:
        """Their number; None for whoever runs suivi."""
        return self.user.id or None

    def needs(self, tx: Tx, action: Action, thing: PartyFacts | None = None) -> None:
        """Raises NotAllowed unless they may. Of a thing that is there, whether it may be seen is
        asked first: what may not be seen is not there."""
        if not access.may(self.user, people.groups(tx), action, thing):
            raise NotAllowed(_NEEDED[action])

    def note(self, tx: Tx, action: str, subject: str) -> None:
        """A line of the audit trail."""
        audit.note(tx, self.name, action, subject, self.at)


_NEEDED = {
    Action.SEE_THIRD_PARTY: mark("this needs the right to see exchanges or follow-ups"),
    Action.DESCRIBE_THIRD_PARTY: mark("this needs the right to create exchanges"),
    Action.WIDEN_CAPTURE: mark(
        "addresses, domains and privacy decide what is captured of everybody: this needs the right"
        " to configure"
    ),
    Action.CONFIGURE: mark("this needs the right to configure"),
    Action.MANAGE_USERS: mark("this needs the right to manage users"),
    Action.READ_DECISIONS: mark("this needs the right to read decisions"),
}


def actor(user: User, now: datetime) -> Actor:
    """A user who calls."""
    return Actor(user, f"user {user.id}" if user.id else "administrator", now)


def operator(now: datetime, by: User | None = None) -> Actor:
    """Whoever runs suivi on the machine, for themselves or `by` one of staff: all may be done."""
    acting = User(by.id if by else UserId(0), by.name if by else "", "", rights=frozenset(Right))
    return Actor(acting, f"user {by.id}" if by else "administrator", now)
