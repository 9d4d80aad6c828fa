"""From claimed mails to settled ones: each step is committed before the next begins, and several
mails share a commit.

    sending → SMTP → sent │ retry at │ failed │ unknown

Over several connections several mails are on their way at once. What they have to store waits
while one transaction is being committed, and goes into the next one together: a commit costs
milliseconds on a disk that keeps its promises. A crash leaves in doubt what stood at `sending`,
at most one mail a connection; a second copy has the same bytes (docs/decisions/0001).
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType

import structlog

from daemon.ports import Outbox
from daemon.store import ClaimLost, Store, Tx, Unavailable
from rules.model.wire import Mail, SendResult

log = structlog.stdlib.get_logger(__name__)

Change = Callable[[Tx], None]

ATTEMPTS = 3
PAUSE = 0.3


@dataclass(frozen=True, slots=True)
class Marks:
    """Says which step of its arrow a mail has come to (daemon.steps)."""

    sending: Callable[[], None]
    handed_over: Callable[[], None]
    sent: Callable[[], None]


def dispatch(
    store: Store,
    outbox: Outbox,
    mails: Sequence[Mail],
    sending: Callable[[Tx, int], None],
    settle: Callable[[Tx, int, SendResult], None],
    marks: Marks,
) -> int:
    """Hand these mails to the server; returns how many it was given.

    `sending` stores that a mail is about to leave, and may raise ClaimLost before it has changed
    anything; `settle` stores what became of one.
    """
    waiting = dict.fromkeys(range(len(mails)))
    handed: set[int] = set()
    with _Commits(store) as commits:

        def handed_over(place: int) -> None:
            index = batch[place]
            try:
                commits.make(lambda tx: sending(tx, index)).result()
            except ClaimLost:
                del waiting[index]
                raise
            handed.add(index)
            marks.sending()

        def answered(place: int, result: SendResult) -> None:
            index = batch[place]
            del waiting[index]
            if index in handed:
                marks.handed_over()
            made = commits.make(lambda tx: settle(tx, index, result))
            made.add_done_callback(stored)

        def stored(settled: "Future[None]") -> None:
            if settled.exception() is None:
                marks.sent()

        while waiting:
            batch = list(waiting)
            try:
                outbox.send([mails[index] for index in batch], handed_over, answered)
            except ClaimLost as lost:
                # Done or moved meanwhile; or we were paused for longer than our claims last, and
                # all are another daemon's by now. The others of the batch must not wait for that.
                log.info("claim lost", why=str(lost))
    return len(handed)


@dataclass(slots=True)
class _Commits:
    """Changes of several threads, in as few transactions as their coming allows. At the end of
    the `with` all are made; it raises what kept one of them from being stored."""

    store: Store
    _waiting: list[tuple[Change, Future[None]]] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _ended: bool = False
    _failure: BaseException | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> "_Commits":
        self._thread = threading.Thread(target=self._run, name="commits")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._news:
            self._ended = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def make(self, change: Change) -> Future[None]:
        """Store it soon; the result is there when it is committed."""
        made: Future[None] = Future()
        with self._news:
            self._waiting.append((change, made))
            self._news.notify()
        return made

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._ended)
                batch, self._waiting = self._waiting, []
            if not batch:
                return
            self._commit(batch)

    def _commit(self, batch: Sequence[tuple[Change, Future[None]]]) -> None:
        lost: dict[int, ClaimLost] = {}
        try:
            self._store_all(batch, lost)
        except Exception as error:  # noqa: BLE001  whoever waits raises it, and so does the end
            self._failure = self._failure or error
            for _, made in batch:
                made.set_exception(error)
            return
        for place, (_, made) in enumerate(batch):
            if place in lost:
                made.set_exception(lost[place])
            else:
                made.set_result(None)

    def _store_all(
        self, batch: Sequence[tuple[Change, Future[None]]], lost: dict[int, ClaimLost]
    ) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            lost.clear()
            try:
                with self.store.write() as tx:
                    for place, (change, _) in enumerate(batch):
                        try:
                            change(tx)
                        except ClaimLost as error:
                            lost[place] = error
            except Unavailable as error:
                # What a server has answered is worth some patience: forgotten, it comes twice.
                if attempt == ATTEMPTS:
                    raise
                log.warning("not stored yet", why=str(error))
                time.sleep(attempt * PAUSE)
            else:
                return
