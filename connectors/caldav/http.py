"""HTTP to one origin (RFC 9110) through caldav's session: credentials go nowhere else, but to a
host that the provider's profile names (`profiles.may_follow`).

caldav's own `request` rewrites line ends, follows redirects and parses every body; here bytes
stay bytes, and what went wrong is said once, in the words of `connectors.errors`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from caldav.davclient import DAVClient
from caldav.lib.http_sync import requests

from connectors import certificates
from connectors.caldav import profiles
from connectors.caldav.login import Login
from connectors.caldav.profiles import Profile
from connectors.errors import Refused, Unreachable
from connectors.oauth import Tokens
from connectors.problems import Problem

MAX_REDIRECTS: Final = 5
PIECE: Final = 64 * 1024
BUSY: Final = frozenset({429, 502, 503, 504})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers by lower-case name, and the body as served."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Session:
    """One keep-alive session with one origin. Not for several threads at once."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        ca_file: str | None,
        timeout: float,
        tokens: Tokens | None = None,
    ) -> None:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            # Never the whole of it: there may be a password inside.
            raise Refused.at(parts.hostname or "url", Problem.NOT_A_URL)
        self.host = parts.hostname
        self.origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self.path = parts.path or "/"
        self.domain = "" if "://" in url else self.host
        """The domain that the account was given by instead of an address: it may tell where its
        calendars are."""
        self.account = f"{user} {self.origin}{self.path}"
        """Who asks where."""
        self.profile: Profile = profiles.of(self.origin + self.path)
        """What kind of server it seems to be; its answers may tell better."""
        self._timeout = timeout
        self.certificate_ends: datetime | None = None
        """Until when the server's certificate is good; None before the first answer, and without
        TLS."""
        self.date: datetime | None = None
        """What time it was there at the last answer (RFC 9110 §6.6.1), to the second; None where
        the server tells none."""
        self._dav = DAVClient(
            self.origin + self.path,
            username=user,
            password=password,
            ssl_verify_cert=ca_file or True,
            enable_rfc6764=False,
        )
        self._dav.session.close()
        # Several servers mishandle multiplexing (Baikal, DAViCal), and one request at a time
        # gains nothing from it.
        self._dav.session = requests.Session(disable_http2=True, disable_http3=True)
        self.login = Login(self._dav, tokens)

    def moves(self, origin: str) -> bool:
        """Go on at another origin of the same provider; False where the login may not go there."""
        if origin == self.origin:
            return True
        parts = urlsplit(origin)
        is_ours = self.domain and profiles.is_under(parts.hostname or "", self.domain)
        if not (is_ours and parts.scheme == "https") and not profiles.may_follow(
            self.profile, self.origin, origin
        ):
            return False
        self.origin, self.host = origin, parts.hostname or self.host
        self.login.forget()
        return True

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask, and follow redirects as far as the login may go. Any status but 401, 429 and
        502–504 is the caller's to judge."""
        for _ in range(MAX_REDIRECTS):
            answer = self._authorised(method, path, body, headers or {})
            if answer.status not in (301, 302, 303, 307, 308):
                return self._checked(answer)
            path = self._redirected(path, answer.headers.get("location", ""))
        raise Unreachable.at(self.host, Problem.REDIRECTS_IN_A_CIRCLE)

    def close(self) -> None:
        """Close the connections."""
        self._dav.close()

    @contextmanager
    def stream(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Ask, and read the body as it arrives; any status is the caller's to judge, and no
        redirect is followed. A server on this machine need not compress what it says."""
        plain = {"Accept-Encoding": "identity"} if self.host in _LOOPBACK else {}
        response = self._sent(method, path, body, {**plain, **headers}, stream=True)
        try:
            yield response.status_code or 0, self._pieces(response)
        finally:
            response.close()

    def _pieces(self, response: Any) -> Iterator[bytes]:
        try:
            yield from response.iter_content(PIECE)
        except OSError as error:
            raise Unreachable(f"{self.host}: {_reason(error)}") from error

    def _authorised(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        answer = self._send(method, path, body, headers)
        if answer.status != 401:
            return answer
        if not self.login.again(self.host, answer.headers.get("www-authenticate", "")):
            return answer
        return self._send(method, path, body, headers)

    def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        response = self._sent(method, path, body, headers, stream=False)
        try:
            content = response.content or b""
        except OSError as error:
            raise Unreachable(f"{self.host}: {_reason(error)}") from error
        received = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code or 0, received, content, path)

    def _sent(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, stream: bool
    ) -> Any:
        try:
            response = self._dav.session.request(
                method,
                self.origin + path,
                data=body or None,
                headers={"User-Agent": "suivi", "Accept": "*/*", **headers},
                auth=self.login.auth(),
                timeout=self._timeout,
                verify=self._dav.ssl_verify_cert,
                allow_redirects=False,
                stream=stream,
            )
        except requests.exceptions.SSLError as error:
            raise Refused.at(self.host, Problem.CERTIFICATE, why=_reason(error)) from error
        except requests.exceptions.Timeout as error:
            seconds = f"{self._timeout:g}"
            raise Unreachable.at(self.host, Problem.NO_ANSWER_WITHIN, seconds=seconds) from error
        except OSError as error:
            # Every exception of requests and niquests is an OSError.
            raise Unreachable(f"{self.host}: {_reason(error)}") from error
        self._note(response)
        return response

    def _note(self, response: Any) -> None:
        seen = getattr(response, "conn_info", None)
        if self.profile is profiles.STANDARD:
            told = {name.lower(): value for name, value in response.headers.items()}
            self.profile = profiles.of(self.origin + self.path, told)
        found = certificates.ends(getattr(seen, "certificate_dict", None))
        self.certificate_ends = found or self.certificate_ends
        try:
            date = parsedate_to_datetime(response.headers.get("date") or "")
        except ValueError:
            return
        if date.tzinfo is not None:
            self.date = date

    def _checked(self, answer: Answer) -> Answer:
        if answer.status == 401:
            raise Refused.at(self.host, Problem.ACCOUNT)
        if answer.status in BUSY:
            raise _busy(self.host, answer)
        return answer

    def _redirected(self, path: str, location: str) -> str:
        target = urlsplit(urljoin(self.origin + path, location))
        if not self.moves(f"{target.scheme}://{target.netloc}"):
            url = f"{target.scheme}://{target.hostname}{target.path[:80]}"
            raise Refused.at(self.host, Problem.REDIRECTED, url=url)
        return target.path or "/"


def _busy(host: str, answer: Answer) -> Unreachable:
    after = answer.headers.get("retry-after", "").strip()[:40]
    if not after:
        return Unreachable.at(host, Problem.ANSWERS, status=answer.status)
    return Unreachable.at(host, Problem.ANSWERS_LATER, status=answer.status, seconds=after)


def _reason(error: BaseException) -> str:
    """The innermost cause in one short line: libraries wrap it several times over."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    text = " ".join(str(getattr(cause, "strerror", None) or cause).split())
    return text[:160] or type(cause).__name__
