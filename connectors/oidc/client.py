"""One provider: where to send somebody who wants to sign on, and who it is that comes back.

Discovery 1.0 finds the addresses and keys; PKCE (RFC 7636, S256) binds the code to who asked for
it, and a nonce the ID token. Whatever the provider says is checked before it is believed.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlsplit

from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from authlib.oidc.core import CodeIDToken
from httpx2 import Client, HTTPError, InvalidURL
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from connectors.errors import Refused, Unreachable

# Signatures that only the provider can make: none, and those with a shared secret, are not taken.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_KEPT = 3600.0
"""Seconds for which what discovery found is believed."""
_CLOCKS = 120
"""Seconds by which the provider's clock may differ from ours."""
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Provider:
    """Who signs our users on, and what we are called there."""

    issuer: str
    client: str
    secret: str | None = field(default=None, repr=False)
    scope: str = "openid email profile"
    timeout: float = 10


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes; the rest stays with us until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


class SignOn:
    """Safe to share between threads. Raises Unreachable where the provider does not answer as it
    should, Refused where it, or what it said, is not to be believed."""

    def __init__(self, provider: Provider, clock: Callable[[], float] = time.monotonic) -> None:
        self._provider, self._clock = provider, clock
        self._lock = threading.Lock()
        self._found: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._until = 0.0

    def begin(self, redirect: str) -> Begun:
        """Send somebody to the provider, who comes back to `redirect`."""
        found = self._discovered()
        verifier, nonce = generate_token(64), generate_token(43)
        with self._client(redirect) as client:
            url, state = client.create_authorization_url(
                found["authorization_endpoint"],
                state=generate_token(43),
                nonce=nonce,
                code_verifier=verifier,
            )
        return Begun(url, state, nonce, verifier)

    def finish(self, redirect: str, code: str, nonce: str, verifier: str) -> str:
        """The verified email address of who came back with this code."""
        found = self._discovered()
        try:
            with self._client(redirect, coded=True) as client:
                token = client.fetch_token(
                    found["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                )
        except OAuthError as error:
            # One of the words of RFC 6749 §5.2.
            raise Refused(f"{self._place}: it refuses the code: {str(error.error)[:40]}") from error
        except (HTTPError, InvalidURL, ValueError) as error:
            raise Unreachable(f"{self._place}: {type(error).__name__}") from error
        return self._address(self._claims(token, nonce))

    def reach(self) -> str:
        """Try discovery; the issuer that answers."""
        return str(self._discovered()["issuer"])

    @property
    def _place(self) -> str:
        return f"sign-on {urlsplit(self._provider.issuer).hostname}"

    def _client(self, redirect: str, *, coded: bool = False) -> Any:
        """`coded`: name and secret as Basic wants them (RFC 6749 §2.3.1), where there is one."""
        provider = self._provider
        code = quote_plus if coded and provider.secret else str
        return OAuth2Client(
            code(provider.client),
            code(provider.secret) if provider.secret else None,
            token_endpoint_auth_method="client_secret_basic" if provider.secret else "none",
            scope=provider.scope,
            redirect_uri=redirect,
            code_challenge_method="S256",
            timeout=provider.timeout,
            follow_redirects=False,
        )

    def _discovered(self) -> Mapping[str, Any]:
        with self._lock:
            if self._clock() >= self._until:
                issuer = self._provider.issuer
                found = self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                # Discovery §4.3: else one provider could speak for another.
                if found.get("issuer") != issuer:
                    raise Refused(f"{self._place}: it calls itself by another issuer")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    _must_be_safe(self._place, found.get(name))
                self._found, self._keys = found, None
                self._until = self._clock() + _KEPT
            return self._found

    def _key_set(self, *, again: bool = False) -> KeySet:
        found = self._discovered()
        with self._lock:
            if self._keys is None or again:
                try:
                    self._keys = KeySet.import_key_set(self._fetch(found["jwks_uri"]))  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise Refused(f"{self._place}: its keys can't be used") from error
            return self._keys

    def _fetch(self, url: str) -> dict[str, Any]:
        _must_be_safe(self._place, url)
        try:
            with Client(timeout=self._provider.timeout) as client:
                answer = client.get(url)
                answer.raise_for_status()
                found = answer.json()
        except (HTTPError, InvalidURL, ValueError, RecursionError) as error:
            raise Unreachable(f"{self._place}: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise Unreachable(f"{self._place}: its answer is no JSON object")
        return found

    def _claims(self, token: Mapping[str, Any], nonce: str) -> CodeIDToken:
        """What a genuine ID token says (Core §3.1.3.7)."""
        told = token.get("id_token")
        if not isinstance(told, str):
            raise Refused(f"{self._place}: it gives no ID token")
        client, issuer = self._provider.client, self._provider.issuer
        try:
            try:
                read = self._read(told, self._key_set())
            except InvalidKeyIdError:
                # Providers change their keys.
                read = self._read(told, self._key_set(again=True))
            claims = CodeIDToken(
                read.claims,
                read.header,
                {"iss": {"essential": True, "value": issuer}, "aud": {"value": client}},
                {"client_id": client, "nonce": nonce, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=_CLOCKS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            why = type(error).__name__
            raise Refused(f"{self._place}: its ID token is not good ({why})") from error
        return claims

    def _read(self, told: str, keys: KeySet) -> jwt.Token:
        registry = JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False)
        return jwt.decode(told, keys, registry=registry)

    def _address(self, claims: CodeIDToken) -> str:
        email = claims.get("email")
        if not isinstance(email, str) or not email:
            raise Refused(f"{self._place}: it tells no email address; ask for the scope `email`")
        # Core §5.7: what is not verified, anybody may have typed. Some write it as text.
        if claims.get("email_verified") not in (True, "true"):
            raise Refused(f"{self._place}: it has not verified the email address")
        return email


def _must_be_safe(place: str, url: object) -> None:
    parts = urlsplit(url) if isinstance(url, str) else None
    safe = parts is not None and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )
    if not safe:
        raise Refused(f"{place}: its addresses must start with https://")
