"""One call that records an exchange, its follow-up and its reminders, and may be repeated."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from daemon.i18n import mark
from daemon.sheet.errors import NotTaken
from daemon.sheet.writer import Writer
from daemon.store import requests


def once(
    writer: Writer, key: str | None, asked: Any, do: Callable[[], Mapping[str, Any]]
) -> tuple[Mapping[str, Any], bool]:
    """What `do` answers, and whether it was done now: under the same key of the same writer it is
    done once, and answered alike. `asked` is the request as JSON has it. `do` answers names of
    things only. Raises NotTaken where the key was given with another request."""
    if key is None:
        return do(), True
    text = json.dumps(asked, sort_keys=True, ensure_ascii=True)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    whose = writer.user.id
    try:
        known = requests.begin(writer.tx, whose, key, fingerprint, writer.now)
    except requests.Reused as error:
        raise NotTaken(
            "Idempotency-Key", mark("this key was given with another request before")
        ) from error
    if known is not None:
        return known, False
    answer = do()
    requests.answered(writer.tx, whose, key, answer)
    return answer, True
