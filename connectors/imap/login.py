"""From an account to a session: connection, TLS, login; IMAPClient does the talking."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, LoginError

from connectors.errors import Refused, Unreachable
from connectors.imap.account import ImapAccount, Password
from connectors.imap.session import Session, shown
from connectors.imap.wire import WireError
from connectors.problems import Problem

CONNECT_SECONDS = 10.0

# A login is refused for good unless the server says otherwise (RFC 5530 §3).
_LATER = re.compile(
    r"UNAVAILABLE|INUSE|LIMIT|SERVERBUG|throttl|too many|try again|temporar", re.IGNORECASE
)


def open_session(account: ImapAccount) -> Session:
    """A logged-in session. Raises Unreachable, or Refused with what to do about it."""
    with _translated(account):
        client = _connected(account)
    try:
        with _translated(account):
            if account.security == "starttls":
                _start_tls(client, account)
            _log_in(client, account)
            return _taken_over(client, account)
    except BaseException:
        # A failed TLS handshake has closed the socket already.
        with suppress(OSError):
            client.shutdown()
        raise


def _connected(account: ImapAccount) -> Any:
    # IMAPClient is half typed: from here to the session it goes by as Any.
    timeout: Any = SocketTimeout(min(CONNECT_SECONDS, account.timeout), account.timeout)
    tls = account.security == "tls"
    client: Any = IMAPClient(
        account.host,
        account.port,
        ssl=tls,
        ssl_context=_context(account) if tls else None,
        timeout=timeout,
    )
    # IMAPClient sets 5, which costs a repr() of all that is read, passwords included.
    client._imap.debug = 0
    return client


def _context(account: ImapAccount) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=account.ca_file)
    except (OSError, ssl.SSLError) as error:
        why = shown(str(error))
        raise Refused.at(account.host, Problem.CA_FILE, file=account.ca_file, why=why) from error


def _start_tls(client: Any, account: ImapAccount) -> None:
    if not client.has_capability("STARTTLS"):
        raise Refused.at(account.host, Problem.NO_STARTTLS, port=account.port)
    client.starttls(_context(account))
    # What was offered before TLS may have been written by anybody (RFC 9051 §11.1).
    client._cached_capabilities = None


def _log_in(client: Any, account: ImapAccount) -> None:
    match account.credentials:
        case Password(user, password):
            if client.has_capability("AUTH=PLAIN"):
                client.plain_login(user, password)
            elif client.has_capability("LOGINDISABLED"):
                raise Refused.at(account.host, Problem.NOT_IN_CLEAR)
            elif not (user + password).isascii():
                raise Refused.at(account.host, Problem.ASCII_ONLY)
            else:
                client.login(user, password)


def _taken_over(client: Any, account: ImapAccount) -> Session:
    """The session on the client's socket. From here on IMAPClient must not be used."""
    offered = {name.decode("ascii", "replace").upper() for name in client.capabilities()}
    early = _buffered(client._imap)
    return Session(
        client.socket(),
        account.host,
        frozenset(offered),
        timeout=account.timeout,
        welcome=client.welcome,
        early=early,
    )


def _buffered(imap: Any) -> bytes:
    """What imaplib has read from the socket and not yet used."""
    own = b"".join(getattr(imap, "_readbuf", ()))
    stream = getattr(imap, "_file", None) or imap.file
    imap.sock.settimeout(0)
    # peek() reads from the socket when its buffer is empty, and then would block.
    try:
        waiting = stream.peek(1)
        return own + bytes(stream.read(len(waiting)) if waiting else b"")
    except (BlockingIOError, ssl.SSLWantReadError):
        return own
    finally:
        # While this file is open, closing the socket would not hang up.
        stream.close()


@contextmanager
def _translated(account: ImapAccount) -> Iterator[None]:
    host = account.host
    try:
        yield
    except LoginError as error:
        said = _without_secrets(account, str(error))
        if _LATER.search(said):
            raise Unreachable(f"{host}: {said}") from None
        raise Refused.at(host, Problem.LOGIN, user=account.user, why=said) from None
    except ssl.SSLCertVerificationError as error:
        why = shown(error.verify_message)
        raise Refused.at(host, Problem.CERTIFICATE, why=why) from error
    except ssl.SSLError as error:
        why = shown(error.reason or str(error))
        place = {"port": account.port, "security": account.security}
        raise Unreachable.at(host, Problem.TLS_FAILED, why=why, **place) from error
    except CapabilityError as error:
        raise Refused(f"{host}: {_without_secrets(account, str(error))}") from None
    except TimeoutError as error:
        raise Unreachable.at(host, Problem.NO_ANSWER) from error
    except OSError as error:
        raise Unreachable(f"{host}: {shown(error.strerror or str(error))}") from error
    except (imaplib.IMAP4.error, EOFError, WireError) as error:
        raise Unreachable(f"{host}: {_without_secrets(account, str(error))}") from None


def _without_secrets(account: ImapAccount, said: str) -> str:
    """An error text that can't hold the password, should the server repeat it."""
    if account.password:
        said = said.replace(account.password, "…")
    return shown(said)
