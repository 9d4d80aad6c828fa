"""What answers do: the words of a mail, or the button of a signed link, change a follow-up.

words → replies.parse → Command → access.may → apply → the follow-up arrow writes the calendar
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from daemon.clock import now
from daemon.rulebook import Rulebook
from daemon.store import Store, Tx, audit, follow_ups, people
from rules import access, links, merge, replies
from rules.model.followups import Command, FollowUp, NotUnderstood, State, Verb
from rules.model.people import User
from rules.workdays import NO_HOLIDAYS


class Result(StrEnum):
    """What became of an answer; shown on the page of a link, in the answer mail and in the log."""

    APPLIED = "applied"
    ALREADY = "already"
    NOT_UNDERSTOOD = "not-understood"
    NOT_ALLOWED = "not-allowed"
    UNVERIFIED = "unverified"
    FORGED = "forged"
    EXPIRED = "expired"
    GONE = "gone"
    MOVED = "moved"
    MACHINE = "machine"
    REPEATED = "repeated"
    UNKNOWN_SENDER = "unknown-sender"
    NOT_FOR_US = "not-for-us"
    UNSTORABLE = "unstorable"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the arrow works with; `secret` signed the tokens."""

    store: Store
    rulebook: Rulebook
    secret: bytes = field(repr=False)

    def holidays(self, follow_up: FollowUp) -> frozenset[date]:
        """The days that don't count as working days for it."""
        return self.rulebook.in_force().holidays(follow_up.entity)


@dataclass(frozen=True, slots=True)
class Done:
    """An answer and what became of it; `line` is what could not be understood."""

    result: Result
    user: User | None = None
    follow_up: FollowUp | None = None
    verb: Verb | None = None
    line: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a signed link is for: its words, its follow-up, and whose link it is. `result` is what
    pressing its button would come to."""

    words: str
    follow_up: FollowUp
    user: User
    result: Result


def look(answers: Answers, token: str) -> Seen | Result:
    """What a signed link would do, and to what; else why it does nothing. Changes nothing."""
    with answers.store.read() as tx:
        return _look(answers, tx, token, now())


def act(answers: Answers, token: str) -> tuple[Result, FollowUp | None]:
    """Do what a signed link says (spec §8); the page has asked before. Done once more it does
    nothing more."""
    moment = now()
    with answers.store.write() as tx:
        seen = _look(answers, tx, token, moment)
        if isinstance(seen, Result):
            return seen, None
        if seen.result is not Result.APPLIED or seen.words == links.OPEN:
            return seen.result, seen.follow_up
        free = answers.holidays(seen.follow_up)
        done = say(tx, seen.follow_up, seen.user, seen.words, moment, free)
        return done.result, done.follow_up


def say(
    tx: Tx,
    follow_up: FollowUp,
    user: User,
    words: str,
    now: datetime,
    holidays: frozenset[date] = NO_HOLIDAYS,
) -> Done:
    """Carry out what a user asks for in words. Raises Stale when it changes meanwhile."""
    zone = ZoneInfo(user.timezone)
    command = replies.parse(words, now, zone, user.language, follow_up.when, holidays)
    if isinstance(command, NotUnderstood):
        return Done(Result.NOT_UNDERSTOOD, user, follow_up, line=command.line)
    if not _may(tx, follow_up, user):
        return Done(Result.NOT_ALLOWED, user, follow_up)
    after = _changed(tx, follow_up, user, command, now)
    result = Result.ALREADY if after == follow_up else Result.APPLIED
    return Done(result, user, after, command.verb)


def _look(answers: Answers, tx: Tx, token: str, now: datetime) -> Seen | Result:
    read = replies.read_token(answers.secret, token)
    if read is None or read.verb == replies.REPLY:
        # The address of answers by mail is no link.
        return Result.FORGED
    if read.is_over(now):
        return Result.EXPIRED
    follow_up, user = follow_ups.get(tx, read.follow_up), people.get_user(tx, read.user)
    if follow_up is None or user is None:
        return Result.GONE
    words, version = links.of_verb(read.verb)
    if not _may(tx, follow_up, user):
        return Result.NOT_ALLOWED
    return Seen(words, follow_up, user, _would(words, version, follow_up))


def _would(words: str, version: int | None, follow_up: FollowUp) -> Result:
    if words == links.OPEN:
        return Result.APPLIED
    if words == links.REOPEN and follow_up.state is State.TO_DO:
        return Result.ALREADY
    if links.is_stale(version, follow_up):
        return Result.MOVED
    if words == links.REOPEN:
        return Result.APPLIED
    # Whoever closed it has answered; a link of before must not open it again.
    return Result.APPLIED if follow_up.state is State.TO_DO else Result.ALREADY


def _may(tx: Tx, follow_up: FollowUp, user: User) -> bool:
    facts = access.facts_of(follow_up)
    return access.may(user, people.groups(tx), access.Action.EDIT_FOLLOW_UP, facts)


def _changed(tx: Tx, follow_up: FollowUp, user: User, command: Command, now: datetime) -> FollowUp:
    after = merge.apply(follow_up, replies.apply(follow_up, command, now))
    if after == follow_up:
        return follow_up
    after = follow_ups.change(tx, after, user.email, command.verb, now, follow_up.revision)
    audit.note(tx, user.email, f"answered: {command.verb}", follow_up.key, now)
    return after
