"""The check at the end of every flow with a calendar server sees what it is there to see."""

import pytest

from tests.flows.written import nobody_was_invited
from tests.servers.recorder import Record, Written

STAFF = b"BEGIN:VEVENT\r\nATTENDEE:mailto:bob@lumen.example\r\nEND:VEVENT\r\n"
GUEST = b"BEGIN:VEVENT\r\nATTENDEE;CN=Jean:mailto:jean@mistral.example\r\nEND:VEVENT\r\n"
NOBODY = b"BEGIN:VEVENT\r\nSUMMARY:Relance\r\nEND:VEVENT\r\n"
FOLDED = b"BEGIN:VEVENT\r\nATTEN\r\n DEE;CN=Jean:mailto:je\r\n an@mistral.example\r\nEND:VEVENT\r\n"
ALARM = b"BEGIN:VALARM\r\nattendee:MAILTO:bob@lumen.example\r\nEND:VALARM\r\n"
ORGANIZER = b"BEGIN:VEVENT\r\nORGANIZER:mailto:ann@lumen.example\r\nEND:VEVENT\r\n"


def record(method: str, before: bytes, body: bytes) -> Record:
    return Record(written=[Written(method, "/ann/work/a.ics", before, body, 204)])


@pytest.mark.parametrize(
    ("method", "before", "body"),
    [
        ("PUT", b"", NOBODY),
        ("PUT", STAFF, STAFF),
        ("PUT", STAFF, NOBODY),
        ("PUT", ORGANIZER, ORGANIZER),
        ("DELETE", NOBODY, b""),
        ("DELETE", STAFF, b""),
    ],
)
def test_what_may_be_written(method: str, before: bytes, body: bytes) -> None:
    nobody_was_invited(record(method, before, body))


@pytest.mark.parametrize(
    ("method", "before", "body"),
    [
        ("PUT", b"", STAFF),
        ("PUT", b"", ALARM),
        ("PUT", b"", ORGANIZER),
        ("PUT", NOBODY, FOLDED),
        ("PUT", STAFF, GUEST),
        ("PUT", GUEST, GUEST),
        ("PUT", GUEST, NOBODY),
        ("DELETE", GUEST, b""),
        ("DELETE", FOLDED, b""),
        ("POST", b"", NOBODY),
    ],
)
def test_what_may_not(method: str, before: bytes, body: bytes) -> None:
    with pytest.raises(AssertionError):
        nobody_was_invited(record(method, before, body))
