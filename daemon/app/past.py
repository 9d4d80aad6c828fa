"""The past judged anew by other rules, in a store of its own that is thrown away (spec §7).

Mailboxes and calendars are read as the daemon reads them, by the same arrows, and nothing is
written to any of them; what differs is found by `daemon.history`. The other store holds texts of
mail, as the first one does: it lies in the state directory, for its owner only, and what a killed
command left of one is removed by the next.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from connectors.errors import ConnectorError
from daemon.app import connect, members
from daemon.app.mailwork import Progress, silent
from daemon.app.other_rules import timed
from daemon.app.rules import options_of, own_domains
from daemon.capture import calendar, mail, meetings
from daemon.capture.judging import MailAccount
from daemon.clock import now
from daemon.config import Settings
from daemon.followups.absorb import Absorb, withdraw
from daemon.history.findings import Scope, Why
from daemon.ports import Calendars, Mailbox
from daemon.rulebook import Rulebook
from daemon.store import Lease, Store, accounts, folders, open_store, twin, upgrade, whole, work
from daemon.store.calendars import LOOK_AGAIN
from rules.model.sightings import AccountId, CalendarId, FolderId
from rules.model.wire import FetchedText, FolderInfo, FolderState, HeaderBatch
from rules.ruleset import RuleSet

log = structlog.stdlib.get_logger(__name__)

_PREFIX = "past-"
_LOCK = "in-use"
_DOOR = "past.lock"
_OWNER = "rules"
_LEASE = timedelta(hours=1)
# Decisions about all that was read are looked up, however old it is.
_ALWAYS = timedelta(days=365 * 100)


@dataclass(frozen=True, slots=True)
class Servers:
    """How the configured accounts are reached: by name."""

    mailbox: Callable[[str], Mailbox]
    calendars: Callable[[str], Calendars]


@dataclass(frozen=True, slots=True)
class Question:
    """What would `ruleset` have made of what `store` has seen? `secret` keys the hashes of what
    is not stored; `prepare` makes a database of this version at an address; what happened before
    `since` is left out of the answer."""

    settings: Settings
    store: Store
    ruleset: RuleSet
    secret: bytes = field(repr=False)
    servers: Servers
    progress: Progress = silent
    prepare: Callable[[str], object] = upgrade
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What the other rules made of the past, beside what stands; `troubles` are lines that say
    what could not be read, and why."""

    store: Store
    other: Store
    scope: Scope
    rules: str
    troubles: tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """What came of reading the accounts."""

    unread: dict[AccountId, Why] = field(default_factory=dict)
    silent: set[tuple[FolderId, int]] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)


def servers_of(settings: Settings, ruleset: RuleSet) -> Servers:
    """The configured ones, to be judged by these rules."""
    boxes = {mailbox.name: mailbox for mailbox in settings.mailboxes}
    books = {book.name: book for book in settings.calendars}
    return Servers(
        lambda name: connect.mailbox_of(boxes[name], ruleset),
        lambda name: connect.calendars_of(books[name]),
    )


@contextmanager
def judged_anew(asked: Question) -> Iterator[Past]:
    """Let the rules judge the past of the store, of which nothing changes.

    A server that does not answer is told as trouble, and the rest goes on.
    """
    state = asked.settings.state_dir
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _folder(state) as folder:
        url = f"sqlite:///{folder / 'past.sqlite'}"
        asked.prepare(url)
        other = open_store(url)
        try:
            scope = _scope(asked)
            twin.seed(asked.store, other)
            read = _read_all(asked, other)
            unread = {**scope.unread, **read.unread}
            scope = replace(
                scope,
                unread=unread,
                silent=frozenset(read.silent),
                timed=timed(asked.ruleset),
            )
            fingerprint = asked.ruleset.fingerprint
            yield Past(asked.store, other, scope, fingerprint, tuple(read.troubles))
        finally:
            other.close()


@contextmanager
def _folder(state: Path) -> Iterator[Path]:
    """A directory of our own, locked as long as it is in use; what killed commands left goes."""
    with ExitStack() as stack:
        with (state / _DOOR).open("w") as door:
            # Else another command that begins just now takes what is not locked yet for left over.
            fcntl.flock(door, fcntl.LOCK_EX)
            _clean(state)
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix=_PREFIX, dir=state))
            lock = stack.enter_context((Path(name) / _LOCK).open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)


def _clean(state: Path) -> None:
    """Remove what killed commands left."""
    for folder in state.glob(f"{_PREFIX}*"):
        try:
            with (folder / _LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
        except BlockingIOError:
            # Another command is at work there.
            continue
        except OSError as error:
            log.warning("not removed", folder=str(folder), why=os.strerror(error.errno or 0))


def _scope(asked: Question) -> Scope:
    with asked.store.read() as tx:
        waiting = [w.key.split(":", 1) for w in work.of_kind(tx, LOOK_AGAIN)]
        return Scope(
            secret=asked.secret,
            judged=folders.past(tx),
            pending=frozenset((CalendarId(int(number)), href) for number, href in waiting),
            last=whole.last(tx),
            unread={s.id: Why.RETIRED for s in accounts.statuses(tx) if s.retired_at is not None},
            since=asked.since,
        )


def _read_all(asked: Question, other: Store) -> _Reading:
    """Every account that the daemon has read, by the arrows of the daemon, into the other store."""
    settings = asked.settings
    with asked.store.read() as tx:
        begun = {status.id: status for status in accounts.watched(tx)}
    with other.write() as tx:
        known = members.declare(tx, settings, now())
    builtin, zone = options_of(settings), settings.company.timezone
    rulebook = Rulebook(other, asked.ruleset, own_domains(settings), builtin, zone)
    reading = _Reading()
    capture = mail.MailCapture(
        other, rulebook, asked.secret, batch=settings.capture.batch, log_for=_ALWAYS
    )
    for account, _ in known.mail.values():
        if account.id in begun:
            read_since = _since(settings, account.name, begun[account.id])
            _read_mail(capture, replace(account, since=read_since), asked, reading)
    for member, _ in known.calendars.values():
        if member.id in begun:
            books = meetings.CalendarCapture(
                other, rulebook, asked.secret, Absorb(member.zone), withdraw, log_for=_ALWAYS
            )
            _read_calendars(books, member, asked.servers, reading)
    return reading


def _since(settings: Settings, name: str, begun: accounts.AccountStatus) -> datetime | None:
    """From when on mail was read at first; what was captured then belongs to the past for good."""
    days = next(m.backfill_days for m in settings.mailboxes if m.name == name)
    if days is None or begun.created_at is None:
        return None
    return begun.created_at - timedelta(days=days)


def _read_mail(
    capture: mail.MailCapture,
    account: MailAccount,
    asked: Question,
    reading: _Reading,
) -> None:
    def told(folder: str, done: int, total: int) -> bool:
        asked.progress(account.name, folder, done, total)
        return True

    try:
        session = _Listening(asked.servers.mailbox(account.name))
    except ConnectorError as error:
        _unread(reading, account.id, account.name, str(error))
        return
    try:
        lease = _lease(capture.store, account.id)
        synced = mail.sync(capture, account, session, lease, told)
        for trouble in synced.troubles:
            _unread(reading, account.id, account.name, trouble)
    except ConnectorError as error:
        _unread(reading, account.id, account.name, str(error))
    finally:
        session.close()
    with capture.store.read() as tx:
        ids = {folder.name: folder.id for folder in folders.of(tx, account.id)}
    reading.silent |= {(ids[name], uid) for name, uid in session.silent if name in ids}


def _read_calendars(
    capture: meetings.CalendarCapture,
    account: meetings.CalendarAccount,
    servers: Servers,
    reading: _Reading,
) -> None:
    try:
        session = servers.calendars(account.name)
    except ConnectorError as error:
        _unread(reading, account.id, account.name, str(error))
        return
    try:
        calendar.sync(capture, account, session, _lease(capture.store, account.id))
    except ConnectorError as error:
        _unread(reading, account.id, account.name, str(error))
    finally:
        session.close()


def _unread(reading: _Reading, account: AccountId, name: str, why: str) -> None:
    reading.unread[account] = Why.UNREACHABLE
    reading.troubles.append(f"{name}: {why}")


def _lease(other: Store, account: AccountId) -> Lease:
    with other.write() as tx:
        lease = accounts.lease(tx, account, _OWNER, now(), _LEASE)
    if lease is None:
        raise RuntimeError(f"account {account} is held in a store that nobody else has")
    return lease


class _Listening:
    """A mailbox that notes whose text it was asked for in vain: without its text a message would
    look as if rules had hidden it. Meets the Mailbox port."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.silent: set[tuple[str, int]] = set()
        self._mailbox = mailbox
        self._folder = ""

    def folders(self) -> tuple[FolderInfo, ...]:
        return self._mailbox.folders()

    def examine(self, folder: str) -> FolderState:
        self._folder = folder
        return self._mailbox.examine(folder)

    def headers(self, lo: int, hi: int) -> HeaderBatch:
        return self._mailbox.headers(lo, hi)

    def sweep(self, ranges: Iterable[tuple[int, int]]) -> Generator[HeaderBatch, None, None]:
        return self._mailbox.sweep(ranges)

    def texts(self, uids: Collection[int]) -> tuple[FetchedText, ...]:
        found = self._mailbox.texts(uids)
        given = {text.uid for text in found}
        self.silent |= {(self._folder, uid) for uid in uids if uid not in given}
        return found

    def find(self, message_id: str) -> tuple[int, ...]:
        return self._mailbox.find(message_id)

    def close(self) -> None:
        self._mailbox.close()
