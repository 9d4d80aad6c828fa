"""Secrets that we hand out: random enough that nobody guesses them, so a plain hash is kept."""

import hashlib
import hmac
import secrets

_BYTES = 32

TOKEN = "suivi_"  # noqa: S105  what tokens begin with, so that scanners for secrets find them


def new(prefix: str = "") -> str:
    """256 random bits, as text for headers, cookies and addresses."""
    return prefix + secrets.token_urlsafe(_BYTES)


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def derived(secret: str, purpose: str) -> str:
    """Another secret that only who has the first one can tell."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()
