"""What was set where, and which of it decides (spec §8): user, then entity, then installation,
then what is built in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from rules.model.people import EntityId, User, UserId
from rules.workdays import NO_HOLIDAYS, OFFICE, Hours

Value = bool | int | str
"""Of an option: yes or no, a number of minutes, or text in the one form of its kind."""


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom an option is set: a user, else an entity, else all."""

    entity: EntityId | None = None
    user: UserId | None = None


ALL = Scope()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options in force; `builtin` holds one value for every key."""

    builtin: Mapping[str, Value] = field(default_factory=dict)
    chosen: Mapping[tuple[str, Scope], Value] = field(default_factory=dict)

    def of(self, key: str, user: UserId | None = None, entity: EntityId | None = None) -> Value:
        """What decides for a user, about something of an entity. Raises KeyError for a key that
        nothing defines."""
        scope = self.where(key, user, entity)
        return self.builtin[key] if scope is None else self.chosen[key, scope]

    def where(
        self, key: str, user: UserId | None = None, entity: EntityId | None = None
    ) -> Scope | None:
        """For whom the value that decides was set; None when nobody set one."""
        scopes = []
        if user is not None:
            scopes.append(Scope(user=user))
        if entity is not None:
            scopes.append(Scope(entity=entity))
        return next((s for s in (*scopes, ALL) if (key, s) in self.chosen), None)


def entity_of(user: User, entity: EntityId | None) -> EntityId | None:
    """Whose options count about something of `entity`; about what is shared by all, those of the
    company that the user works for, if it is only one."""
    if entity is not None or len(user.entities) != 1:
        return entity
    return next(iter(user.entities))


@dataclass(frozen=True, slots=True)
class Wishes:
    """How one user is reminded, of what states nothing else: so long `before`, or on a whole day
    at `all_day_at`; with `hours`, never outside them, nor on a holiday."""

    on: bool = True
    before: timedelta = timedelta(minutes=60)
    template: str | None = None
    all_day_at: time = time(9)
    hours: Hours | None = None
    holidays: frozenset[date] = NO_HOLIDAYS


@dataclass(frozen=True, slots=True)
class DigestWishes:
    """Whether and when a user gets the digest: every day, or on those on which they work."""

    on: bool = False
    at: time = time(8)
    every_day: bool = False
    hours: Hours = OFFICE
    holidays: frozenset[date] = NO_HOLIDAYS
