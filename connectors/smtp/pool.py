"""Connections that are kept for a while, for the next batch is often near."""

import asyncio

from aiosmtplib import SMTP

from connectors.smtp.session import close

# Servers hang up after some minutes (RFC 5321 §4.5.3.2.7 asks for five); we leave before.
IDLE_SECONDS = 30.0


class Pool:
    """Connections that nobody uses now; for one server and one event loop."""

    def __init__(self) -> None:
        self._idle: dict[SMTP, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def used(self) -> SMTP | None:
        """A connection that was used before, if one still stands."""
        while self._idle:
            smtp, leaves = self._idle.popitem()
            leaves.cancel()
            if smtp.is_connected:
                return smtp
            smtp.close()
        return None

    def give(self, smtp: SMTP) -> None:
        """It is not needed any more, for now."""
        if smtp.is_connected:
            loop = asyncio.get_running_loop()
            self._idle[smtp] = loop.call_later(IDLE_SECONDS, self._leave, smtp)

    async def close(self) -> None:
        """Say goodbye on all of them."""
        for smtp, leaves in list(self._idle.items()):
            leaves.cancel()
            self._leave(smtp)
        await asyncio.gather(*self._leaving)

    def _leave(self, smtp: SMTP) -> None:
        del self._idle[smtp]
        leaving = asyncio.get_running_loop().create_task(close(smtp))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
