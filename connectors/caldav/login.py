"""Who asks: Basic or Digest as the server wants it (RFC 9110 §11), or a token (RFC 6750)."""

from typing import Any, Final

from caldav.davclient import DAVClient
from caldav.lib import error as caldav_errors
from caldav.requests import HTTPBearerAuth

from connectors.errors import Refused
from connectors.oauth import Tokens
from connectors.problems import Problem

# A login that may be sent without having been asked for again: that of Digest needs a nonce.
_KNOWN_BEFOREHAND: Final = frozenset({"basic"})


class Login:
    """The login of one session. `scheme` is what was agreed on, "" before that."""

    def __init__(self, dav: DAVClient, tokens: Tokens | None) -> None:
        self._dav = dav
        self._tokens = tokens
        self.scheme = "bearer" if tokens is not None else ""

    def auth(self) -> Any:
        """What goes with a request; None where nothing is agreed on yet. Raises Unreachable or
        Refused where a token can't be had."""
        if self._tokens is not None:
            return HTTPBearerAuth(self._tokens.token())
        return self._dav.auth

    def recall(self, scheme: str) -> None:
        """What was agreed on when the server was last asked."""
        if not self.scheme and scheme in _KNOWN_BEFOREHAND:
            self._choose([scheme])

    def again(self, host: str, challenge: str) -> bool:
        """Whether another try is worth it after a 401: once a scheme is chosen, or with a new
        token. Raises Refused where the server wants something else."""
        if self._tokens is not None:
            self._tokens.forget()
            return True
        if self.scheme or not challenge:
            return False
        try:
            chosen = self._choose(list(self._dav.extract_auth_types(challenge)))
        except caldav_errors.AuthorizationError as error:
            raise Refused.at(host, Problem.OTHER_LOGIN) from error
        if not chosen:
            raise Refused.at(host, Problem.NO_LOGIN)
        return True

    def forget(self) -> None:
        """Another host asks for itself; what a token is for is known."""
        if self._tokens is None:
            self._dav.auth, self.scheme = None, ""

    def _choose(self, offered: list[str]) -> str:
        self._dav.build_auth_object(offered)
        self.scheme = _SCHEMES.get(type(self._dav.auth).__name__, "")
        return self.scheme


_SCHEMES: Final = {"HTTPBasicAuth": "basic", "HTTPDigestAuth": "digest", "HTTPBearerAuth": "bearer"}
