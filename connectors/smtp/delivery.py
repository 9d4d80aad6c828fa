"""One mail on one connection, and what the server's answer means for it."""

from collections.abc import Awaitable, Callable

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from connectors.smtp.envelope import Envelope, NotSendable, envelope
from connectors.smtp.session import SmtpServer, one_line
from rules.model.wire import Mail, Outcome, SendResult

# Said to MAIL or RCPT, they speak of us, not of this mail (RFC 4954 §4.1, §6; RFC 3207 §4).
_WE_ARE_AT_FAULT = frozenset({530, 534, 535, 538})


async def transfer(
    smtp: SMTP, mail: Mail, server: SmtpServer, handed_over: Callable[[], Awaitable[None]]
) -> SendResult:
    """One mail transaction (RFC 5321 §3.3): MAIL, one RCPT, DATA. `handed_over` is awaited before
    the first byte of the mail leaves; what it raises stops the mail."""
    try:
        to = envelope(mail, smtp)
        await _address(smtp, to)
    except NotSendable as error:
        return SendResult(Outcome.REFUSED, str(error))
    except (SMTPException, OSError) as error:
        await _reset(smtp)
        return _before_data(error)
    try:
        await handed_over()
    except BaseException:
        await _reset(smtp)
        raise
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
