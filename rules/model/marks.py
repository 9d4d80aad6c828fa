"""How a title says that what it names is over: the first thing in it is a tick, or the word."""

import re
from typing import Final

OURS: Final = "✓ "
"""What suivi writes before the title of an event, which has no other way to say done."""

# The word must be followed by something that it speaks of: "Fait" alone is a title.
_MARK: Final = re.compile(
    r"\s*(?:[✓✔☑✅]\ufe0f?|\[\s?[xX✓✔]\s?\]|(?:fait|done)\b\s*(?:[:.–—-](?=\s)|(?=\s)))\s*(?=\S)",
    re.IGNORECASE,
)


def done(title: str) -> tuple[bool, str]:
    """Whether a title starts with a mark of being done, and the title without it."""
    found = _MARK.match(title)
    return (False, title) if found is None else (True, title[found.end() :])
