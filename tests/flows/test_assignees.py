"""Whose calendar a follow-up lies in and as what, and whose word counts; on Radicale."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.reminders.answers import Result
from daemon.store import follow_ups
from rules.model.followups import CopyState, State
from tests.flows.agenda import Calendar, call, line, nobody_invited
from tests.flows.house import USERS, House
from tests.flows.inside import Inside, ahead, event, furnish, inside, utc
from tests.servers.dav import DavServer
from tests.servers.radicale import radicale


@pytest.fixture
def two(make_house: Callable[..., House], sqlite: str, dav: DavServer) -> House:
    return furnish(make_house(sqlite, dav=dav))


def whats_in(dav: DavServer, user: str) -> list[bytes]:
    return list(dav.objects(user, f"/{user}/work/").values())


def owner(suivi: Inside) -> str:
    (one,) = suivi.follow_ups()
    return next(n for n in ("ann", "bob") if suivi.user(n).id == one.owner)


def test_what_is_moved_to_a_colleagues_calendar_is_theirs_and_back_again(
    two: House, dav: DavServer
) -> None:
    with inside(two) as suivi:
        dav.put("ann", "/ann/work/x.ics", event("x", "Relance Brasserie Mistral", ahead(days=2)))
        suivi.sync()
        data = dav.get("ann", "/ann/work/x.ics")
        dav.delete("ann", "/ann/work/x.ics")
        dav.put("bob", "/bob/work/x.ics", data)
        suivi.sync()
        assert (owner(suivi), suivi.follow_up().state) == ("bob", State.TO_DO)
        with suivi.read() as tx:
            told = {c.field: c.reason for c in follow_ups.history(tx, suivi.follow_up().id)}
        assert told["assignees"] == "moved to a colleague's calendar"
        # Seen there before it has gone here: the order of the accounts is no matter.
        dav.put("ann", "/ann/work/x.ics", data)
        suivi.sync()
        assert owner(suivi) == "bob"
        dav.delete("bob", "/bob/work/x.ics")
        suivi.sync()
        suivi.sync()
        assert (owner(suivi), suivi.follow_up().state) == ("ann", State.TO_DO)
        assert whats_in(dav, "ann") == [data] and whats_in(dav, "bob") == []


def test_given_to_a_colleague_in_suivi_it_moves_to_their_calendar(
    two: House, dav: DavServer
) -> None:
    call(two, ahead(days=3))
    give = ("follow-up", "edit", "FU-1", "--by", "ann@lumen.example", "--for", "bob@lumen.example")
    with inside(two) as suivi:
        suivi.sync()
        assert len(whats_in(dav, "ann")) == 1
        two.suivi(*give)
        suivi.sync()
        (written,) = whats_in(dav, "bob")
        assert whats_in(dav, "ann") == []
        nobody_invited(written)
        assert {c.state for c in suivi.copies()} == {CopyState.GONE, CopyState.IN_STEP}


def test_further_assignees_get_a_copy_where_that_is_set_and_all_say_the_same(
    two: House, dav: DavServer
) -> None:
    two.suivi("option", "set", "copies_for_assignees", "yes")
    call(two, ahead(days=3))
    both = ("--for", "ann@lumen.example", "--for", "bob@lumen.example")
    two.suivi("follow-up", "edit", "FU-1", "--by", "ann@lumen.example", *both)
    with inside(two) as suivi:
        suivi.sync()
        (anns,), (bobs,) = whats_in(dav, "ann"), whats_in(dav, "bob")
        assert line(b"UID", anns) == line(b"UID", bobs)
        later = ahead(days=5)
        name = next(iter(dav.objects("bob", "/bob/work/")))
        moved = bobs.replace(line(b"DTSTART", bobs), f"DTSTART:{utc(later)}".encode())
        moved = moved.replace(line(b"DTEND", bobs) + b"\r\n", b"")
        dav.put("bob", f"/bob/work/{name}", moved)
        suivi.sync()
        suivi.sync()
        assert suivi.follow_up().when.start == later
        (anns,) = whats_in(dav, "ann")
        assert f"{later:%Y%m%d}".encode() in line(b"DTSTART", anns)
        # Taken away by Bob, it is still to be done; by Ann, whose it is, it is not.
        dav.delete("bob", f"/bob/work/{name}")
        suivi.sync()
        assert suivi.follow_up().state is State.TO_DO
        nobody_invited(anns + bobs)


def test_of_two_times_the_calendars_counts_and_the_other_is_kept_in_the_history(
    two: House, dav: DavServer
) -> None:
    when = ahead(days=3)
    call(two, when)
    with inside(two) as suivi:
        suivi.sync()
        work = Calendar(dav, "/ann/work/")
        _, written = work.only()
        assert suivi.press("ann", "+2h") is Result.APPLIED
        ours = suivi.follow_up().when.start
        theirs = when + timedelta(hours=5)
        end = (line(b"DTEND", written) + b"\r\n", b"")
        work.edit((line(b"DTSTART", written), f"DTSTART:{utc(theirs)}".encode()), end)
        suivi.sync()
        one = suivi.follow_up()
        assert one.when.start == theirs
        with suivi.read() as tx:
            changes = [c for c in follow_ups.history(tx, one.id) if c.field == "when"]
        assert (changes[-1].by, changes[-1].old[0]) == ("calendar", ours.isoformat())


@pytest.fixture(params=["a list that takes only tasks", "who prefers tasks"])
def tasks(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    make_house: Callable[..., House],
    sqlite: str,
) -> Iterator[tuple[House, Calendar]]:
    only = request.param.startswith("a list")
    with radicale(tmp_path / "tasks", USERS) as server:
        href = server.calendar("ann", "work", ("VTODO",) if only else ("VEVENT", "VTODO"))
        house = furnish(make_house(sqlite, dav=server, users=("ann",)))
        if not only:
            ann = ("--user", "ann@lumen.example")
            house.suivi("option", "set", "follow_ups_as_tasks", "yes", *ann)
        yield house, Calendar(server, href)


def test_as_tasks(tasks: tuple[House, Calendar]) -> None:
    house, work = tasks
    call(house, ahead(days=3))
    with inside(house) as suivi:
        suivi.sync()
        name, written = work.only()
        assert b"BEGIN:VTODO" in written and b"BEGIN:VEVENT" not in written
        assert line(b"STATUS", written) == b"STATUS:NEEDS-ACTION"
        half = written.replace(b"STATUS:NEEDS-ACTION", b"STATUS:IN-PROCESS\r\nPERCENT-COMPLETE:40")
        work.put(name, half)
        suivi.sync()
        assert suivi.follow_up().percent == 40
        done = written.replace(
            b"STATUS:NEEDS-ACTION", b"STATUS:COMPLETED\r\nCOMPLETED:20260101T000000Z"
        )
        work.put(name, done)
        suivi.sync()
        assert suivi.follow_up().state is State.DONE
