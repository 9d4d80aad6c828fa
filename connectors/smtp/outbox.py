"""Sends batches of mails over a few connections at once, and tells of each what became of it."""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import cache
from typing import Any, TypeVar

from aiosmtplib import SMTP

from connectors.errors import ConnectorError
from connectors.smtp.delivery import transfer
from connectors.smtp.pool import Pool
from connectors.smtp.session import SmtpServer, login
from rules.model.wire import Mail, Outcome, SendResult

T = TypeVar("T")


class SmtpOutbox:
    """Meets the Outbox port. Its connections end themselves a while after their last mail; `close`
    does not wait for that."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._pool = Pool()

    def send(
        self,
        mails: Sequence[Mail],
        handed_over: Callable[[int], None],
        answered: Callable[[int, SendResult], None] | None = None,
    ) -> tuple[SendResult, ...]:
        """One result for each mail, in order; `answered` hears each as it comes. What
        `handed_over` or `answered` raises ends the batch: no further mail begins."""
        if not mails:
            return ()
        batch = _Batch(self._server, self._pool, mails, handed_over, answered)
        return _run(batch.send())

    @property
    def login_ends_in(self) -> float | None:
        """Seconds until a person must agree anew to our logging in; None: nobody said so."""
        tokens = self._server.tokens
        return None if tokens is None else tokens.ends_in

    def close(self) -> None:
        """End the connections; the next mail makes new ones."""
        _run(self._pool.close())


_starting = threading.Lock()


def _run(work: Coroutine[Any, Any, T]) -> T:
    with _starting:
        loop = _loop()
    return asyncio.run_coroutine_threadsafe(work, loop).result()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The loop in which all connections live. One for all outboxes: each reload of the
    configuration makes another outbox, and a thread for each would never end."""
    loop = asyncio.new_event_loop()
    # A daemon thread: what waits for its end is the batch, in the thread that called.
    threading.Thread(target=loop.run_forever, name="smtp", daemon=True).start()
    return loop


def connect(server: SmtpServer) -> SmtpOutbox:
    """An outbox for this server; it connects when there is something to send."""
    return SmtpOutbox(server)


class _Batch:
    """Mails that wait, and workers with a connection each that take one after the other."""

    def __init__(
        self,
        server: SmtpServer,
        pool: Pool,
        mails: Sequence[Mail],
        handed_over: Callable[[int], None],
        answered: Callable[[int, SendResult], None] | None,
    ) -> None:
        self._server, self._pool, self._mails = server, pool, mails
        self._handed_over, self._answered = handed_over, answered
        self._waiting = deque(range(len(mails)))
        self._results: dict[int, SendResult] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._mistake: Exception | None = None

    async def send(self) -> tuple[SendResult, ...]:
        self._hire()
        while self._workers:
            await asyncio.wait(self._workers, return_when=asyncio.FIRST_COMPLETED)
        if self._mistake is not None:
            raise self._mistake
        return tuple(self._results[index] for index in range(len(self._mails)))

    def _hire(self) -> None:
        worker = asyncio.create_task(self._work())
        self._workers.add(worker)

    async def _work(self) -> None:
        try:
            while self._waiting and self._mistake is None:
                index = self._waiting.popleft()
                try:
                    result = await self._deliver(index)
                except ConnectorError as error:
                    self._waiting.appendleft(index)
                    await self._leave(str(error))
                    return
                await self._tell(index, result)
        except Exception as error:  # noqa: BLE001  `send` raises it, when the others are done
            self._mistake = self._mistake or error
        finally:
            self._workers.discard(asyncio.current_task())

    async def _leave(self, why: str) -> None:
        """A server may allow fewer connections than we would like; the others go on. Without any,
        what is left is not worth a timeout each."""
        if self._workers != {asyncio.current_task()}:
            return
        while self._waiting:
            await self._tell(self._waiting.popleft(), SendResult(Outcome.TRY_AGAIN, why))

    def _hire_more(self) -> None:
        # One after the other: a server that refuses our password is asked once.
        if self._waiting and len(self._workers) < self._server.connections:
            self._hire()

    async def _deliver(self, index: int) -> SendResult:
        """One mail; raises ConnectorError when no connection can be had."""
        handed = False

        async def hand_over() -> None:
            nonlocal handed
            handed = True
            await asyncio.to_thread(self._handed_over, index)

        used = self._pool.used()
        if used is not None:
            result = await self._over(used, index, hand_over)
            # A server may end a session between two mails, without any fault of this one.
            ended = result.outcome is Outcome.TRY_AGAIN and not used.is_connected
            if handed or not ended:
                return result
        return await self._over(await login(self._server), index, hand_over)

    async def _over(
        self, smtp: SMTP, index: int, hand_over: Callable[[], Awaitable[None]]
    ) -> SendResult:
        """One mail on this connection, which is for whoever comes next then."""
        self._hire_more()
        try:
            return await transfer(smtp, self._mails[index], self._server, hand_over)
        finally:
            self._pool.give(smtp)

    async def _tell(self, index: int, result: SendResult) -> None:
        self._results[index] = result
        if self._answered is not None:
            await asyncio.to_thread(self._answered, index, result)
