"""Real clients: vdirsyncer, khal and todoman change what suivi changes. Their edits, alarms and
unknown properties survive ours, and ours reach them."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from daemon.reminders.answers import Result
from rules.model.followups import CopyState, FollowUp, State
from rules.model.sightings import Component
from tests.flows.agenda import Calendar, begins, call, nobody_invited
from tests.flows.house import House
from tests.flows.inside import PARIS, Inside, ahead, furnish, inside
from tests.servers.clients import Desk

OWN = (
    b"X-DESK-COLOUR:plum",
    b"BEGIN:VALARM",
    b"ACTION:AUDIO",
    b"TRIGGER:-PT7M",
    b"X-DESK-SOUND:bell",
    b"END:VALARM",
)


def lines(data: bytes) -> list[bytes]:
    """Whatever ends them: vdirsyncer's files have line feeds alone."""
    return data.splitlines()


def typed(moment: datetime) -> str:
    """A time as one types it."""
    return moment.astimezone(PARIS).strftime("%Y-%m-%d %H:%M")


def turn(suivi: Inside, desk: Desk) -> None:
    """What lies on the desk reaches suivi, and suivi's answer the desk."""
    desk.sync()
    suivi.sync()
    desk.sync()


@pytest.mark.parametrize("anns", ["davical"], indirect=True)
def test_a_desk_and_suivi_change_the_same_calendars(
    make_house: Callable[..., House], sqlite: str, anns: Calendar, tmp_path: Path
) -> None:
    anns.server.calendar("ann", "tasks", ("VTODO",))
    house = furnish(make_house(sqlite, dav=anns.server, users=("ann",)))
    desk = Desk(tmp_path / "desk", anns.server, "ann", ("work", "tasks")).set_up()
    when, later = ahead(days=3), ahead(days=4)
    until = later + timedelta(hours=1)
    call(house, when)
    desk.khal("new", typed(later), typed(until), "Relance Papeterie Colin", "-m", "15m")
    desk.todoman("new", "-l", "tasks", "--due", typed(later), "Relance Brasserie Mistral")
    with inside(house) as suivi:

        def known() -> dict[str, FollowUp]:
            return {one.title: one for one in suivi.follow_ups()}

        # Theirs reach suivi, ours reaches them.
        turn(suivi, desk)
        assert known().keys() == {
            "Follow-up: Brasserie Mistral",
            "Relance Papeterie Colin",
            "Relance Brasserie Mistral",
        }
        assert known()["Relance Papeterie Colin"].when.start == later
        assert known()["Relance Brasserie Mistral"].component is Component.VTODO
        shown = desk.khal("list", typed(when)[:10], "--format", "{start-time} {title}")
        assert f"{typed(when)[11:]} Follow-up: Brasserie Mistral" in shown
        ours = desk.file("work", b"X-SUIVI-FOLLOW-UP")
        nobody_invited(ours.read_bytes())

        # Renamed with khal, with an alarm and a property of its own, while suivi moves it.
        desk.khal("edit", "Follow-up", typed="s\nRappeler Jean\nn\n")
        text = lines(ours.read_bytes())
        assert b"SUMMARY:Rappeler Jean" in text
        end = text.index(b"END:VEVENT")
        ours.write_bytes(b"\r\n".join([*text[:end], *OWN, *text[end:], b""]))
        assert suivi.press("ann", "+2h", known()["Follow-up: Brasserie Mistral"]) is Result.APPLIED
        turn(suivi, desk)
        merged = ours.read_bytes()
        assert known()["Rappeler Jean"].when.start == when + timedelta(hours=2)
        assert begins(merged) == when + timedelta(hours=2)
        assert {b"SUMMARY:Rappeler Jean", *OWN} <= set(lines(merged))

        # Done on either side: it is done on the other.
        listed = desk.todoman("--porcelain", "list")
        (task,) = json.loads(listed)
        desk.todoman("done", str(task["id"]))
        assert suivi.press("ann", "done", known()["Rappeler Jean"]) is Result.APPLIED
        assert suivi.press("ann", "done", known()["Relance Papeterie Colin"]) is Result.APPLIED
        turn(suivi, desk)
        assert {one.state for one in suivi.follow_ups()} == {State.DONE}
        done = set(lines(ours.read_bytes()))
        assert {"SUMMARY:✓ Rappeler Jean".encode(), *OWN} <= done
        theirs = desk.file("work", b"Relance Papeterie Colin").read_bytes()
        assert b"TRIGGER:-PT15M" in theirs and b"khal" in theirs

        # At rest: nobody has anything to say to anybody.
        before = {path: path.read_bytes() for path in desk.home.rglob("*.ics")}
        turn(suivi, desk)
        assert {path: path.read_bytes() for path in desk.home.rglob("*.ics")} == before

        # Deleted there: it does not come back.
        ours.unlink()
        turn(suivi, desk)
        suivi.sync()
        assert not ours.exists()
        assert len(anns.objects()) == 1


@pytest.mark.parametrize("anns", ["radicale"], indirect=True)
def test_where_desk_and_server_differ_the_person_is_right(
    make_house: Callable[..., House], sqlite: str, anns: Calendar, tmp_path: Path
) -> None:
    house = furnish(make_house(sqlite, dav=anns.server, users=("ann",)))
    desk = Desk(tmp_path / "desk", anns.server, "ann", ("work",)).set_up()
    when = ahead(days=3)
    call(house, when)
    with inside(house) as suivi:
        turn(suivi, desk)
        # suivi's change is on the server, the person's on the desk: vdirsyncer has to choose, and
        # what it chooses is what holds.
        assert suivi.press("ann", "+2h") is Result.APPLIED
        suivi.sync()
        desk.khal("edit", "Follow-up", typed="s\nRappeler Jean\nn\n")
        turn(suivi, desk)
        one = suivi.follow_up()
        (ours,) = desk.home.rglob("*.ics")
        assert (one.title, one.when.start) == ("Rappeler Jean", when)
        assert begins(ours.read_bytes()) == begins(anns.only()[1]) == when
        assert b"SUMMARY:Rappeler Jean" in lines(ours.read_bytes())
        assert [copy.state for copy in suivi.copies()] == [CopyState.IN_STEP]
