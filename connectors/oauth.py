"""OAuth 2 access tokens for servers that take no password (RFC 6749 §4.4, §6), kept while valid."""

import json
import re
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any, NoReturn
from urllib.parse import urlencode, urlsplit

from connectors.errors import Refused, Unreachable

# A token that ends while a session is being opened is of no use.
_SPARE_SECONDS = 60.0
_USUAL_SECONDS = 300.0
_LONGEST_SECONDS = 86400.0
_LONGEST_ANSWER = 64 * 1024
# Printable ASCII (RFC 6749 §A.12).
_TOKEN = re.compile(r"[\x20-\x7e]+")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where tokens are had. With `refresh_token_file` for a person who once agreed, else for the
    client itself. Secrets go to `url` alone, which must be https (or this machine)."""

    url: str
    client: str
    secret: str | None = field(default=None, repr=False)
    scope: str = ""
    refresh_token_file: Path | None = None
    timeout: float = 30

    @property
    def place(self) -> str:
        """What errors call it."""
        return f"oauth {urlsplit(self.url).hostname}"


class Tokens:
    """The access token of the moment; safe to share between threads."""

    def __init__(self, source: TokenSource, clock: Callable[[], float] = time.monotonic) -> None:
        self._source, self._clock = source, clock
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0
        # Servers may hand out another one each time, and forget the one before (RFC 6749 §6): it
        # counts until there is another in the file.
        self._read, self._refresh = "", ""
        self._ends: float | None = None

    def token(self) -> str:
        """A token that is valid for a minute at least; raises Unreachable or Refused."""
        with self._lock:
            if not self._token or self._clock() >= self._until:
                self._renew()
            return self._token

    @property
    def ends_in(self) -> float | None:
        """Seconds until a person must agree anew, as the server last said; None: it did not."""
        with self._lock:
            return None if self._ends is None else self._ends - self._clock()

    def forget(self) -> None:
        """A server did not take it: the next is a new one."""
        with self._lock:
            self._token = ""

    def _renew(self) -> None:
        source = self._source
        asked = {"client_id": source.client, **self._grant()}
        if source.secret:
            asked["client_secret"] = source.secret
        if source.scope:
            asked["scope"] = source.scope
        before = self._clock()
        answer = _post(source, urlencode(asked).encode())
        token, lasts = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise Unreachable(f"{source.place}: no access token in its answer")
        if not isinstance(lasts, int | float) or not 0 <= lasts <= _LONGEST_SECONDS:
            lasts = _USUAL_SECONDS
        self._token, self._until = token, before + lasts - _SPARE_SECONDS
        # Not in RFC 6749; Google and Microsoft tell it where the agreement of a person ends.
        left = answer.get("refresh_token_expires_in")
        self._ends = before + left if isinstance(left, int | float) and left > 0 else None
        refresh = answer.get("refresh_token")
        if source.refresh_token_file and isinstance(refresh, str):
            self._refresh = refresh

    def _grant(self) -> dict[str, str]:
        file = self._source.refresh_token_file
        if file is None:
            return {"grant_type": "client_credentials"}
        try:
            there = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{self._source.place}: {file} can't be read") from error
        if there != self._read:
            self._read = self._refresh = there
        return {"grant_type": "refresh_token", "refresh_token": self._refresh}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The secret is for the address that was configured, wherever that points to."""

    def redirect_request(
        self, req: Any, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _post(source: TokenSource, form: bytes) -> dict[str, Any]:
    parts = urlsplit(source.url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise Refused(f"{source.place}: the address of tokens must start with https://")
    context = ssl.create_default_context()
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(source.url, form, {"Accept": "application/json"})  # noqa: S310  its scheme was looked at
    try:
        with opener.open(request, timeout=source.timeout) as answer:
            return _object(answer.read(_LONGEST_ANSWER))
    except urllib.error.HTTPError as error:
        with error:
            _refuse(source, error.code, _object(error.read(_LONGEST_ANSWER)))
    except (OSError, HTTPException) as error:
        raise Unreachable(f"{source.place}: {type(error).__name__}") from error


def _refuse(source: TokenSource, code: int, said: dict[str, Any]) -> NoReturn:
    word = said.get("error")
    # One of the words of RFC 6749 §5.2; what else a server writes may repeat what it was sent.
    why = word if isinstance(word, str) and word.isascii() and word.isidentifier() else ""
    text = f"{source.place}: {code} {why[:40]}".rstrip()
    if code in (400, 401, 403):
        raise Refused(f"{text}; check the client, its secret and the refresh token")
    raise Unreachable(text)


def _object(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
