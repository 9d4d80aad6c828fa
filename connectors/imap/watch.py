"""New mail told by IDLE: one thread and one selector for the connections of all accounts."""

import queue
import random
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from connectors.errors import ConnectorError, Refused
from connectors.imap.mailbox import ImapMailbox
from connectors.imap.parked import Lost, Parked
from connectors.imap.session import Session

LOGINS_AT_ONCE = 4
SETTLE_SECONDS = 0.3
"""Mails that come together are told once."""
SURVIVAL_SECONDS = 300.0
"""A connection that lived this long ends the back-off: not a login that succeeded."""
FIRST_WAIT, LONGEST_WAIT = 2.0, 900.0
REFUSED_WAITS = (60.0, 300.0, 1800.0, 3600.0)


@dataclass(slots=True, eq=False)
class _Line:
    """An account that is watched; `due` is when something must be done about it, if ever."""

    account: int
    login: Callable[[], object]
    parked: Parked | None = None
    failures: int = 0
    due: float | None = None
    tell_at: float | None = None


class IdleWatcher:
    """Calls `on_change(account)` when new mail may have come; meets the port Watcher.

    `on_change` is called from the watcher's thread: it must be quick and must not raise. It is
    called too when a connection is made or lost, for mail may have come unseen. An account whose
    server has no IDLE is left to the poll. `on_trouble` hears why a connection failed.
    """

    def __init__(
        self,
        on_change: Callable[[int], None],
        renew: float = 540.0,
        *,
        on_trouble: Callable[[int, BaseException], None] | None = None,
        first_wait: float = FIRST_WAIT,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._on_change = on_change
        self._on_trouble = on_trouble or (lambda _account, _error: None)
        self._renew = renew
        self._first_wait = first_wait
        self._jitter = jitter
        self._lines: dict[int, _Line] = {}
        self._again: set[_Line] = set()
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        self._bell.settimeout(0)
        self._rope.settimeout(0)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._logins = ThreadPoolExecutor(LOGINS_AT_ONCE, thread_name_prefix="imap-login")
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="imap-idle", daemon=True)
        self._thread.start()

    def watch(self, account: int, login: Callable[[], object]) -> None:
        """Watch INBOX of an account; `login` gives a logged-in ImapMailbox, each time anew."""
        self._order(partial(self._add, _Line(account, login)))

    def forget(self, account: int) -> None:
        """Watch an account no longer."""
        self._order(partial(self._remove, account))

    def call(self, answer: Callable[[], None]) -> None:
        """Has `answer` called in the watcher's thread: so it shows that it lives."""
        self._order(answer)

    @property
    def connected(self) -> int:
        """How many accounts are being watched at this moment."""
        return len(self.accounts)

    @property
    def accounts(self) -> frozenset[int]:
        """Those that are being watched at this moment."""
        return frozenset(
            line.account for line in list(self._lines.values()) if line.parked is not None
        )

    def close(self) -> None:
        """Hang up everywhere and end the thread; safe to repeat."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._logins.shutdown(wait=False, cancel_futures=True)
        self._ring()
        self._thread.join(10)
        # Logins that ended while the thread did: their sessions are hung up here.
        self._obey()
        self._rope.close()
        self._bell.close()

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._closing.is_set():
            for key, _ in self._selector.select(self._pause()):
                if isinstance(key.data, _Line):
                    self._again.add(key.data)
                else:
                    self._hush()
            self._obey()
            waiting, self._again = self._again, set()
            for line in waiting:
                self._read(line)
            for line in list(self._lines.values()):
                self._look_at_clock(line)
        for account in list(self._lines):
            self._remove(account)
        self._obey()
        self._selector.close()

    def _pause(self) -> float | None:
        if self._again:
            return 0.0
        times = [
            at
            for line in self._lines.values()
            for at in (_next(line), line.tell_at)
            if at is not None
        ]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _obey(self) -> None:
        while not self._orders.empty():
            self._orders.get()()

    def _add(self, line: _Line) -> None:
        self._remove(line.account)
        self._lines[line.account] = line
        line.due = time.monotonic()

    def _remove(self, account: int) -> None:
        line = self._lines.pop(account, None)
        if line is not None and line.parked is not None:
            self._selector.unregister(line.parked.session.sock)
            line.parked.leave()
            line.parked = None

    def _look_at_clock(self, line: _Line) -> None:
        now = time.monotonic()
        if line.tell_at is not None and line.tell_at <= now:
            line.tell_at = None
            self._on_change(line.account)
        due = _next(line)
        if due is None or due > now:
            return
        if line.parked is None:
            line.due = None
            self._log_in(line)
            return
        try:
            line.parked.due(now)
            self._listen(line, line.parked)
        except Lost as error:
            self._lost(line, line.parked, error)

    def _log_in(self, line: _Line) -> None:
        future = self._logins.submit(_open_inbox, line.login)
        future.add_done_callback(lambda done: self._order(partial(self._logged_in, line, done)))

    def _logged_in(self, line: _Line, done: Future[Session | None]) -> None:
        error = CancelledError() if done.cancelled() else done.exception()
        session = None if error else done.result()
        if self._lines.get(line.account) is not line or self._closing.is_set():
            if session is not None:
                session.kill("forgotten")
        elif error is not None:
            self._wait(line, error)
        elif session is None:
            # No IDLE: the poll finds what is new.
            del self._lines[line.account]
        else:
            self._park(line, Parked(session, self._renew))

    def _park(self, line: _Line, parked: Parked) -> None:
        now = time.monotonic()
        line.parked = parked
        self._selector.register(parked.session.sock, selectors.EVENT_READ, line)
        # What came between the last look and now was told to nobody.
        self._tell_soon(line, now)
        try:
            parked.start(now)
            self._listen(line, parked)
        except Lost as error:
            self._lost(line, parked, error)
        else:
            # TLS may have read ahead of the selector.
            self._again.add(line)

    def _read(self, line: _Line) -> None:
        parked = line.parked
        if parked is None:
            return
        now = time.monotonic()
        try:
            changed, more = parked.ready(now)
            self._listen(line, parked)
        except Lost as error:
            self._lost(line, parked, error)
            return
        if changed:
            self._tell_soon(line, now)
        if more:
            self._again.add(line)

    def _listen(self, line: _Line, parked: Parked) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if parked.unsent else 0)
        self._selector.modify(parked.session.sock, events, line)

    def _tell_soon(self, line: _Line, now: float) -> None:
        if line.tell_at is None:
            line.tell_at = now + SETTLE_SECONDS

    def _lost(self, line: _Line, parked: Parked, error: Lost) -> None:
        self._selector.unregister(parked.session.sock)
        parked.session.kill(str(error))
        line.parked = None
        if time.monotonic() - parked.since >= SURVIVAL_SECONDS:
            line.failures = 0
        self._tell_soon(line, time.monotonic())
        self._wait(line, error)

    def _wait(self, line: _Line, error: BaseException) -> None:
        if isinstance(error, Refused):
            wait = REFUSED_WAITS[min(line.failures, len(REFUSED_WAITS) - 1)]
        else:
            wait = min(LONGEST_WAIT, self._first_wait * 2.0 ** min(line.failures, 20))
        line.failures += 1
        line.due = time.monotonic() + wait * (0.5 + self._jitter() / 2)
        self._on_trouble(line.account, error)

    # ------------------------------------------------------------------ from other threads

    def _order(self, order: Callable[[], None]) -> None:
        self._orders.put(order)
        self._ring()

    def _ring(self) -> None:
        try:
            self._rope.send(b".")
        except BlockingIOError:
            # So many rings are waiting that one more changes nothing.
            return
        except OSError:
            # Closed: a login that ended too late is dropped here.
            self._obey_after_close()

    def _hush(self) -> None:
        try:
            while self._bell.recv(4096):
                pass
        except BlockingIOError:
            return

    def _obey_after_close(self) -> None:
        if self._closing.is_set() and not self._thread.is_alive():
            self._obey()


def _next(line: _Line) -> float | None:
    return line.parked.deadline if line.parked is not None else line.due


def _open_inbox(login: Callable[[], object]) -> Session | None:
    """A session with INBOX open; None where the server has no IDLE."""
    opened = login()
    session = opened.session if isinstance(opened, ImapMailbox) else opened
    if not isinstance(session, Session):
        raise TypeError(f"a login gives an ImapMailbox, not {type(opened).__name__}")
    if not session.offers("IDLE"):
        session.logout()
        return None
    session.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    try:
        session.must("EXAMINE", b"INBOX")
    except ConnectorError:
        session.logout()
        raise
    return session
