"""Sends a batch of mails over one connection, and tells of each what became of it."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from connectors.errors import ConnectorError
from connectors.smtp.envelope import Envelope, NotSendable, envelope
from connectors.smtp.session import SmtpServer, close, login, one_line
from rules.model.wire import Mail, Outcome, SendResult

# Said to MAIL or RCPT, they speak of us, not of this mail (RFC 4954 §4.1, §6; RFC 3207 §4).
_WE_ARE_AT_FAULT = frozenset({530, 534, 535, 538})


class SmtpOutbox:
    """Meets the Outbox port. Holds no connection between two calls."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    def send(
        self,
        mails: Sequence[Mail],
        handed_over: Callable[[int], None],
        answered: Callable[[int, SendResult], None] | None = None,
    ) -> tuple[SendResult, ...]:
        """One result for each mail, in order; `answered` hears each as it comes. What
        `handed_over` or `answered` raises ends the batch."""
        return asyncio.run(_Batch(self._server).send(mails, handed_over, answered))


def connect(server: SmtpServer) -> SmtpOutbox:
    """An outbox for this server; it connects when there is something to send."""
    return SmtpOutbox(server)


class _Batch:
    """The connection of one batch: made when needed, made again when it broke."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._smtp: SMTP | None = None
        self._no_server: SendResult | None = None

    async def send(
        self,
        mails: Sequence[Mail],
        handed_over: Callable[[int], None],
        answered: Callable[[int, SendResult], None] | None,
    ) -> tuple[SendResult, ...]:
        results: list[SendResult] = []
        try:
            for index, mail in enumerate(mails):
                result = await self._try(mail, partial(handed_over, index))
                results.append(result)
                if answered is not None:
                    answered(index, result)
        finally:
            if self._smtp is not None:
                await close(self._smtp)
        return tuple(results)

    async def _try(self, mail: Mail, handed_over: Callable[[], None]) -> SendResult:
        """One mail; without a server, what is left is not worth a timeout each."""
        if self._no_server is None:
            try:
                return await self._deliver(mail, handed_over)
            except ConnectorError as error:
                self._no_server = SendResult(Outcome.TRY_AGAIN, str(error))
        return self._no_server

    async def _deliver(self, mail: Mail, handed_over: Callable[[], None]) -> SendResult:
        """One mail; raises ConnectorError when no connection can be had."""
        handed = False

        def hand_over() -> None:
            nonlocal handed
            handed = True
            handed_over()

        if self._smtp is not None and self._smtp.is_connected:
            result = await _transfer(self._smtp, mail, self._server, hand_over)
            # A server may end a session between two mails, without any fault of this one.
            ended = result.outcome is Outcome.TRY_AGAIN and not self._smtp.is_connected
            if handed or not ended:
                return result
        self._smtp = await login(self._server)
        return await _transfer(self._smtp, mail, self._server, handed_over)


async def _transfer(
    smtp: SMTP, mail: Mail, server: SmtpServer, handed_over: Callable[[], None]
) -> SendResult:
    """One mail transaction (RFC 5321 §3.3): MAIL, one RCPT, DATA."""
    try:
        to = envelope(mail, smtp)
        await _address(smtp, to)
    except NotSendable as error:
        return SendResult(Outcome.REFUSED, str(error))
    except (SMTPException, OSError) as error:
        await _reset(smtp)
        return _before_data(error)
    handed_over()
    try:
        answer = await smtp.data(mail.data, timeout=server.dot_timeout)
    except (SMTPException, OSError) as error:
        await _reset(smtp)
        return _after_data(error)
    return SendResult(Outcome.SENT, f"{answer.code} {one_line(answer.message)}")


async def _address(smtp: SMTP, to: Envelope) -> None:
    await smtp.mail(to.sender, options=to.options, encoding=to.encoding)
    await smtp.rcpt(to.recipient, encoding=to.encoding)


async def _reset(smtp: SMTP) -> None:
    """Leave no half transaction for the next mail, or else no connection."""
    if not smtp.is_connected:
        return
    try:
        await smtp.rset()
    except (SMTPException, OSError):
        smtp.close()


def _before_data(error: Exception) -> SendResult:
    """Only a real 5xx about this mail refuses it."""
    if not isinstance(error, SMTPResponseException):
        return SendResult(Outcome.TRY_AGAIN, one_line(str(error)))
    words = f"{error.code} {one_line(error.message)}"
    if error.code in _WE_ARE_AT_FAULT:
        return SendResult(
            Outcome.TRY_AGAIN, f"{words}; check the user, password and security of the SMTP server"
        )
    return SendResult(Outcome.REFUSED if _is_permanent(error) else Outcome.TRY_AGAIN, words)


def _after_data(error: Exception) -> SendResult:
    """Without a real reply nobody knows whether the mail was taken."""
    if not isinstance(error, SMTPResponseException) or not 200 <= error.code < 600:
        return SendResult(Outcome.UNKNOWN, f"no answer to the mail: {one_line(str(error))}")
    words = f"{error.code} {one_line(error.message)}"
    if error.code < 300:
        # Any 2xx accepts (RFC 5321 §4.2.1), though 250 is the usual one.
        return SendResult(Outcome.SENT, words)
    return SendResult(Outcome.REFUSED if _is_permanent(error) else Outcome.TRY_AGAIN, words)


def _is_permanent(error: SMTPResponseException) -> bool:
    return 500 <= error.code < 600
