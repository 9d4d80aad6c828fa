"""Delivery reports (RFC 3464): which mail did not reach whom. Linear time, never raises."""

import re
from collections.abc import Iterator, Mapping

from connectors.mime.words import clean
from rules.model.sightings import Report, Undelivered

STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
ORIGINAL = frozenset({"text/rfc822-headers", "message/global-headers"})
"""The header of the mail that came back (RFC 3462 §3)."""
RECIPIENTS_MOST = 100
ADDRESS_MOST = 320

_FOLD = re.compile(r"\r?\n[ \t]+")
_ID = re.compile(r"^[> \t]{0,20}message-id:[ \t]*<([^<>\s]{1,998})>", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>\";]{1,64}@[^\s<>\";]{1,255}")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def read(status: str, original: str, text: str, failed: str = "") -> Report | None:
    """The report of these parts: delivery-status, header of the mail that came back, text that a
    person reads; and the value of X-Failed-Recipients. None where no mail is named."""
    about = _message_id(original) or _message_id(status) or _message_id(text)
    if about is None:
        return None
    return Report(about, tuple(_undelivered(status)) or tuple(_named(failed)))


def _message_id(text: str) -> str | None:
    found = _ID.search(_FOLD.sub(" ", text))
    return found[1] if found else None


def _undelivered(status: str) -> Iterator[Undelivered]:
    """The recipients whose group of fields says that it failed (RFC 3464 §2.3)."""
    seen: set[str] = set()
    for group in re.split(r"\r?\n[ \t]*\r?\n", status):
        fields = _fields(group)
        if not fields.get("action", "").lower().startswith("failed"):
            continue
        # The one that was written to counts, not where it was forwarded (§2.3.1).
        named = fields.get("original-recipient") or fields.get("final-recipient", "")
        recipient = _address(named.partition(";")[2] or named)
        code = _STATUS.match(fields.get("status", ""))
        if recipient and recipient.casefold() not in seen:
            seen.add(recipient.casefold())
            yield Undelivered(recipient, code[0] if code else "")
        if len(seen) == RECIPIENTS_MOST:
            break


def _named(failed: str) -> Iterator[Undelivered]:
    """Exim's and Gmail's own field."""
    for named in failed.split(",")[:RECIPIENTS_MOST]:
        if recipient := _address(named):
            yield Undelivered(recipient)


def _fields(group: str) -> Mapping[str, str]:
    fields: dict[str, str] = {}
    for line in _FOLD.sub(" ", group).splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _address(text: str) -> str:
    found = _ADDRESS.search(clean(text[:2_000]))
    return found[0][:ADDRESS_MOST] if found else ""
