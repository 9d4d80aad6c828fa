"""One logged-in connection to an SMTP server, and what it means when there is none."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from connectors import certificates
from connectors.errors import ConnectorError, Refused, Unreachable
from connectors.oauth import Tokens
from connectors.problems import Problem

Security = Literal["tls", "starttls", "none"]

# A polite goodbye is not worth waiting for.
_QUIT_TIMEOUT = 5.0
_DETAIL_LIMIT = 200


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed in, and as whom. Times are seconds.

    `timeout` is for each command. `dot_timeout` is for the answer to a whole mail, which
    servers give after their spam filters (RFC 5321 §4.5.3.2.6): when it is too short, mails
    that were accepted count as unknown and come twice. `connections` is how many are used at
    once, if the server lets us. With `tokens` the login is XOAUTH2, without a password.
    """

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    timeout: float = 30
    dot_timeout: float = 120
    connections: int = 1
    tokens: Tokens | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """What errors call it."""
        return f"smtp {self.host}:{self.port}"


def check(server: SmtpServer) -> datetime | None:
    """Connect and log in, send nothing; until when the server's certificate is good, None without
    TLS. Raises Unreachable or Refused."""

    async def once() -> datetime | None:
        smtp = await login(server)
        certificate = smtp.get_transport_info("peercert")
        await close(smtp)
        return certificates.ends(certificate)

    return asyncio.run(once())


async def login(server: SmtpServer) -> SMTP:
    """A session that takes mail; raises Unreachable or Refused."""
    smtp = SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password if server.tokens is None else None,
        oauth_token_generator=_generator(server.tokens),
        timeout=server.timeout,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        tls_context=_tls(server) if server.security != "none" else None,
    )
    try:
        await smtp.connect()
        if smtp.is_ehlo_or_helo_needed:
            await smtp.ehlo()
    except (SMTPException, OSError, ValueError) as error:
        smtp.close()
        if server.tokens is not None and isinstance(error, SMTPAuthenticationError):
            server.tokens.forget()
        raise _meaning(server, error) from error
    except ConnectorError:
        # Of those who give tokens; it says what to do.
        smtp.close()
        raise
    return smtp


def _generator(tokens: Tokens | None) -> Callable[[], Awaitable[str]] | None:
    if tokens is None:
        return None
    return lambda: asyncio.to_thread(tokens.token)


async def close(smtp: SMTP) -> None:
    """Say goodbye where somebody listens; never raises."""
    if smtp.is_connected:
        try:
            await smtp.quit(timeout=_QUIT_TIMEOUT)
        except (SMTPException, OSError):
            # The mails have had their answers: nothing hangs on this one.
            pass
        finally:
            smtp.close()


def one_line(text: str) -> str:
    """A server's words, fit for a log: no control characters, no novels."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:_DETAIL_LIMIT]


def _tls(server: SmtpServer) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if server.ca_file is not None:
        try:
            context.load_verify_locations(server.ca_file)
        except OSError as error:
            # An SSLError is an OSError too: the file is there, but holds no certificate.
            why = error.strerror or "not PEM certificates"
            raise Refused.at(
                server.place, Problem.CA_FILE, file=server.ca_file, why=one_line(why)
            ) from error
    return context


def _meaning(server: SmtpServer, error: Exception) -> ConnectorError:
    """What a failed connection means: try again, or an admin must act and how."""
    place, words = server.place, one_line(str(error))
    cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    match cause:
        case ssl.SSLCertVerificationError():
            why = one_line(cause.verify_message)
            return Refused.at(place, Problem.CERTIFICATE, why=why)
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
            return Refused.at(place, Problem.NO_TLS)
        case SMTPAuthenticationError(code=code) if code >= 500:
            why = f"{code} {one_line(cause.message)}"
            return Refused.at(place, Problem.LOGIN, user=server.user, why=why)
        case SMTPResponseException(code=code):
            kind = Refused if code >= 500 else Unreachable
            return kind(f"{place}: {code} {one_line(cause.message)}")
        case SMTPTimeoutError() if server.security != "tls":
            return Unreachable.at(place, Problem.PERHAPS_TLS, why=words)
        case SMTPConnectError() | SMTPServerDisconnected() | SMTPTimeoutError() | OSError():
            return Unreachable(f"{place}: {words}")
        case _:
            # STARTTLS or AUTH that the server does not offer, a host name with a line break.
            return Refused(f"{place}: {words}")
