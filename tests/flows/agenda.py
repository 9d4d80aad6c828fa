"""A person's calendar on a real server, and what they do to it there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from connectors import ical
from tests.flows.house import House
from tests.flows.inside import PARIS, ago
from tests.servers.dav import DavServer
from tests.servers.recorder import Record

JEAN = "ATTENDEE;CN=Jean;PARTSTAT=NEEDS-ACTION:mailto:jean@mistral.example"
PHONE = (
    "X-PHONE-COLOUR;VALUE=TEXT:a \\, strange\\; value",
    "BEGIN:VALARM",
    "UID:phone-alarm",
    "ACTION:AUDIO",
    "TRIGGER:-PT7M",
    "X-PHONE-SOUND:bell",
    "END:VALARM",
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Ann's calendar "work" on one of the servers, as her phone sees it; `record` is what suivi
    did there."""

    server: DavServer
    href: str
    name: str = "radicale"
    record: Record = field(default_factory=Record)

    def objects(self) -> dict[str, bytes]:
        """All that is in it; nobody from outside may ever be in what suivi wrote."""
        return self.server.objects("ann", self.href)

    def only(self) -> tuple[str, bytes]:
        """Name and bytes of the only object."""
        ((name, data),) = self.objects().items()
        return name, data

    def put(self, name: str, data: bytes) -> bytes:
        """Store an object; returns it as the server keeps it."""
        self.server.put("ann", self.href + name, data)
        return self.server.get("ann", self.href + name)

    def edit(self, *changes: tuple[bytes, bytes]) -> bytes:
        """Change the only object as a phone does."""
        name, data = self.only()
        for old, new in changes:
            assert data.count(old) == 1, (old, data)
            data = data.replace(old, new)
        return self.put(name, data)

    def delete(self) -> bytes:
        """Delete the only object; returns what it was."""
        name, data = self.only()
        self.server.delete("ann", self.href + name)
        return data


def call(house: House, when: datetime, *more: str) -> None:
    """A call was taken, and Jean is to be called back."""
    at = when.astimezone(PARIS).strftime("%Y-%m-%d %H:%M")
    words = ("--with", "CU-1", "--in", "--by", "ann@lumen.example", "--follow-up", at)
    house.suivi("exchange", "add", "Il rappellera", *words, "--key", "call", *more)


def line(name: bytes, data: bytes) -> bytes:
    """The only content line of this name in the event or task, parameters and all."""
    component = re.split(rb"BEGIN:(?:VEVENT|VTODO)\r\n", data)[1]
    found = [one for one in component.split(b"\r\n") if one.split(b":")[0].split(b";")[0] == name]
    assert len(found) == 1, (name, data)
    return found[0]


def begins(data: bytes) -> datetime:
    """When the only object of a calendar starts."""
    (shown,) = ical.read(data, "Europe/Paris", ago(), ago())
    assert shown.when is not None
    return shown.when.start


def kept(before: bytes, after: bytes, names: Iterable[bytes]) -> None:
    """These lines are what they were, byte for byte."""
    for name in names:
        lines = [one for one in before.split(b"\r\n") if one.startswith(name)]
        assert lines and lines == [one for one in after.split(b"\r\n") if one.startswith(name)]


def nobody_invited(data: bytes) -> None:
    assert b"ATTENDEE" not in data and b"ORGANIZER" not in data
