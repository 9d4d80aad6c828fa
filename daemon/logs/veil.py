"""What no log entry shows, whoever says it: the passwords that this process holds.

Our own code says none; libraries at debug, and servers that repeat what they were sent, might.
"""

import base64
import json
import re
from collections.abc import Collection
from urllib.parse import quote

SHORTEST = 6
"""A shorter secret would veil half of every entry."""


class Veil:
    """Replaces texts; one for the process, for entries come from everywhere."""

    def __init__(self) -> None:
        self._pattern: re.Pattern[str] | None = None

    def hide(self, hidden: Collection[str]) -> None:
        """These from now on, in every form in which they travel; none of those before."""
        forms = {form for text in hidden if len(text) >= SHORTEST for form in _forms(text)}
        # The longest first: one may be the beginning of another.
        several = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        self._pattern = re.compile(several) if several else None

    def over(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub("…", text) if self._pattern is not None else text


VEIL = Veil()


def _forms(text: str) -> set[str]:
    """As it is, escaped in JSON, Python and URLs, and in base64 by itself (AUTH LOGIN)."""
    encoded = base64.b64encode(text.encode()).decode()
    in_json = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    return {text, *in_json, repr(text)[1:-1], quote(text, safe=""), encoded}


def logins(user: str, password: str) -> frozenset[str]:
    """What stands for a password where it travels together with its user, in base64: Basic
    (RFC 7617) and SASL PLAIN (RFC 4616), whose first field may be empty or the user again."""
    pairs = (f"{user}:{password}", f"\0{user}\0{password}", f"{user}\0{user}\0{password}")
    return frozenset(base64.b64encode(pair.encode()).decode() for pair in pairs)
