"""How the calendar servers of the tests differ from the standard, as data, each with the question
that shows it: `tests/connectors/caldav/test_servers.py` asks them all, so that what a server has
mended is seen, and a detour for it can go.

`STANDARD` is what the RFCs want; `QUIRKS` tells for each server what it answers instead, and
what suivi does about it.
"""

import http.client
import re
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.servers.dav import DavServer

Answer = int | str
"""A status, its first digit, or yes or no."""


@dataclass(frozen=True, slots=True)
class Quirk:
    """What a server answers, and what suivi does about it."""

    answer: Answer
    done: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Asked:
    """A server, asked by Ann past suivi's own code; each question has a calendar of its own."""

    server: DavServer
    calendar: str
    tasks: str

    def __call__(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        login = b64encode(f"ann:{self.server.passwords['ann']}".encode()).decode()
        kind = "text/calendar; charset=utf-8" if method == "PUT" else "text/xml"
        sent = {"Authorization": f"Basic {login}", "Content-Type": kind}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            told = {name.lower(): answer.getheader(name, "") for name, _ in answer.getheaders()}
            return Reply(answer.status, told, answer.read())
        finally:
            connection.close()

    def put(self, name: str, data: bytes, **headers: str) -> int:
        """The status for storing an object in the calendar."""
        return self("PUT", self.calendar + name, data, **headers).status

    def etag(self, name: str) -> str:
        """Of an object of the calendar, by GET."""
        return self("GET", self.calendar + name).headers["etag"]

    def sync(self, token: str) -> Reply:
        """sync-collection with this token."""
        return self("REPORT", self.calendar, (_SYNC % token).encode(), Depth="0")

    def ctag(self) -> str:
        """Of the calendar; empty where there is none."""
        found = re.search(
            rb"getctag[^>]*>([^<]*)<", self("PROPFIND", self.calendar, _CTAG, Depth="0").body
        )
        return found[1].decode() if found else ""


_SYNC = (
    '<sync-collection xmlns="DAV:"><sync-token>%s</sync-token><sync-level>1</sync-level>'
    "<prop><getetag/></prop></sync-collection>"
)
_CTAG = b'<propfind xmlns="DAV:"><prop><getctag xmlns="http://calendarserver.org/ns/"/></prop></propfind>'
_OWN_LINES = (
    "X-PHONE-COLOUR;VALUE=TEXT:a \\, strange\\; value",
    "BEGIN:VALARM",
    "ACTION:AUDIO",
    "TRIGGER:-PT7M",
    "X-PHONE-SOUND:bell",
    "END:VALARM",
)


_END = {"VEVENT": "DTEND:20270101T090000Z", "VTODO": "DUE:20270101T090000Z"}


def thing(uid: str, title: str = "Visite", kind: str = "VEVENT") -> bytes:
    """An event or a task, with what a phone adds."""
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//phone//phone//EN", f"BEGIN:{kind}"),
        *(f"UID:{uid}", "DTSTAMP:20260101T080000Z", "DTSTART:20270101T080000Z", _END[kind]),
        *(f"SUMMARY:{title}", *_OWN_LINES, f"END:{kind}", "END:VCALENDAR", ""),
    )
    return "\r\n".join(lines).encode()


def _said(so: bool) -> Answer:
    return "yes" if so else "no"


def _wrong_token(ask: Asked) -> Answer:
    return ask.sync("http://nobody.example/no-token").status


def _create_over(ask: Asked) -> Answer:
    ask.put("over.ics", thing("over"))
    return ask.put("over.ics", thing("over", "Autre"), If_None_Match="*")


def _update_of_nothing(ask: Asked) -> Answer:
    return ask.put("nothing.ics", thing("nothing"), If_Match='"another"')


def _update_of_another(ask: Asked) -> Answer:
    ask.put("another.ics", thing("another"))
    return ask.put("another.ics", thing("another", "Autre"), If_Match='"another"')


def _delete_of_another(ask: Asked) -> Answer:
    ask.put("gone.ics", thing("gone"))
    return ask("DELETE", ask.calendar + "gone.ics", If_Match='"another"').status


def _second_of_a_uid(ask: Asked) -> Answer:
    ask.put("one.ics", thing("twice"))
    return ask.put("two.ics", thing("twice")) // 100


def _bytes_are_kept(ask: Asked) -> Answer:
    ask.put("bytes.ics", thing("bytes"))
    return _said(ask("GET", ask.calendar + "bytes.ics").body == thing("bytes"))


def _own_lines_are_kept(ask: Asked) -> Answer:
    ask.put("own.ics", thing("own"))
    found = ask("GET", ask.calendar + "own.ics").body.replace(b"\r\n", b"\n").split(b"\n")
    return _said(all(line.encode() in found for line in _OWN_LINES))


def _etag_comes_again(ask: Asked) -> Answer:
    ask.put("again.ics", thing("again"))
    before = ask.etag("again.ics")
    ask("DELETE", ask.calendar + "again.ics")
    ask.put("again.ics", thing("again", "Autre"))
    return _said(ask.etag("again.ics") == before)


def _ctag_counts_seconds(ask: Asked) -> Answer:
    """Two changes within one second, one ctag; tried again where it took longer than that."""
    for number in range(10):
        time.sleep(1.02 - time.time() % 1)
        began = int(time.time())
        ask.put(f"first-{number}.ics", thing(f"first-{number}"))
        before = ask.ctag()
        ask.put(f"second-{number}.ics", thing(f"second-{number}"))
        after = ask.ctag()
        if int(time.time()) == began:
            return _said(bool(before) and before == after)
    raise AssertionError("two changes take more than a second")


def _no_end(ask: Asked) -> Answer:
    endless = thing("endless").replace(b"DTEND:20270101T090000Z\r\n", b"")
    return ask.put("endless.ics", endless) // 100


def _task_among_events(ask: Asked) -> Answer:
    return ask.put("task.ics", thing("task", kind="VTODO")) // 100


def _event_among_tasks(ask: Asked) -> Answer:
    return ask("PUT", ask.tasks + "event.ics", thing("event")).status // 100


def _well_known(ask: Asked) -> Answer:
    return ask("PROPFIND", "/.well-known/caldav", Depth="0").status // 100


def _mails_guests(ask: Asked) -> Answer:
    """Whether it says that it invites whom an object names (RFC 6638)."""
    told = ask("OPTIONS", ask.calendar).headers.get("dav", "")
    return _said("calendar-auto-schedule" in told)


PROBES: Final[Mapping[str, Callable[[Asked], Answer]]] = {
    "a sync token that it never gave": _wrong_token,
    "If-None-Match: * over an object": _create_over,
    "If-Match where there is nothing": _update_of_nothing,
    "If-Match of another version": _update_of_another,
    "DELETE with If-Match of another version": _delete_of_another,
    "a second object with a UID": _second_of_a_uid,
    "what is given is what was put, byte for byte": _bytes_are_kept,
    "unknown properties and alarms are kept": _own_lines_are_kept,
    "deleted and made anew, an object has its old etag": _etag_comes_again,
    "two changes in a second have one ctag": _ctag_counts_seconds,
    "a task in a calendar of events": _task_among_events,
    "an event in a list of tasks": _event_among_tasks,
    "an event without an end": _no_end,
    "the well-known path leads on": _well_known,
    "it invites whom an object names": _mails_guests,
}

STANDARD: Final[Mapping[str, Answer]] = {
    "a sync token that it never gave": 403,
    "If-None-Match: * over an object": 412,
    "If-Match where there is nothing": 412,
    "If-Match of another version": 412,
    "DELETE with If-Match of another version": 412,
    "a second object with a UID": 4,
    "what is given is what was put, byte for byte": "yes",
    "unknown properties and alarms are kept": "yes",
    "deleted and made anew, an object has its old etag": "no",
    "two changes in a second have one ctag": "no",
    "a task in a calendar of events": 4,
    "an event in a list of tasks": 4,
    "an event without an end": 2,
    "the well-known path leads on": 3,
    "it invites whom an object names": "no",
}

_REWRITES = "what was read back is the version in common, never what was sent"
_ANY_COMPONENT = "events go to calendars, and tasks to lists, by what each says it takes"
_NO_SIGN_OF_IT = "each calendar is compared in full once a day"
_GUESTS = "nothing with a guest from outside is ever written, nor anybody added to anything"

QUIRKS: Final[Mapping[str, Mapping[str, Quirk]]] = {
    "radicale": {
        "what is given is what was put, byte for byte": Quirk("no", _REWRITES),
        "a task in a calendar of events": Quirk(2, _ANY_COMPONENT),
        "an event in a list of tasks": Quirk(2, _ANY_COMPONENT),
    },
    "xandikos": {
        "a sync token that it never gave": Quirk(412, "any answer but 207 means: compare in full"),
        "what is given is what was put, byte for byte": Quirk("no", _REWRITES),
        "it invites whom an object names": Quirk("yes", _GUESTS),
    },
    "davical": {
        "a sync token that it never gave": Quirk(207, _NO_SIGN_OF_IT),
        "a second object with a UID": Quirk(2, "the name of an object follows from its UID"),
        "a task in a calendar of events": Quirk(2, _ANY_COMPONENT),
        "an event in a list of tasks": Quirk(2, _ANY_COMPONENT),
        "it invites whom an object names": Quirk("yes", _GUESTS),
    },
    "cyrus": {
        "what is given is what was put, byte for byte": Quirk("no", _REWRITES),
        # A comma that was escaped in an X- property with VALUE=TEXT makes two properties of it.
        "unknown properties and alarms are kept": Quirk("no", "it happens before suivi reads it"),
        "an event without an end": Quirk(4, "every follow-up of suivi has an end"),
        "it invites whom an object names": Quirk("yes", _GUESTS),
    },
    "sogo": {
        "a sync token that it never gave": Quirk(207, _NO_SIGN_OF_IT),
        "If-None-Match: * over an object": Quirk(204, "its place is read before it is made"),
        "If-Match where there is nothing": Quirk(201, "it is read before it is written"),
        "DELETE with If-Match of another version": Quirk(204, "it is read before it is deleted"),
        "what is given is what was put, byte for byte": Quirk("no", _REWRITES),
        # It counts versions from nought again.
        "deleted and made anew, an object has its old etag": Quirk(
            "yes", "seen only where a turn came in between"
        ),
        "two changes in a second have one ctag": Quirk(
            "yes", "a token of this second is not believed to stand for all of it"
        ),
        "a task in a calendar of events": Quirk(2, _ANY_COMPONENT),
        "an event in a list of tasks": Quirk(2, _ANY_COMPONENT),
        "the well-known path leads on": Quirk(2, "an answer that is no DAV is passed over"),
        "it invites whom an object names": Quirk("yes", _GUESTS),
    },
}
