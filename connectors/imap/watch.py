"""Connections at rest: one thread and one selector for those of all accounts, parked in IDLE.

An account's connection is made once. Who reads its mail borrows it, and parks it again when all is
read; between the two the server tells of new mail by itself (RFC 2177).
"""

import queue
import random
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from connectors.imap.parked import Lost, Parked
from connectors.imap.session import Session

SETTLE_SECONDS = 0.3
"""Mails that come together are told once; half as much more or less, by chance."""
SURVIVAL_SECONDS = 300.0
"""A connection that lived this long ends the back-off: not a login that succeeded."""
FIRST_WAIT, LONGEST_WAIT = 2.0, 900.0
LEND_SECONDS = 10.0
"""In which the thread must answer; it never waits for a server."""


@dataclass(slots=True, eq=False)
class _Line:
    """An account that is watched, with its connection while that is parked here."""

    account: int
    parked: Parked | None = None
    failures: int = 0
    tell_at: float | None = None


class IdleWatcher:
    """Calls `on_change(account)` when new mail may have come.

    `on_change` is called from the watcher's thread: it must be quick and must not raise. It is
    called too when a connection is lost, for mail may come unseen: whoever reads then makes a new
    one and parks it. Where connections are lost again and again it is called ever later, up to a
    quarter of an hour. `on_trouble` hears why one was lost.
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
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="imap-idle", daemon=True)
        self._thread.start()

    def watch(self, account: int) -> None:
        """Take connections of this account from now on; one that is here already stays."""
        self._order(partial(self._add, account))

    def forget(self, account: int) -> None:
        """Watch an account no longer: its connection is closed, and none is taken."""
        self._order(partial(self._remove, account))

    def park(self, account: int, session: Session, *, news: bool = False) -> None:
        """Take a session over of which INBOX is open; `news`: mail may have come already. It is
        closed where the account is not watched, or its server has no IDLE: the poll finds what is
        new."""
        self._order(partial(self._take_over, account, session, news))

    def borrow(self, account: int) -> Session | None:
        """The session that is parked, out of IDLE, with INBOX open; what it missed is told by the
        next EXAMINE. None where there is none. The borrower parks or closes it."""
        lent: Future[Parked | None] = Future()
        self._order(partial(self._lend, account, lent))
        try:
            parked = lent.result(LEND_SECONDS)
        except TimeoutError:
            # Closing, or it hangs: then the watchdog sees to it. What comes yet is not waited for.
            lent.add_done_callback(_hang_up)
            return None
        if parked is None:
            return None
        try:
            parked.end()
        except Lost as error:
            parked.session.kill(str(error))
            self._on_trouble(account, error)
            return None
        return parked.session

    def call(self, answer: Callable[[], None]) -> None:
        """Has `answer` called in the watcher's thread: so it shows that it lives."""
        self._order(answer)

    @property
    def connected(self) -> int:
        """How many accounts are being watched at this moment."""
        return len(self.accounts)

    @property
    def accounts(self) -> frozenset[int]:
        """Those whose server tells of new mail at this moment."""
        return frozenset(
            line.account for line in list(self._lines.values()) if line.parked is not None
        )

    def close(self) -> None:
        """Hang up everywhere and end the thread; safe to repeat."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._ring()
        self._thread.join(10)
        # What was ordered while the thread ended: sessions are hung up here.
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
        lines = self._lines.values()
        times = [line.tell_at for line in lines if line.tell_at is not None]
        times += [line.parked.deadline for line in lines if line.parked is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _obey(self) -> None:
        while not self._orders.empty():
            self._orders.get()()

    def _add(self, account: int) -> None:
        if not self._closing.is_set():
            self._lines.setdefault(account, _Line(account))

    def _remove(self, account: int) -> None:
        line = self._lines.pop(account, None)
        if line is not None and line.parked is not None:
            self._release(line, line.parked).leave()

    def _take_over(self, account: int, session: Session, news: bool) -> None:
        line = self._lines.get(account)
        if line is None or self._closing.is_set() or not session.offers("IDLE"):
            session.logout()
            return
        if line.parked is not None:
            # Made by who could not borrow this one.
            self._release(line, line.parked).leave()
        now = time.monotonic()
        line.parked = parked = Parked(session, self._renew)
        session.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._selector.register(session.sock, selectors.EVENT_READ, line)
        try:
            news = parked.start(now) or news
            self._listen(line, parked)
        except Lost as error:
            self._lost(line, parked, error)
            return
        # TLS may have read ahead of the selector.
        self._again.add(line)
        if news:
            self._tell_soon(line, now)

    def _lend(self, account: int, to: "Future[Parked | None]") -> None:
        line = self._lines.get(account)
        if not to.set_running_or_notify_cancel():
            return
        if line is None or line.parked is None or self._closing.is_set():
            to.set_result(None)
            return
        # Whoever borrows it looks: what was to be told is seen.
        line.tell_at = None
        to.set_result(self._release(line, line.parked))

    def _release(self, line: _Line, parked: Parked) -> Parked:
        """The connection, looked after here no longer."""
        self._selector.unregister(parked.session.sock)
        self._again.discard(line)
        if time.monotonic() - parked.since >= SURVIVAL_SECONDS:
            line.failures = 0
        line.parked = None
        return parked

    def _look_at_clock(self, line: _Line) -> None:
        now = time.monotonic()
        if line.tell_at is not None and line.tell_at <= now:
            line.tell_at = None
            self._on_change(line.account)
        parked = line.parked
        if parked is None or parked.deadline > now:
            return
        try:
            parked.due(now)
            self._listen(line, parked)
        except Lost as error:
            self._lost(line, parked, error)

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
            # Not all at the same moment: of several daemons each has its share.
            line.tell_at = now + SETTLE_SECONDS * (0.5 + self._jitter())

    def _lost(self, line: _Line, parked: Parked, error: Lost) -> None:
        self._release(line, parked).session.kill(str(error))
        wait = min(LONGEST_WAIT, self._first_wait * 2.0 ** min(line.failures, 20))
        line.failures += 1
        line.tell_at = time.monotonic() + wait * (0.5 + self._jitter() / 2)
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
            # Closed: a session that comes too late is hung up here.
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


def _hang_up(lent: "Future[Parked | None]") -> None:
    parked = lent.result()
    if parked is not None:
        parked.session.kill("nobody waits for it")
