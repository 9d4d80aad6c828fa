"""What suivi may write to a calendar server, held against all that it wrote: nobody is invited."""

import re
from collections.abc import Iterable, Iterator

from tests.flows.house import DOMAIN
from tests.servers.recorder import Record, Written

_FOLD = re.compile(rb"\r?\n[ \t]")
_PERSON = re.compile(r"^(ATTENDEE|ORGANIZER)(?:;.*)?:(.*)$", re.IGNORECASE)
_STAFF = ("bob.lumen@gmail.com",)


def nobody_was_invited(record: Record) -> None:
    """No person in what was written who did not stand there already, as the server itself shows
    it; and what names somebody from outside was not written at all, nor deleted."""
    for one in record.written:
        assert one.method in ("PUT", "DELETE"), one
        before = set(people(one.before))
        assert not outsiders(before), f"written although outsiders are in it: {_told(one)}"
        assert set(people(one.body)) <= before, f"somebody was added: {_told(one)}"


def people(data: bytes) -> Iterator[tuple[str, str]]:
    """Every ATTENDEE and ORGANIZER in any component, unfolded and decoded."""
    text = _FOLD.sub(b"", data).decode("utf-8", errors="replace")
    for line in text.splitlines():
        found = _PERSON.match(line)
        if found:
            yield found[1].upper(), found[2].strip().lower()


def outsiders(found: Iterable[tuple[str, str]]) -> set[str]:
    """The addresses among them that are not of staff."""
    addresses = {address.removeprefix("mailto:") for _, address in found}
    return {a for a in addresses if not a.endswith(f"@{DOMAIN}") and a not in _STAFF}


def _told(one: Written) -> str:
    return f"{one.method} {one.path}\nbefore: {one.before!r}\nwritten: {one.body!r}"
