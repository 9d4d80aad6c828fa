"""Who writes, in one transaction: with their rights, and the options that bind them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from daemon import options
from daemon.i18n import mark
from daemon.sheet.errors import NotAllowed, NotTaken
from daemon.store import Tx, audit, people
from daemon.store import options as stored_options
from rules import access
from rules.access import Action, ExchangeFacts, FollowUpFacts
from rules.model.people import EntityId, Group, GroupId, User, UserId
from rules.options import Chosen, Value, entity_of

Check = Callable[[int], None]
"""Lets pass who has read this revision, and raises for everybody else."""


def whatever(_revision: int) -> None:
    """The check of who has just read it, in the same transaction."""


class Staff(Mapping[UserId, User]):
    """Users by id, each read when it is asked for, while the transaction lasts."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[UserId, User] = {}

    def __getitem__(self, user: UserId) -> User:
        if user not in self._known:
            found = people.get_user(self._tx, user)
            if found is None:
                raise KeyError(user)
            self._known[user] = found
        return self._known[user]

    def __iter__(self) -> Iterator[UserId]:
        return iter(people.users(self._tx))

    def __len__(self) -> int:
        return len(people.users(self._tx))

    def emails(self, users: Iterable[UserId | None]) -> dict[UserId, str]:
        """The addresses of those of these whom there are."""
        known = (self.get(user) for user in dict.fromkeys(users) if user is not None)
        return {user.id: user.email for user in known if user is not None}


@dataclass(frozen=True, slots=True)
class Writer:
    """`user` writes, now. Made by `writer`."""

    tx: Tx
    user: User
    groups: Mapping[GroupId, Group]
    chosen: Chosen
    now: datetime
    users: Staff = field(repr=False)

    @property
    def id(self) -> UserId | None:
        """The user as rows refer to them; the operator is nobody of staff."""
        return self.user.id or None

    @property
    def name(self) -> str:
        """As the audit trail and histories name them."""
        return self.user.email or self.user.name

    def may(self, action: Action, thing: ExchangeFacts | FollowUpFacts | None = None) -> bool:
        """As `access.may`."""
        return access.may(self.user, self.groups, action, thing)

    def must(self, action: Action, thing: ExchangeFacts | FollowUpFacts | None = None) -> None:
        """Raises NotAllowed where they may not."""
        if not self.may(action, thing):
            raise NotAllowed(mark("you have no right to do this"))

    def reaches(self, entity: EntityId | None) -> bool:
        """Whether what belongs to this entity concerns them."""
        return access.reaches(self.user, self.groups, entity)

    def option(self, key: str, entity: EntityId | None) -> Value:
        """What an option says, to them, of something of `entity`."""
        return self.chosen.of(key, self.id, entity_of(self.user, entity))

    def note(self, action: str, subject: str) -> None:
        """Append to the audit trail; neither part may tell what a thing says."""
        audit.note(self.tx, self.name, action, subject, self.now)

    def colleague(self, parameter: str, email: str) -> User:
        """The user with this address. Raises NotTaken."""
        found = people.user_by_email(self.tx, email)
        if found is None or not found.active:
            raise NotTaken(parameter, mark("nobody of us has this address"))
        return found


def writer(tx: Tx, user: User, builtin: Mapping[str, Value], now: datetime) -> Writer:
    """`user`, as they may write in this transaction; `builtin` is what holds of options that
    nobody set."""
    chosen = options.chosen(builtin, stored_options.in_force(tx))
    return Writer(tx, user, people.groups(tx), chosen, now, Staff(tx))
