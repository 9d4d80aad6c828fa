"""The reply arrow: mail in suivi's own mailbox changes the follow-ups that it answers.

    headers of a UID range → whose answer to what → text → the follow-up, the answer mail and the
    judged range in one transaction

Killed anywhere, the next run reads again what was not committed. A mailbox that is numbered anew
is read anew, and nothing in it is carried out again, for each message is remembered by its key.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from connectors import mime
from connectors.mime.authentication import Verdict, verdict
from daemon.clock import now
from daemon.ports import Mailbox
from daemon.reminders.answers import Answers, Done, Result, say
from daemon.reminders.response import respond
from daemon.reminders.ways import token_of
from daemon.reminders.writing import Desk
from daemon.steps import reached
from daemon.store import (
    Lease,
    Stale,
    Tx,
    Unstorable,
    accounts,
    alone,
    answered,
    folders,
    follow_ups,
    people,
)
from rules import identity, mailkind, match, replies, schedule
from rules.model.people import User
from rules.model.sightings import AccountId, FolderRole, MailKind, Message

log = structlog.stdlib.get_logger(__name__)

BATCH = 100
JUDGED_AS = "commands"
# Somebody else may change the follow-up between our look and our change.
TRIES = 3

_SILENT = frozenset({Result.MACHINE, Result.REPEATED, Result.UNKNOWN_SENDER})


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe about senders: the server that writes Authentication-Results, if any, and
    whether an answer must have its word."""

    authserv_id: str | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Inbox:
    """The command mailbox: its account, and the address that answers are sent to."""

    account: AccountId
    address: str
    trust: Trust = Trust()


@dataclass(frozen=True, slots=True)
class _Mail:
    uid: int
    message: Message
    verdict: Verdict


def read(
    answers: Answers, desk: Desk | None, inbox: Inbox, mailbox: Mailbox, lease: Lease
) -> Counter[str]:
    """Carry out every answer in the command mailbox once; returns counts by result.

    A batch's changes, the mails that tell of them, and its judged range are one transaction, so
    that an answer is neither lost nor carried out twice. What the server owes is not judged, and
    is asked for again.
    """
    counts: Counter[str] = Counter()
    for info in mailbox.folders():
        if info.role is not FolderRole.INBOX:
            continue
        state = mailbox.examine(info.name)
        with answers.store.write() as tx:
            accounts.fence(tx, lease)
            folder = folders.seen(tx, inbox.account, info, state, now())
            judged = folders.judged(tx, folder.id, state.uidvalidity, 0, JUDGED_AS)
        for lo, hi in schedule.unjudged(judged, state.uidnext, BATCH, newest_first=False):
            mails, owed = _mails(mailbox, inbox, lo, hi)
            reached("command.fetched")
            moment = now()
            with answers.store.write() as tx:
                accounts.fence(tx, lease)
                for mail in mails:
                    result = _answer(answers, desk, inbox, tx, mail, moment)
                    if result is None:
                        owed.add(mail.uid)
                    else:
                        counts[result] += 1
                _judge(tx, folder, lo, hi, owed, moment)
                reached("command.carried-out")
            reached("command.committed")
    return counts


def _judge(
    tx: Tx, folder: folders.Folder, lo: int, hi: int, owed: Collection[int], now: datetime
) -> None:
    """The range is done with but for what is owed, which is a hole until it comes."""
    for uid in owed:
        folders.hole(tx, folder.id, folder.uidvalidity, uid, now)
    for first, last in _without(lo, hi, owed):
        folders.judge(tx, folder.id, folder.uidvalidity, first, last, 0, JUDGED_AS)
    for uid in folders.holes(tx, folder.id, folder.uidvalidity):
        if lo <= uid <= hi and uid not in owed:
            folders.fill(tx, folder.id, folder.uidvalidity, uid)


def _mails(mailbox: Mailbox, inbox: Inbox, lo: int, hi: int) -> tuple[list[_Mail], set[int]]:
    """The messages of a range, those for suivi with their text, and the UIDs that the server did
    not give."""
    batch = mailbox.headers(lo, hi)
    mails = [_mail(row.uid, row.header, mime.headers(row), inbox) for row in batch.rows]
    # In a mailbox that is shared, all other mail is none of our business.
    wanted = {mail.uid for mail in mails if _is_for_us(mail.message, inbox)}
    texts = {t.uid: mime.text(t).body for t in (mailbox.texts(wanted) if wanted else ())}
    # One whose header came and whose text did not is asked for again, unless it is gone then.
    owed = {*batch.holes, *(wanted - texts.keys())}
    return [
        replace(mail, message=replace(mail.message, body=texts.get(mail.uid)))
        for mail in mails
        if mail.uid not in owed
    ], owed


def _mail(uid: int, header: bytes, message: Message, inbox: Inbox) -> _Mail:
    trusted = inbox.trust.authserv_id
    sender = message.from_[0].email if message.from_ else ""
    said = verdict(header, trusted, sender) if trusted else Verdict.UNKNOWN
    return _Mail(uid, message, said)


def _is_for_us(message: Message, inbox: Inbox) -> bool:
    """Whether it is addressed to our address or one that is made of it."""
    local, _, domain = inbox.address.casefold().rpartition("@")
    made = f"{local}{'-' if '+' in local else '+'}"
    for address in (*message.to, *message.cc):
        name, _, host = address.email.casefold().rpartition("@")
        if host == domain and (name == local or name.startswith(made)):
            return True
    return False


def _without(lo: int, hi: int, owed: Collection[int]) -> Iterator[tuple[int, int]]:
    """The range without these UIDs, in pieces."""
    for uid in sorted(owed):
        if lo < uid:
            yield lo, uid - 1
        lo = uid + 1
    if lo <= hi:
        yield lo, hi


def _answer(
    answers: Answers, desk: Desk | None, inbox: Inbox, tx: Tx, mail: _Mail, now: datetime
) -> Result | None:
    """One message: what it asks for is done, and its sender is told. One that the database
    refuses harms no other; None: it is for the next turn."""
    for _ in range(TRIES):
        try:
            with alone(tx):
                return _once(answers, desk, inbox, tx, mail, now)
        except Stale:
            continue
        except Unstorable as error:
            log.warning("an answer was refused", uid=mail.uid, why=str(error))
            return Result.UNSTORABLE
    return None


def _once(
    answers: Answers, desk: Desk | None, inbox: Inbox, tx: Tx, mail: _Mail, now: datetime
) -> Result:
    message = mail.message
    key = identity.message_key(message).key
    if not _is_for_us(message, inbox):
        return Result.NOT_FOR_US
    if not _is_human(message):
        return Result.MACHINE
    if answered.was(tx, key):
        return Result.REPEATED
    done = _carry_out(answers, inbox, tx, mail, now)
    if done.result in _SILENT:
        return done.result
    answered.note(tx, key, done.result, now)
    if desk is not None and done.user is not None:
        respond(desk, tx, done.user, done, message, key, now)
    return done.result


def _is_human(message: Message) -> bool:
    """Whether a person may have written it: machines get no answer (RFC 3834 §2)."""
    if mailkind.kind(message) is not MailKind.HUMAN or "x-suivi" in message.headers:
        return False
    return message.headers.get("return-path", "x").strip() != "<>"


def _carry_out(answers: Answers, inbox: Inbox, tx: Tx, mail: _Mail, now: datetime) -> Done:
    message = mail.message
    user = _sender(answers, tx, message)
    if user is None or not user.active:
        return Done(Result.UNKNOWN_SENDER)
    if mail.verdict is Verdict.FAIL or (inbox.trust.required and mail.verdict is not Verdict.PASS):
        return Done(Result.UNVERIFIED, user)
    token = _token(answers, message)
    if token is None:
        return Done(Result.FORGED, user)
    if token.is_over(now):
        return Done(Result.EXPIRED, user)
    # Whoever was forwarded a reminder holds its address, but has another one of their own.
    if token.user != user.id:
        return Done(Result.NOT_ALLOWED, user)
    follow_up = follow_ups.get(tx, token.follow_up)
    if follow_up is None:
        return Done(Result.GONE, user)
    words = message.body.text if message.body else ""
    return say(tx, follow_up, user, words, now, answers.holidays(follow_up))


def _sender(answers: Answers, tx: Tx, message: Message) -> User | None:
    """The one of staff who wrote it."""
    directory = answers.rulebook.in_force().directory
    users = {match.user_of(directory, address) for address in message.from_}
    sender = users.pop() if len(users) == 1 else None
    return people.get_user(tx, sender) if sender is not None else None


def _token(answers: Answers, message: Message) -> replies.Token | None:
    """The first of its addresses that suivi has signed."""
    for address in (*message.to, *message.cc):
        given = token_of(address)
        read = replies.read_token(answers.secret, given) if given else None
        if read is not None:
            return read
    return None
