"""Follow-ups that repeat, on Radicale: each occurrence is reminded of and done by itself, on both
sides, and the series goes on."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from connectors import ical
from daemon.reminders.answers import Result
from rules.model.followups import FollowUp, State
from rules.model.sightings import Event
from tests.flows.agenda import Calendar, kept, nobody_invited
from tests.flows.house import House
from tests.flows.inside import PARIS, Inside, ahead, event, furnish, inside, utc
from tests.servers.dav import DavServer

WEEKLY = "RRULE:FREQ=WEEKLY"


@pytest.fixture
def work(dav: DavServer) -> Calendar:
    return Calendar(dav, "/ann/work/")


@pytest.fixture
def small(make_house: Callable[..., House], sqlite: str, dav: DavServer) -> House:
    return furnish(make_house(sqlite, dav=dav, users=("ann",)))


def shown(data: bytes) -> dict[str, Event]:
    since = ahead(days=-30)
    events = ical.read(data, "Europe/Paris", since, since + timedelta(days=430))
    return {e.recurrence_id: e for e in events if e.recurrence_id}


def by_occurrence(suivi: Inside) -> dict[str, FollowUp]:
    return {f.occurrence: f for f in suivi.follow_ups()}


def test_a_persons_series_is_one_of_follow_ups_and_stays_theirs(
    small: House, work: Calendar
) -> None:
    start = ahead(days=-15)
    typed = event("series", "Relance Brasserie Mistral", start, WEEKLY, "X-PHONE:1")
    standing = work.put("series.ics", typed)
    week = timedelta(days=7)
    with inside(small) as suivi:
        suivi.sync()
        found = by_occurrence(suivi)
        # What is over is no follow-up; the next dozen are, each to be done and reminded of.
        assert list(found) == [utc(start + n * week) for n in range(3, 15)]
        assert {f.state for f in found.values()} == {State.TO_DO}
        assert len({e.due.follow_up for e in suivi.ledger()}) == 12
        assert work.only()[1] == standing

        # Done by answer: that one is, in the calendar too, and nothing else of theirs changes.
        first, second, third = list(found)[:3]
        assert suivi.press("ann", "done", found[first]) is Result.APPLIED
        suivi.sync()
        _, data = work.only()
        assert {k for k, e in shown(data).items() if e.status == "COMPLETED"} == {first}
        kept(standing, data, (b"RRULE",))
        nobody_invited(data)

        # Ticked off, moved and struck out there: done, moved, not needed here.
        master = next(p for p in data.split(b"BEGIN:VEVENT\r\n") if b"RRULE" in p)
        at = datetime.strptime(second + "+0000", "%Y%m%dT%H%M%SZ%z")
        ticked = (
            f"BEGIN:VEVENT\r\nUID:series\r\nDTSTAMP:{second}\r\nRECURRENCE-ID:{second}\r\n"
            f"DTSTART:{utc(at + timedelta(hours=2))}\r\nDTEND:{utc(at + timedelta(hours=3))}\r\n"
            "SUMMARY:✓ Relance Brasserie Mistral\r\nEND:VEVENT\r\n"
        ).encode()
        struck = f"EXDATE:{third}\r\n".encode()
        edited = data.replace(master, struck + master).replace(
            b"END:VCALENDAR", ticked + b"END:VCALENDAR"
        )
        work.put("series.ics", edited)
        suivi.sync()
        found = by_occurrence(suivi)
        assert [found[n].state for n in (first, second, third)] == [
            State.DONE,
            State.DONE,
            State.NOT_NEEDED,
        ]
        assert found[second].when.start == at + timedelta(hours=2)
        assert {f.state for n, f in found.items() if n > third} == {State.TO_DO}
        standing = work.only()[1]
        suivi.sync()
        assert work.only()[1] == standing

        # Gone there, nothing is needed any more; back, all that was to do is again.
        work.delete()
        suivi.sync()
        assert State.TO_DO not in {f.state for f in suivi.follow_ups()}
        work.put("series.ics", standing)
        suivi.sync()
        found = by_occurrence(suivi)
        assert {f.state for n, f in found.items() if n > third} == {State.TO_DO}
        assert found[first].state is State.DONE


def test_a_series_made_in_suivi_repeats_in_the_calendar(small: House, work: Calendar) -> None:
    at = ahead(days=3).astimezone(PARIS).strftime("%Y-%m-%d 09:00")
    words = ("Appeler Mistral", "--when", at, "--by", "ann@lumen.example", "--with", "CU-1")
    rule = "FREQ=MONTHLY;BYDAY=1MO"
    for _ in range(2):
        small.suivi("follow-up", "add", *words, "--repeats", rule, "--key", "mondays")
    refused = small.suivi("follow-up", "add", *words, "--repeats", "FREQ=SECONDLY", check=False)
    assert refused.returncode != 0 and "FREQ=SECONDLY" in refused.stderr
    with inside(small) as suivi:
        suivi.sync()
        found = by_occurrence(suivi)
        assert len(found) >= 11
        local = [f.when.start.astimezone(PARIS) for f in found.values()]
        # Nine in Paris, whatever the clocks do.
        assert {(a.hour, a.weekday(), a.day <= 7) for a in local} == {(9, 0, True)}
        name, data = work.only()
        assert f"RRULE:{rule}".encode() in data
        assert list(shown(data))[: len(found)] == list(found)
        nobody_invited(data)

        # Put off here, one occurrence moves there, alone.
        first = next(iter(found.values()))
        assert suivi.press("ann", "+2h", first) is Result.APPLIED
        suivi.sync()
        there = shown(work.only()[1])
        moved = there.pop(first.occurrence)
        assert moved.when is not None
        assert moved.when.start == first.when.start + timedelta(hours=2)
        assert all(
            e.when is not None and e.when.start.astimezone(PARIS).hour == 9 for e in there.values()
        )

        # Deleted here, it is struck out there, and does not come back.
        ref = list(found.values())[1].ref
        small.suivi("follow-up", "delete", ref, "--by", "ann@lumen.example")
        suivi.sync()
        assert list(found)[1] not in shown(work.only()[1])
        standing = work.only()
        suivi.sync()
        assert work.only() == standing == (name, standing[1])
        assert len(suivi.follow_ups()) == len(found)


def test_one_follow_up_that_is_made_to_repeat_goes_on(small: House, work: Calendar) -> None:
    when = ahead(days=2)
    work.put("one.ics", event("one", "Relance Brasserie Mistral", when))
    with inside(small) as suivi:
        suivi.sync()
        only = suivi.follow_up()
        work.put("one.ics", event("one", "Relance Brasserie Mistral", when, WEEKLY + ";COUNT=4"))
        suivi.sync()
        found = suivi.follow_ups()
        assert found[0].id == only.id and found[0].occurrence == utc(when)
        assert [f.when.start for f in found] == [when + timedelta(days=7 * n) for n in range(4)]
