"""What does not concern a third party is kept nowhere, in no encoding (spec §12, promise 2).

Each message and event is made of words that occur nowhere else. They are looked for in the
database with its write-ahead log and full-text vocabulary, in a dump, in the logs at their most
talkative, and in all that suivi writes; the words of what matched are found there, by the same
search. Longer than a file should be, for the words and the search must be read together.
"""

import base64
import json
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from imapclient import IMAPClient

from daemon.control import NoDaemon, ask
from tests.flows import needles
from tests.flows.house import USERS, House, eventually, mail
from tests.flows.needles import Needles
from tests.servers import postgres
from tests.servers.dav import DavServer

TALKATIVE = '\n[log]\nlevel = "debug"\n'
KNOWN = "jean@mistral.example"
ANN = "ann@lumen.example"


class Watched:
    """A house of which every trace is searched."""

    def __init__(self, house: House, tmp_path: Path) -> None:
        self.house = house
        self._home = tmp_path
        scratch = house.folder / "tmp"
        scratch.mkdir()
        house.environment["TMPDIR"] = house.environment["SQLITE_TMPDIR"] = str(scratch)

    def traces(self) -> dict[str, bytes]:
        """All that suivi has written, anywhere."""
        house = self.house
        config = house.folder / "suivi.toml"
        traces = needles.files([house.folder], leave_out=[config, house.folder / "people.csv"])
        for path in self._home.glob("suivi.sqlite3*"):
            traces[path.name] = path.read_bytes()
        if house.database.startswith("sqlite"):
            traces["vocabulary"] = needles.vocabulary(self._home / "suivi.sqlite3")
        else:
            traces["dump"] = _dump(house.database)
        return traces

    def judged(self) -> int:
        """How many messages the daemon has judged, now and before; 0 when none runs."""
        try:
            judged = ask(self.house.folder / "run" / "control.sock", "status")["judged"]
        except NoDaemon:
            return 0
        return sum(judged.values())

    def until_judged(self, count: int) -> None:
        """Wait for the daemon; of one that was killed at work it waits for the lease to end."""
        eventually(
            lambda: self.judged() >= count,
            what=f"{count} judged",
            seconds=90,
            house=self.house,
        )

    def subjects(self) -> list[str]:
        """Of the exchanges that the running daemon's API shows."""
        url = ask(self.house.folder / "run" / "control.sock", "status")["http"]
        token = (self.house.folder / "state" / "http-token").read_text().strip()
        request = urllib.request.Request(
            f"{url}/api/v1/exchanges?limit=100", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return [item["subject"] for item in json.load(answer)["items"]]


@pytest.fixture
def watched(make_house: Callable[..., House], tmp_path: Path) -> Callable[..., Watched]:
    return lambda database, **more: Watched(make_house(database, extra=TALKATIVE, **more), tmp_path)


def test_nothing_of_the_unmatched_is_kept(
    watched: Callable[..., Watched], database: str, dav: DavServer
) -> None:
    options = {"ann": 'folders = ["Privé"]'}
    # Short, for the daemon that comes after the killed one waits for it to end.
    place = watched(database, dav=dav, mailbox_options=options, lease_seconds=3)
    house = place.house
    house.prepare()
    strange, known = Needles(1), Needles(2)
    count = _deliver(house, strange, known)
    with house.daemon() as process:
        place.until_judged(count)
        events = _put_events(dav, strange, known)
        eventually(
            lambda: events in place.subjects(), what="the meeting that was held", house=house
        )
        assert _found(strange, place) == {}
        process.kill()
        process.wait()
    _only_the_matched_is_found(strange, known, place)
    later, last = Needles(3), Needles(4)
    house.dovecot.deliver("ann", "INBOX", _from_stranger(later))
    with house.daemon():
        place.until_judged(count + 1)
    assert _found(later, place) == {}
    # Killed in the middle of a transaction.
    house.dovecot.deliver("ann", "INBOX", _from_stranger(last))
    with house.daemon(SUIVI_CRASH_AT="mail.recorded:1") as process:
        assert process.wait(90) == -9
    assert _found(last, place) == {}
    _only_the_matched_is_found(strange, known, place)


def test_nothing_at_all_is_kept_while_observing(
    watched: Callable[..., Watched], database: str, dav: DavServer
) -> None:
    place = watched(database, dav=dav, observe_days=3)
    house = place.house
    house.prepare()
    strange, known = Needles(1), Needles(2)
    title = known.word("follow-up")
    _deliver(house, strange, known)
    _put_events(dav, strange, known)
    dav.put("ann", "/ann/work/later.ics", _event("later", f"Relance {title} Brasserie Mistral"))
    done = house.suivi("sync")
    traces = place.traces() | {"said": (done.stdout + done.stderr).encode()}
    assert {**strange.found_in(traces), **known.found_in(traces)} == {}
    # That much is known: how many there were, of a third party that an admin entered.
    reasons = {t["reason"] for t in house.json("report")}
    assert {"matched", "no-third-party", "internal", "kept-out"} <= reasons
    assert any(b"Brasserie Mistral" in octets for octets in traces.values())


def test_the_strictest_of_two_mailboxes_wins_in_either_order(
    watched: Callable[..., Watched], database: str
) -> None:
    place = watched(database, mailbox_options={"bob": 'level = "nothing"'})
    house = place.house
    house.prepare()
    secret, shared = Needles(1), Needles(2)
    first, second = (_private(secret, f"{n}") for n in ("everything first", "nothing first"))
    # Among others, so that the pages of the database are full and move.
    others = [_matching(shared, f"other {n}", n) for n in range(30)]
    for raw in (*others[:15], first, *others[15:]):
        house.dovecot.deliver("ann", "INBOX", raw)
    with house.daemon():
        place.until_judged(31)
        found = secret.found_in(place.traces()).keys()
        assert found == {what for what in secret.words if what.startswith("everything first")}
        house.dovecot.deliver("bob", "INBOX", first)
        house.dovecot.deliver("bob", "INBOX", second)
        place.until_judged(33)
        house.dovecot.deliver("ann", "INBOX", second)
        place.until_judged(34)
        eventually(
            lambda: not secret.found_in(place.traces()),
            what="erased in the running daemon's files",
            house=house,
        )
        assert len(place.subjects()) == 30
    assert _found(secret, place) == {}
    assert shared.found_in(place.traces()).keys() == shared.words.keys()
    for number in ("everything first", "nothing first"):
        explained = house.json("explain", f"{_id(number)}@mistral.example")
        assert explained[-1]["verdict"] == "ignore"


def _found(words: Needles, place: Watched) -> dict[str, list[str]]:
    return words.found_in(place.traces())


def _only_the_matched_is_found(strange: Needles, known: Needles, place: Watched) -> None:
    traces = place.traces()
    assert strange.found_in(traces) == {}
    found = known.found_in(traces)
    assert found.keys() == known.words.keys()
    # In the write-ahead log, if it has not been moved into the database yet.
    where = {name.removesuffix("-wal") for name in found["text"]}
    assert where == ({"suivi.sqlite3", "vocabulary"} if "vocabulary" in traces else {"dump"})


def _dump(url: str) -> bytes:
    folder = postgres.binaries()
    assert folder is not None
    parts = urlsplit(url)
    command = [folder / "pg_dump", "-h", parts.hostname, "-p", str(parts.port), "-U", "suivi"]
    done = subprocess.run([*command, parts.path[1:]], capture_output=True, check=True, timeout=60)
    return done.stdout


# ---------------------------------------------------------------------------------- the mail


def _deliver(house: House, strange: Needles, known: Needles) -> int:
    """Every kind of mail that is not to be kept, among some that is; how many messages."""
    inbox = [
        _from_stranger(strange),
        _all_encoded(strange),
        _bounce(strange),
        _broken(strange),
        _newsletter(strange),
        _kept_out(strange, "tag", subject="[Privé] {}"),
        _kept_out(strange, "header", headers={"Sensitivity": "Private"}),
        mail(
            f"{strange.word('colleague')} <bob@lumen.example>",
            ANN,
            strange.word("subject among colleagues"),
            strange.word("text among colleagues"),
            message_id="internal@lumen.example",
        ),
        mail(
            f"Jean <{KNOWN}>",
            ANN,
            f"Devis {known.word('subject')}",
            f"Bonjour, {known.word('text')}, à bientôt",
            message_id="known@mistral.example",
        ),
    ]
    sent = mail(
        f"Ann <{ANN}>",
        f"{strange.name('sent to')}@{strange.name('domain sent to')}.example",
        strange.word("subject sent"),
        strange.word("text sent"),
        message_id="sent@lumen.example",
    )
    for raw in inbox:
        house.dovecot.deliver("ann", "INBOX", raw)
    house.dovecot.deliver("ann", "Gesendet", sent)
    house.dovecot.deliver("ann", "Privé", _kept_out(strange, "folder"))
    with IMAPClient("127.0.0.1", house.dovecot.port, ssl=False) as client:
        client.login("ann", USERS["ann"])
        client.append("INBOX", _kept_out(strange, "keyword"), flags=["$Private"])
    return len(inbox) + 3


def _from_stranger(words: Needles) -> bytes:
    host = words.name("domain")
    sender = f"{words.word('display name')} <{words.name('local part')}@{host}.example>"
    return mail(
        sender,
        f"{ANN}, {words.word('recipient')} <{words.name('recipient address')}@other.example>",
        words.word("subject"),
        f"{words.word('text')}\r\n-- \r\n{words.word('signature')}\r\n",
        message_id=f"{words.name('message id')}@{host}.example",
        headers={
            "Reply-To": f"{words.name('reply to')}@{host}.example",
            "In-Reply-To": f"<{words.name('parent')}@{host}.example>",
            "List-Id": f"<{words.name('list')}.example>",
            "X-Mailer": words.word("other field"),
        },
    )


def _all_encoded(words: Needles) -> bytes:
    subject = base64.b64encode(words.word("subject in base64").encode()).decode()
    name = words.word("name in quoted-printable").encode().hex("=").upper()
    text = base64.encodebytes(f"Bonjour {words.word('text in base64')}".encode()).decode()
    quoted = "".join(f"={octet:02X}" for octet in words.word("text quoted").encode())
    attached = "".join(f"%{octet:02X}" for octet in words.word("attachment").encode())
    return (
        f"From: =?utf-8?q?={name}?= <{words.name('encoded sender')}@far.example>\r\n"
        f"To: {ANN}\r\nSubject: =?UTF-8?B?{subject}?=\r\n"
        "Date: Mon, 23 Nov 2026 09:00:00 +0100\r\nMessage-ID: <encoded@far.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
        "--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{text}\r\n"
        "--=_b\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>{quoted}</p>\r\n"
        "--=_b\r\nContent-Type: application/pdf\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{attached}.pdf\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nUERG\r\n--=_b--\r\n"
    ).encode()


def _bounce(words: Needles) -> bytes:
    lost = words.name("lost recipient")
    return (
        f"From: Mail Delivery System <mailer-daemon@{words.name('postman')}.example>\r\n"
        f"To: {ANN}\r\nSubject: Undelivered: {words.word('bounced subject')}\r\n"
        f"X-Failed-Recipients: {lost}@far.example\r\nMessage-ID: <bounce@far.example>\r\n"
        "Date: Mon, 23 Nov 2026 09:00:00 +0100\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r\n\r\n'
        f"--r\r\nContent-Type: text/plain\r\n\r\nno such user {lost}\r\n"
        "--r\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: {ANN}\r\nTo: {lost}@far.example\r\nSubject: {words.word('inner subject')}\r\n\r\n"
        f"{words.word('inner text')}\r\n--r--\r\n"
    ).encode()


def _broken(words: Needles) -> bytes:
    head = (
        f'From: "{words.word("broken name")} <{words.name("broken sender")}@far.example\r\n'
        f"To: ann@lumen.example\r\nSubject: =?x-none?Q?={words.word('broken subject')}\r\n"
        f"Date: {words.word('broken date')}\r\nMessage-ID: {words.name('broken id')}\r\n"
        f"Content-Type: multipart/{words.name('broken type')}; boundary={words.name('border')}\r\n"
    )
    return head.encode() + b"\xff\xfe\0\r\n\r\n--" + words.word("broken text").encode("utf-16")


def _newsletter(words: Needles) -> bytes:
    return mail(
        f"News <{words.name('newsletter')}@letters.example>",
        ANN,
        words.word("news"),
        words.word("news text"),
        message_id="news@letters.example",
        headers={
            "List-Unsubscribe": f"<mailto:{words.name('unsubscribe')}@letters.example>",
            "Precedence": "bulk",
        },
    )


def _kept_out(words: Needles, by: str, subject: str = "{}", **more: Any) -> bytes:
    return mail(
        f"{words.word(f'name kept out by {by}')} <{KNOWN}>",
        ANN,
        subject.format(words.word(f"kept out by {by}")),
        words.word(f"text kept out by {by}"),
        message_id=f"kept-out-{by}@mistral.example",
        **more,
    )


def _private(words: Needles, what: str) -> bytes:
    text = " ".join(words.word(f"{what}: text {n}") for n in range(200))
    return mail(
        f"Jean <{KNOWN}>",
        f"{ANN}, bob@lumen.example",
        words.word(f"{what}: subject"),
        text,
        message_id=f"{_id(what)}@mistral.example",
    )


def _id(what: str) -> str:
    return what.replace(" ", "-")


def _matching(words: Needles, what: str, number: int) -> bytes:
    text = " ".join(f"mot{number}x{n}" for n in range(400))
    return mail(
        f"Jean <{KNOWN}>",
        ANN,
        words.word(what),
        text,
        message_id=f"other{number}@mistral.example",
    )


# -------------------------------------------------------------------------------- the events


def _put_events(dav: DavServer, strange: Needles, known: Needles) -> str:
    """Events that are not to be kept, then a meeting that is; the title of that one."""
    guest = f"ATTENDEE;CN=Jean:mailto:{KNOWN}"
    stranger = (
        f'ATTENDEE;CN="{strange.word("guest")}":mailto:{strange.name("guest address")}@far.example'
    )
    events = {
        "strangers": (strange.word("event of strangers"), stranger),
        "private": (strange.word("private event"), f"{guest}\r\nCLASS:PRIVATE"),
        "confidential": (strange.word("confidential event"), f"{guest}\r\nCLASS:CONFIDENTIAL"),
        "tagged": (f"[privé] {strange.word('tagged event')}", guest),
        "cancelled": (strange.word("cancelled event"), f"{guest}\r\nSTATUS:CANCELLED"),
        "alone": (strange.word("event of nobody"), f"LOCATION:{strange.word('place')}"),
        "relance": (f"Relance {strange.word('follow-up of nobody')}", ""),
        "endless": (strange.word("series of strangers"), f"{stranger}\r\nRRULE:FREQ=DAILY"),
    }
    for name, (title, more) in events.items():
        text = strange.word(f"description of {name}")
        dav.put("ann", f"/ann/work/{name}.ics", _event(name, title, more, text))
    title = f"Point {known.word('meeting')}"
    dav.put("ann", "/ann/work/held.ics", _event("held", title, guest, known.word("minutes")))
    return title


def _event(uid: str, title: str, more: str = "", text: str = "") -> bytes:
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//test//test//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261101T090000Z",
        "DTSTART:20261102T090000Z",
        "DTEND:20261102T100000Z",
        f"SUMMARY:{title}",
        f"DESCRIPTION:{text}",
        *([more] if more else []),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(lines).encode()
