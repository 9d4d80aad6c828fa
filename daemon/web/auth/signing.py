"""What a browser keeps for us while its user is at a provider: signed, so that it brings back what
we gave it, and nothing older than some minutes."""

import base64
import hmac
import json
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from rules import identity

LASTS = timedelta(minutes=10)
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Kept:
    """What the answer of the provider has to fit, and where its user wanted to go."""

    state: str
    nonce: str
    verifier: str
    onward: str


def sealed(key: bytes, kept: Kept, now: datetime) -> str:
    """As a cookie holds it."""
    text = json.dumps([*astuple(kept), int((now + LASTS).timestamp())])
    coded = base64.urlsafe_b64encode(text.encode()).decode()
    return f"{coded}.{_mark(key, coded)}"


def opened(key: bytes, cookie: str, now: datetime) -> Kept | None:
    """What was sealed, unless somebody else did it or it is too old."""
    coded, _, mark = cookie[:_LONGEST].rpartition(".")
    if not hmac.compare_digest(mark.encode(), _mark(key, coded).encode()):
        return None
    *parts, until = json.loads(base64.urlsafe_b64decode(coded))
    return Kept(*parts) if now.timestamp() < until else None


def onward(path: str) -> str:
    """Where to go afterwards: an address of ours; whatever else was asked for is the front page.
    Browsers take a backslash for a slash, and two of them lead to another site."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and len(path) <= 1000
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


def _mark(key: bytes, coded: str) -> str:
    return identity.digest(key, f"sign-on {coded}")
