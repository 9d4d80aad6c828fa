"""The follow-up arrow on every calendar server: suivi and a person change one and the same event,
and nothing of either is lost.

Longer than a file should be, for each fact is told on one pair of servers that all of them share.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from daemon.app import connect
from daemon.ports import Calendars
from daemon.reminders.answers import Result
from daemon.store import follow_ups
from rules.model.followups import CopyState, LedgerState, State
from rules.model.sightings import Component
from rules.model.wire import CalendarObject
from tests.flows.agenda import (
    JEAN,
    PHONE,
    Calendar,
    begins,
    call,
    kept,
    line,
    nobody_invited,
)
from tests.flows.house import House, eventually, mail
from tests.flows.inside import PARIS, ago, ahead, event, furnish, inside, utc
from tests.servers.dav import DavServer


@pytest.fixture
def work(dav: DavServer) -> Calendar:
    """Ann's calendar on Radicale, where one server is enough."""
    return Calendar(dav, "/ann/work/")


@pytest.fixture
def anns_house(make_house: Callable[..., House], sqlite: str, anns: Calendar) -> House:
    """Ann alone, on each server."""
    return furnish(make_house(sqlite, dav=anns.server, users=("ann",)))


@pytest.fixture
def small(make_house: Callable[..., House], sqlite: str, dav: DavServer) -> House:
    """Ann alone, on Radicale."""
    return furnish(make_house(sqlite, dav=dav, users=("ann",)))


def test_one_event_changed_from_both_sides(anns: Calendar, anns_house: House) -> None:
    when = ahead(days=3)
    call(anns_house, when)
    call(anns_house, when)  # typed again: the same one
    with inside(anns_house) as suivi:
        suivi.sync()
        name, written = anns.only()
        one = suivi.follow_up()
        assert name == f"{one.uid}.ics"
        assert line(b"SUMMARY", written) == b"SUMMARY:Follow-up: Brasserie Mistral"
        assert line(b"TRIGGER", written) in (b"TRIGGER:-PT60M", b"TRIGGER:-PT1H")
        nobody_invited(written)

        # Moved on the phone, with an alarm and a property that suivi knows nothing of.
        later = when + timedelta(hours=5)
        start, finish = line(b"DTSTART", written), line(b"DTEND", written)
        phone = "\r\n".join(PHONE).encode() + b"\r\nEND:VEVENT"
        anns.edit(
            (start, f"DTSTART:{utc(later)}".encode()),
            (finish, f"DTEND:{utc(later + timedelta(minutes=30))}".encode()),
            (b"END:VEVENT", phone),
        )
        suivi.sync()
        assert suivi.follow_up().when.start == later
        assert suivi.follow_up().schedule_version == one.schedule_version + 1

        # The title there, the time here: both stand, in both.
        standing = anns.edit((b"SUMMARY:Follow-up: Brasserie Mistral", b"SUMMARY:Rappeler Jean"))
        assert suivi.press("ann", "+2h") is Result.APPLIED
        suivi.sync()
        name_now, merged = anns.only()
        assert name_now == name
        assert line(b"SUMMARY", merged) == b"SUMMARY:Rappeler Jean"
        assert suivi.follow_up().title == "Rappeler Jean"
        assert suivi.follow_up().when.start == later + timedelta(hours=2)
        assert begins(merged) == later + timedelta(hours=2)
        kept(standing, merged, (b"X-PHONE", b"UID", b"ACTION:AUDIO", b"TRIGGER:-PT7M"))

        # Deleted there: not needed. Restored there, as it was: to do again.
        was = anns.delete()
        suivi.sync()
        assert suivi.follow_up().state is State.NOT_NEEDED
        assert anns.objects() == {}
        standing = anns.put(name, was)
        suivi.sync()
        assert suivi.follow_up().state is State.TO_DO

        # Done here: the object says so, and the phone's own lines are as they were.
        assert suivi.press("ann", "done") is Result.APPLIED
        suivi.sync()
        _, done = anns.only()
        assert line(b"SUMMARY", done) == "SUMMARY:✓ Rappeler Jean".encode()
        assert suivi.follow_up().state is State.DONE
        kept(standing, done, (b"X-PHONE", b"UID", b"ACTION:AUDIO", b"TRIGGER:-PT7M", b"DTSTART"))
        nobody_invited(done)
        # At rest: nothing is written that says nothing new.
        suivi.sync()
        assert anns.only() == (name, done)


def test_reopened_by_answer_a_deleted_event_comes_back(small: House, work: Calendar) -> None:
    call(small, ahead(days=3))
    with inside(small) as suivi:
        suivi.sync()
        name, _ = work.only()
        work.delete()
        suivi.sync()
        assert suivi.follow_up().state is State.NOT_NEEDED
        assert suivi.press("ann", "reopen") is Result.APPLIED
        suivi.sync()
        assert work.only()[0] == name
        assert suivi.follow_up().state is State.TO_DO
        suivi.sync()
        (copy,) = suivi.copies()
        assert copy.state is CopyState.IN_STEP


@dataclass(slots=True)
class Meddled:
    """A calendar session; between suivi's reading and its writing, a person acts, once."""

    real: Calendars
    meddle: Callable[[], object] | None

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def put(self, calendar: str, href: str, data: bytes, etag: str | None) -> CalendarObject:
        meddle, self.meddle = self.meddle, None
        if meddle is not None:
            meddle()
        return self.real.put(calendar, href, data, etag)


@contextmanager
def between_read_and_write(
    monkeypatch: pytest.MonkeyPatch, meddle: Callable[[], object]
) -> Iterator[None]:
    real = connect.calendars_of
    with monkeypatch.context() as patched:
        patched.setattr(connect, "calendars_of", lambda settings: Meddled(real(settings), meddle))
        yield


def test_a_change_between_read_and_write_is_merged(
    anns: Calendar, anns_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    when = ahead(days=3)
    call(anns_house, when)
    with inside(anns_house) as suivi:
        suivi.sync()
        assert suivi.press("ann", "+2h") is Result.APPLIED
        phone = "\r\n".join(PHONE).encode() + b"\r\nEND:VEVENT"
        changes = (
            (b"SUMMARY:Follow-up: Brasserie Mistral", b"SUMMARY:Appeler Jean"),
            (b"END:VEVENT", phone),
        )
        with between_read_and_write(monkeypatch, lambda: anns.edit(*changes)):
            suivi.sync()
        _, merged = anns.only()
        assert line(b"SUMMARY", merged) == b"SUMMARY:Appeler Jean"
        assert begins(merged) == when + timedelta(hours=2)
        assert b"X-PHONE-SOUND:bell" in merged
        one = suivi.follow_up()
        assert (one.title, one.when.start) == ("Appeler Jean", when + timedelta(hours=2))

        # Deleted in that moment: not resurrected.
        assert suivi.press("ann", "+3h") is Result.APPLIED
        with between_read_and_write(monkeypatch, anns.delete):
            suivi.sync()
        suivi.sync()
        assert anns.objects() == {}
        assert suivi.follow_up().state is State.NOT_NEEDED


def test_what_a_person_types_is_adopted_and_left_as_it_is(
    anns: Calendar, anns_house: House
) -> None:
    when = ahead(days=2)
    typed = {
        "event.ics": event("typed-event", "Relance Brasserie Mistral", when, *PHONE),
        "task.ics": event("typed-task", "Relance Papeterie Colin", when, kind="VTODO"),
        "nobody.ics": event("typed-nobody", "Relance Zygomatic Nowhere", when),
        "calling.ics": event("typed-guest", "Relance Brasserie Mistral bis", when, JEAN),
    }
    standing = {name: anns.put(name, data) for name, data in typed.items()}
    with inside(anns_house) as suivi:
        suivi.sync()
        found = {f.uid: f for f in suivi.follow_ups()}
        assert found.keys() == {"typed-event", "typed-task", "typed-guest"}
        assert found["typed-task"].component is Component.VTODO
        assert {f.owner for f in found.values()} == {suivi.user("ann").id}
        assert "ygomatic" not in str([suivi.rows(t) for t in ("decision", "follow_up", "sighting")])
        assert anns.objects() == standing

        # Done by answer: the person's own objects say so; the one with a guest is not touched.
        for one in found.values():
            assert suivi.press("ann", "done", one) is Result.APPLIED
        suivi.sync()
        after = anns.objects()
        assert after["calling.ics"] == standing["calling.ics"]
        assert after["nobody.ics"] == standing["nobody.ics"]
        assert b"STATUS:COMPLETED" in after["task.ics"]
        assert (
            line(b"SUMMARY", after["event.ics"]) == "SUMMARY:✓ Relance Brasserie Mistral".encode()
        )
        phones = (b"X-PHONE", b"UID", b"ACTION", b"TRIGGER", b"DTSTART", b"DTEND")
        kept(standing["event.ics"], after["event.ics"], phones)
        states = {c["href"].rsplit("/")[-1]: c["state"] for c in suivi.rows("calendar_copy")}
        assert states["calling.ics"] == CopyState.PARKED
        nobody_invited(after["event.ics"] + after["task.ics"])

        # Taken back on the phone: to do again.
        task = after["task.ics"].replace(b"STATUS:COMPLETED", b"STATUS:NEEDS-ACTION")
        task = re.sub(rb"(?:COMPLETED|PERCENT-COMPLETE):[^\r]*\r\n", b"", task)
        anns.put("task.ics", task)
        suivi.sync()
        states = {f.uid: f.state for f in suivi.follow_ups()}
        assert (states["typed-task"], states["typed-event"]) == (State.TO_DO, State.DONE)


def test_killed_between_the_write_and_its_mark_there_is_one_object(
    make_house: Callable[..., House], database: str, work: Calendar
) -> None:
    house = furnish(make_house(database, dav=work.server, users=("ann",)))
    call(house, ahead(days=3))
    with house.daemon(SUIVI_CRASH_AT="follow-up.written:1") as process:
        assert process.wait(60) == -signal.SIGKILL, house.log()
    name, written = work.only()
    with inside(house) as suivi:
        (copy,) = suivi.copies()
        assert (copy.state, copy.etag) == (CopyState.PENDING, None)
        # Meanwhile the person moves it.
        when = ahead(days=4)
        work.edit(
            (line(b"DTSTART", written), f"DTSTART:{utc(when)}".encode()),
            (line(b"DTEND", written), f"DTEND:{utc(when + timedelta(hours=1))}".encode()),
        )
        suivi.forget_leases()
        suivi.sync()
        assert work.only()[0] == name
        (copy,) = suivi.copies()
        assert copy.state is CopyState.IN_STEP
        assert suivi.follow_up().when.start == when
        standing = work.only()
        suivi.sync()
        assert work.only() == standing


def test_an_emptied_calendar_closes_nothing_and_is_told(small: House, work: Calendar) -> None:
    for number in range(5):
        title = "Relance Brasserie Mistral" if number < 2 else "Dentist"
        work.put(f"{number}.ics", event(f"o{number}", title, ahead(days=2)))
    with inside(small) as suivi:
        suivi.sync()
        assert len(suivi.follow_ups()) == 2
        for name in work.objects():
            work.server.delete("ann", work.href + name)
        (trouble,) = suivi.troubled_sync()
        assert "calendar 'work' shows none of its 5 objects any more" in trouble
        assert [f.state for f in suivi.follow_ups()] == [State.TO_DO] * 2
    with small.daemon():
        eventually(lambda: "running" in small.log(), what="the daemon runs", house=small)

        def told() -> str:
            accounts = small.json("status")["accounts"]
            return str({a["name"]: a["trouble"] for a in accounts}["ann-calendar"])

        assert "shows none of its 5 objects" in eventually(told, house=small)


def test_a_server_that_is_down_is_not_asked_at_every_tick(small: House, work: Calendar) -> None:
    with inside(small) as suivi:
        suivi.sync()
    call(small, ahead(days=3))
    os.kill(work.server.pid, signal.SIGTERM)
    with inside(small) as suivi, small.daemon():
        eventually(lambda: suivi.status("ann-calendar").failures, what="down", house=small)
        eventually(suivi.copies, what="something to write", house=small)
        # Two ticks of the follow-up arrow, several polls; the next try is a minute away. One more
        # turn may have been on its way when the first one failed.
        time.sleep(6)
        assert suivi.status("ann-calendar").failures <= 2, small.log()


def test_an_answer_by_mail_closes_it_with_the_reason(
    make_house: Callable[..., House], database: str, work: Calendar
) -> None:
    house = furnish(make_house(database, dav=work.server, users=("ann",)))
    call(house, ahead(days=3))
    with inside(house) as suivi:
        suivi.sync()

        def receive(name: str, **headers: str) -> None:
            date = datetime.now(PARIS).strftime("%a, %d %b %Y %H:%M:%S %z")
            raw = mail(
                "Jean <jean@mistral.example>",
                "ann@lumen.example",
                name,
                message_id=f"{name}@mistral.example",
                date=date,
                headers={key.replace("_", "-"): value for key, value in headers.items()},
            )
            house.dovecot.deliver("ann", "INBOX", raw)
            suivi.sync()

        receive("absent", Auto_Submitted="auto-replied")
        assert len(suivi.exchanges("CU-1")) == 2
        assert suivi.follow_up().state is State.TO_DO
        time.sleep(1)  # A Date has whole seconds: it must lie after the follow-up was opened.
        receive("oui")
        assert suivi.follow_up().state is State.DONE
        with suivi.read() as tx:
            (closing,) = follow_ups.closings(tx, suivi.follow_up().id)
        assert (closing.reason, closing.facts) == ("answered", {"ref": "EXC-3"})
        _, closed = work.only()
        assert "SUMMARY:✓ ".encode() in closed
        nobody_invited(closed)


def test_a_colleagues_copy_is_no_second_one_and_their_deletion_closes_nothing(
    make_house: Callable[..., House], sqlite: str, dav: DavServer
) -> None:
    house = furnish(make_house(sqlite, dav=dav))
    bob = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@lumen.example"
    typed = event("shared", "Relance Brasserie Mistral", ahead(days=2), bob)
    for user in ("ann", "bob"):
        dav.put(user, f"/{user}/work/{user}.ics", typed)
    with inside(house) as suivi:
        suivi.sync()
        one = suivi.follow_up()
        assert one.owner == suivi.user("ann").id
        assert {a.user for a in one.assignees} == {suivi.user("ann").id, suivi.user("bob").id}
        assert {c.user for c in suivi.copies()} == {a.user for a in one.assignees}
        dav.delete("bob", "/bob/work/bob.ics")
        suivi.sync()
        assert suivi.follow_up().state is State.TO_DO
        dav.delete("ann", "/ann/work/ann.ics")
        suivi.sync()
        assert suivi.follow_up().state is State.NOT_NEEDED


def test_the_past_is_history_and_writes_nothing(small: House, work: Calendar) -> None:
    old = work.put("old.ics", event("old", "Relance Brasserie Mistral", ago(days=3)))
    with inside(small) as suivi:
        suivi.sync()
        assert suivi.follow_ups() == ()
        assert work.only() == ("old.ics", old)


def test_deleted_in_suivi_it_goes_from_the_calendar(anns: Calendar, anns_house: House) -> None:
    call(anns_house, ahead(days=3))
    person = event("own", "Relance Brasserie Mistral", ahead(days=2))
    with inside(anns_house) as suivi:
        suivi.sync()
        anns.put("own.ics", person)
        suivi.sync()
        assert len(anns.objects()) == 2
        first, second = suivi.follow_ups()
        delete = ("follow-up", "delete", first.ref, second.ref, "--by", "ann@lumen.example")
        anns_house.suivi(*delete)
        suivi.sync()
        # What suivi wrote is gone; a person's own event stays, and is a follow-up no more.
        assert list(anns.objects()) == ["own.ics"]
        anns.put("own.ics", person.replace(b"Relance", b"Relance urgente"))
        suivi.sync()
        assert [one.deleted for one in suivi.follow_ups()] == [True, True]
        assert [one.state for one in suivi.ledger()] == [LedgerState.VOID] * len(suivi.ledger())
        assert list(anns.objects()) == ["own.ics"]
