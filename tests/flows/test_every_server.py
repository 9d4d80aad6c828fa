"""The whole story on every calendar server, with the daemon as it runs: what a person does there is
seen here, and the other way round. (Arrow by arrow: test_calendar.py, test_follow_ups.py.)"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from daemon.app import connect
from daemon.ports import Calendars
from daemon.reminders.answers import Result
from daemon.store.tables.places import calendar as calendar_table
from rules.model.followups import FollowUp, State
from rules.model.wire import CalendarDelta
from tests.flows.agenda import JEAN, PHONE, Calendar, begins, call, kept, line, nobody_invited
from tests.flows.house import House, eventually
from tests.flows.inside import Inside, ago, ahead, event, furnish, inside, utc
from tests.flows.servers import SERVERS
from tests.servers.quirks import QUIRKS

on_each = pytest.mark.parametrize("anns", SERVERS, indirect=True)

ANN = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@lumen.example"

WRONG_TOKEN = "a sync token that it never gave"
# In tokens of Cyrus it is that in which the calendar was made.
COUNT_SECONDS = ("cyrus", "sogo")


@on_each
def test_the_daemon_and_a_person_share_a_calendar(
    make_house: Callable[..., House], sqlite: str, anns: Calendar
) -> None:
    home = anns.server.calendar("ann", "home")
    house = furnish(make_house(sqlite, dav=anns.server, users=("ann",)))
    when, theirs = ahead(days=3), ahead(days=2)
    anns.put("held.ics", event("held", "Visite", ago(days=2), JEAN, ANN))
    typed = anns.put("typed.ics", event("typed", "Relance Papeterie Colin", theirs, *PHONE))
    call(house, when)
    with house.daemon(), inside(house) as suivi:

        def seen(what: Callable[[], object]) -> None:
            eventually(what, what="seen", house=house)

        def state(uid: str) -> State:
            return next(one.state for one in suivi.follow_ups() if one.uid == uid)

        # The meeting is an exchange, the person's event a follow-up, ours an event.
        seen(lambda: {"Visite", "Il rappellera"} <= {e.subject for e in suivi.exchanges("CU-1")})
        seen(lambda: len(suivi.follow_ups()) == 2 and len(anns.objects()) == 3)
        (name,) = anns.objects().keys() - {"held.ics", "typed.ics"}
        uid = name.removesuffix(".ics")
        written = anns.server.get("ann", anns.href + name)
        assert begins(written) == when
        assert b"BEGIN:VALARM" in written and b"ACTION:DISPLAY" in written
        assert b"BEGIN:VTIMEZONE" in written
        assert line(b"DTSTART", written).startswith(b"DTSTART;TZID=Europe/Paris:")
        nobody_invited(written)
        assert anns.server.objects("ann", home) == {}

        # Renamed and moved there.
        later = when + timedelta(hours=5)
        moved = written.replace(line(b"SUMMARY", written), b"SUMMARY:Rappeler Jean")
        moved = moved.replace(line(b"DTSTART", written), f"DTSTART:{utc(later)}".encode())
        until = f"DTEND:{utc(later + timedelta(hours=1))}".encode()
        anns.put(name, moved.replace(line(b"DTEND", written), until))
        seen(
            lambda: (
                ("Rappeler Jean", later) in [(f.title, f.when.start) for f in suivi.follow_ups()]
            )
        )

        # Ticked there, deleted there: done, and not needed.
        standing = anns.server.get("ann", anns.href + name)
        anns.put(name, standing.replace(b"SUMMARY:", "SUMMARY:✓ ".encode()))
        anns.server.delete("ann", anns.href + "typed.ics")
        seen(lambda: (state(uid), state("typed")) == (State.DONE, State.NOT_NEEDED))
        assert "typed.ics" not in anns.objects()

        # Restored there, done here: their own lines are as they were.
        anns.put("typed.ics", typed)
        seen(lambda: state("typed") is State.TO_DO)
        (one,) = (f for f in suivi.follow_ups() if f.uid == "typed")
        assert suivi.press("ann", "done", one) is Result.APPLIED
        seen(lambda: "✓".encode() in anns.server.get("ann", anns.href + "typed.ics"))
        after = anns.server.get("ann", anns.href + "typed.ics")
        kept(typed, after, (b"X-PHONE-SOUND", b"UID", b"ACTION", b"TRIGGER", b"DTSTART", b"DTEND"))
    # Nothing is written to what has a guest, nor twice to anything.
    assert "held.ics" not in {one.path.rsplit("/")[-1] for one in anns.record.written}


@on_each
def test_a_token_is_not_the_proof_and_nothing_new_costs_nothing(
    make_house: Callable[..., House], sqlite: str, anns: Calendar
) -> None:
    house = furnish(make_house(sqlite, dav=anns.server, users=("ann",)))
    for name in ("one", "two", "three"):
        anns.put(f"{name}.ics", event(name, f"Relance Brasserie Mistral {name}", ahead(days=2)))
    with inside(house) as suivi:
        suivi.sync()
        assert len(suivi.follow_ups()) == 3
        # The token is no longer good, and what it would have told is lost.
        spoil(suivi, "http://nobody.example/no-token", anns)
        anns.server.delete("ann", anns.href + "one.ics")
        anns.put("two.ics", event("two", "Relance Brasserie Mistral deux", ahead(days=2)))
        anns.put("four.ics", event("four", "Relance Brasserie Mistral quatre", ahead(days=2)))
        suivi.sync()
        found = {f.uid: (f.title, f.state) for f in suivi.follow_ups()}
        assert found == {
            "one": ("Relance Brasserie Mistral one", State.NOT_NEEDED),
            "two": ("Relance Brasserie Mistral deux", State.TO_DO),
            "three": ("Relance Brasserie Mistral three", State.TO_DO),
            "four": ("Relance Brasserie Mistral quatre", State.TO_DO),
        }
        # Nothing new: nothing is fetched, nothing written, and where tokens don't count seconds
        # one request tells it. (Those that do are believed once their minute is over.)
        anns.record.methods.clear()
        suivi.sync()
        assert anns.record.written == []
        asked = anns.record.methods
        assert asked == ["PROPFIND"] or (anns.name in COUNT_SECONDS and len(asked) <= 4), asked


@on_each
def test_a_list_of_tasks_a_second_calendar_and_both_at_once(
    make_house: Callable[..., House], sqlite: str, anns: Calendar
) -> None:
    server = anns.server
    tasks = server.calendar("ann", "tasks", ("VTODO",))
    home = server.calendar("ann", "home")
    house = furnish(make_house(sqlite, dav=server, users=("ann",)))
    when = ahead(days=3)
    server.put(
        "ann", tasks + "task.ics", event("task", "Relance Papeterie Colin", when, kind="VTODO")
    )
    call(house, when)
    with inside(house) as suivi:
        suivi.sync()

        def found(uid: str) -> FollowUp:
            return next(one for one in suivi.follow_ups() if one.uid == uid)

        # A task in its list: half done there, done here.
        (name,) = anns.objects()
        ours = name.removesuffix(".ics")
        server.put(
            "ann",
            tasks + "task.ics",
            event(
                *("task", "Relance Papeterie Colin", when),
                *("PERCENT-COMPLETE:50", "STATUS:IN-PROCESS"),
                kind="VTODO",
            ),
        )
        suivi.sync()
        assert (found("task").percent, found("task").state) == (50, State.TO_DO)
        assert suivi.press("ann", "done", found("task")) is Result.APPLIED
        suivi.sync()
        done = server.get("ann", tasks + "task.ics")
        assert b"STATUS:COMPLETED" in done and b"PERCENT-COMPLETE:100" in done

        # Both move it: the person's calendar is right, and says so here too.
        assert suivi.press("ann", "+2h", found(ours)) is Result.APPLIED
        standing = anns.server.get("ann", anns.href + name)
        later = when + timedelta(hours=5)
        moved = standing.replace(line(b"DTSTART", standing), f"DTSTART:{utc(later)}".encode())
        until = f"DTEND:{utc(later + timedelta(hours=1))}".encode()
        anns.put(name, moved.replace(line(b"DTEND", standing), until))
        suivi.sync()
        assert found(ours).when.start == later
        assert begins(anns.only()[1]) == later

        # Moved to another calendar: the same one, and not a second.
        was = anns.delete()
        server.put("ann", home + name, was)
        suivi.sync()
        assert found(ours).state is State.TO_DO
        assert len(suivi.follow_ups()) == 2
        assert suivi.press("ann", "done", found(ours)) is Result.APPLIED
        suivi.sync()
        suivi.sync()
        assert anns.objects() == {}
        (there,) = server.objects("ann", home).values()
        assert "✓".encode() in there


@dataclass(slots=True)
class Hasty:
    """A calendar session; between suivi's look and its asking what is new a person acts, once."""

    real: Calendars
    act: Callable[[], object] | None

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def changes(self, calendar: str, token: str | None, known: Mapping[str, str]) -> CalendarDelta:
        act, self.act = self.act, None
        if act is not None:
            act()
        return self.real.changes(calendar, token, known)


@pytest.mark.parametrize("anns", ["radicale", "xandikos"], indirect=True)
def test_what_is_undone_before_suivi_looks_again_is_seen(
    make_house: Callable[..., House],
    sqlite: str,
    anns: Calendar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their ctag is made of what there is: it is that of before once again."""
    house = furnish(make_house(sqlite, dav=anns.server, users=("ann",)))
    typed = anns.put("typed.ics", event("typed", "Relance Papeterie Colin", ahead(days=2)))
    with inside(house) as suivi:
        suivi.sync()
        suivi.sync()
        anns.put("other.ics", event("other", "Dentist", ahead(days=2)))
        with monkeypatch.context() as patched:
            real, href = connect.calendars_of, anns.href + "typed.ics"
            deletes = partial(anns.server.delete, "ann", href)
            patched.setattr(connect, "calendars_of", lambda asked: Hasty(real(asked), deletes))
            suivi.sync()
        assert suivi.follow_up().state is State.NOT_NEEDED
        anns.put("typed.ics", typed)
        suivi.sync()
        assert suivi.follow_up().state is State.TO_DO


def spoil(suivi: Inside, token: str, anns: Calendar) -> None:
    """As if the server had forgotten what it gave; where it would not say so, a day ago."""
    facts: dict[str, object] = {"sync_token": token, "ctag": None}
    if WRONG_TOKEN in QUIRKS[anns.name] and QUIRKS[anns.name][WRONG_TOKEN].answer == 207:
        facts["compared_at"] = ago(days=1)
    with suivi.parts.store.write() as tx:
        tx.execute(sa.update(calendar_table).values(**facts))
