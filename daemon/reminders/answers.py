"""The reply arrow: an answer mail or a signed link changes its follow-up.

text → replies.parse → Command → access.may → apply → the follow-up arrow writes the calendar
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from connectors import mime
from connectors.errors import Unreadable
from daemon.clock import now
from daemon.ports import Mailbox
from daemon.reminders import links
from daemon.rulebook import Rulebook
from daemon.store import Lease, Store, Tx, accounts, audit, folders, follow_ups, people
from rules import access, mailkind, match, merge, replies, schedule
from rules.model.followups import Command, FollowUp, NotUnderstood
from rules.model.people import Address, User, UserId
from rules.model.sightings import AccountId, FolderRole, MailKind, Message

BATCH = 100
JUDGED_AS = "commands"


class Result(StrEnum):
    """What became of an answer; shown on the page of a link and in the log."""

    APPLIED = "applied"
    NOT_UNDERSTOOD = "not-understood"
    NOT_ALLOWED = "not-allowed"
    UNSIGNED = "unsigned"
    GONE = "gone"
    MOVED = "moved"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the arrow works with; `secret` signed the tokens."""

    store: Store
    rulebook: Rulebook
    secret: bytes = field(repr=False)


def read(answers: Answers, account: AccountId, mailbox: Mailbox, lease: Lease) -> Counter[str]:
    """Carry out every answer in the command mailbox once; returns counts by result.

    A batch's changes and its judged range are one transaction, so that an answer is neither lost
    nor carried out twice.
    """
    counts: Counter[str] = Counter()
    for info in mailbox.folders():
        if info.role is not FolderRole.INBOX:
            continue
        state = mailbox.examine(info.name)
        with answers.store.write() as tx:
            accounts.fence(tx, lease)
            folder = folders.seen(tx, account, info, state, now())
            judged = folders.judged(tx, folder.id, state.uidvalidity, 0, JUDGED_AS)
        for lo, hi in schedule.unjudged(judged, state.uidnext, BATCH, newest_first=False):
            messages = _messages(mailbox, lo, hi)
            moment = now()
            with answers.store.write() as tx:
                accounts.fence(tx, lease)
                counts.update(_carry_out(answers, tx, m, moment) for m in messages)
                folders.judge(tx, folder.id, state.uidvalidity, lo, hi, 0, JUDGED_AS)
    return counts


def act(answers: Answers, token: str) -> tuple[Result, FollowUp | None]:
    """Do what a signed link says (spec §8); the page has asked before."""
    moment = now()
    with answers.store.write() as tx:
        return _act(answers, tx, token, None, moment)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a signed link is for: its verb, its follow-up, and whose link it is. `moved`: the
    follow-up has another time now than when the link was made, and the link counts from that."""

    verb: str
    follow_up: FollowUp
    user: UserId
    moved: bool = False


def look(answers: Answers, token: str) -> Seen | None:
    """What a signed link would do, and to what; None when it is forged, expired or void."""
    read = replies.read_token(answers.secret, token, now())
    if read is None:
        return None
    with answers.store.read() as tx:
        follow_up = follow_ups.get(tx, read[0])
    if follow_up is None:
        return None
    verb, version = links.of_verb(read[2])
    return Seen(verb, follow_up, read[1], links.is_stale(version, follow_up))


def _messages(mailbox: Mailbox, lo: int, hi: int) -> list[Message]:
    found: dict[int, Message] = {}
    for row in mailbox.headers(lo, hi).rows:
        try:
            found[row.uid] = mime.headers(row)
        except Unreadable:
            # Not an answer that anybody could act on; the staff member sees no change.
            continue
    texts = mailbox.texts(found.keys()) if found else ()
    return [replace(found[t.uid], body=mime.text(t).body) for t in texts if t.uid in found]


def _carry_out(answers: Answers, tx: Tx, message: Message, now: datetime) -> Result:
    if mailkind.kind(message) is not MailKind.HUMAN:
        return Result.MACHINE
    if message.body is None:
        return Result.UNSIGNED
    tokens = filter(None, map(_token, (*message.to, *message.cc)))
    for token in tokens:
        read = replies.read_token(answers.secret, token, now)
        if read is None:
            continue
        # Whoever was forwarded a reminder holds its address, but has another one of their own.
        sender = _sender(answers, message)
        if sender is None or sender != read[1]:
            return Result.NOT_ALLOWED
        return _act(answers, tx, token, message.body.text, now)[0]
    return Result.UNSIGNED


def _act(
    answers: Answers, tx: Tx, token: str, text: str | None, now: datetime
) -> tuple[Result, FollowUp | None]:
    read = replies.read_token(answers.secret, token, now)
    if read is None:
        return Result.UNSIGNED, None
    follow_up = follow_ups.get(tx, read[0])
    user = people.get_user(tx, read[1])
    if follow_up is None or user is None:
        return Result.GONE, None
    zone = ZoneInfo(user.timezone)
    verb, version = links.of_verb(read[2])
    if text is None and links.is_stale(version, follow_up):
        return Result.MOVED, follow_up
    words = verb if text is None else text
    command = replies.parse(words, now, zone, user.language, current=follow_up.when)
    if isinstance(command, NotUnderstood):
        return Result.NOT_UNDERSTOOD, follow_up
    return _apply(answers, tx, follow_up, user, command, now)


def _apply(
    answers: Answers, tx: Tx, follow_up: FollowUp, user: User, command: Command, now: datetime
) -> tuple[Result, FollowUp | None]:
    facts = access.facts_of(follow_up)
    if not access.may(user, people.groups(tx), access.Action.EDIT_FOLLOW_UP, facts):
        return Result.NOT_ALLOWED, follow_up
    after = merge.apply(follow_up, replies.apply(follow_up, command, now))
    if after != follow_up:
        after = follow_ups.change(tx, after, user.email, command.verb, now, follow_up.revision)
        audit.note(tx, user.email, f"answered: {command.verb}", follow_up.key, now)
    return Result.APPLIED, after


def _sender(answers: Answers, message: Message) -> UserId | None:
    """The one of staff who wrote it."""
    directory = answers.rulebook.in_force().directory
    users = {match.user_of(directory, address) for address in message.from_}
    return users.pop() if len(users) == 1 else None


def _token(address: Address) -> str | None:
    local = address.email.rpartition("@")[0]
    return local.partition("+")[2] or None
