"""What one turn after another makes of an account: asked little, missed nothing, nothing twice."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.errors import Refused, Unreachable
from connectors.memory import MemoryCalendars
from daemon.capture import calendar as arrow
from daemon.capture import meetings
from daemon.store import people
from rules.model.people import ThirdParty, ThirdPartyId
from rules.model.wire import CalendarDelta
from tests.daemon.capture.desk import Desk, held, meeting, relance

WORK, HOME = "/ann/work/", "/ann/home/"


class Counting(MemoryCalendars):
    """The twin, which counts what it is asked."""

    def __init__(self):
        super().__init__()
        self.asked = Counter()

    def discover(self):
        self.asked["discover"] += 1
        return super().discover()

    def look(self, homes):
        self.asked["look"] += 1
        return super().look(homes)

    def changes(self, calendar, token, known):
        self.asked["changes" if token else "compare"] += 1
        return super().changes(calendar, token, known)

    def load(self, calendar):
        self.asked["load"] += 1
        return super().load(calendar)

    def fetch(self, calendar, hrefs):
        self.asked["fetch"] += len(hrefs)
        return super().fetch(calendar, hrefs)

    def since(self):
        """What was asked since the last time."""
        asked, self.asked = self.asked, Counter()
        return dict(asked)


@pytest.fixture
def server():
    calendars = Counting()
    calendars.add(WORK, "work")
    return calendars


def test_nothing_changed_is_one_question(desk, server):
    server.place(WORK, WORK + "a.ics", held("a", "Visite"))
    assert desk.turn(server) == {"matched": 1}
    assert server.since() == {"discover": 1, "load": 1}
    # What the first answer left out would be found now.
    assert not desk.turn(server)
    assert server.since() == {"look": 1, "compare": 1}
    for _ in range(3):
        assert not desk.turn(server)
        assert server.since() == {"look": 1}
    server.place(WORK, WORK + "b.ics", held("b", "Autre"))
    assert desk.turn(server) == {"matched": 1}
    assert server.since() == {"look": 1, "changes": 1, "fetch": 1}
    assert desk.recorded() == ["Autre", "Visite"]


def test_what_the_first_answer_left_out_is_found_by_the_next_turn(desk, server, monkeypatch):
    for name in "abc":
        server.place(WORK, f"{WORK}{name}.ics", held(name, name))
    all_of_it = server.load
    monkeypatch.setattr(server, "load", lambda calendar: list(all_of_it(calendar))[:1])
    desk.turn(server)
    assert desk.recorded() == ["a"]
    desk.turn(server)
    assert desk.recorded() == ["a", "b", "c"]


@pytest.mark.parametrize(("trusted", "days"), [(True, 7.1), (False, 1.1)])
def test_a_server_that_swears_that_nothing_changed_is_compared_all_the_same(
    desk, server, monkeypatch, trusted, days
):
    told = MemoryCalendars.discover

    def frozen(self, _homes=None):
        return tuple(replace(i, ctag="1", sync_token="1", trusted=trusted) for i in told(self))

    real = MemoryCalendars.changes

    def swears(self, calendar, token, known):
        if token == "1":
            return CalendarDelta({}, frozenset(), "1")
        return replace(real(self, calendar, None, known), token="1")

    monkeypatch.setattr(MemoryCalendars, "look", frozen)
    monkeypatch.setattr(Counting, "discover", frozen)
    monkeypatch.setattr(MemoryCalendars, "changes", swears)
    server.place(WORK, WORK + "gone.ics", relance("gone"))
    server.place(WORK, WORK + "stays.ics", held("stays", "Visite"))
    for _ in range(3):
        desk.turn(server)
    server.take(WORK, WORK + "gone.ics")
    server.place(WORK, WORK + "new.ics", held("new", "Autre"))
    desk.turn(server)
    assert desk.recorded() == ["Visite"]
    desk.later(days - 0.3)
    desk.turn(server)
    assert desk.recorded() == ["Visite"]
    desk.later(days)
    desk.turn(server)
    assert desk.recorded() == ["Autre", "Visite"]
    assert desk.follow_ups() == {"Relance Mistral": "not_needed"}
    # It has lied: from now on it is compared every day.
    server.place(WORK, WORK + "later.ics", held("later", "Encore"))
    desk.later(1.1)
    desk.turn(server)
    assert desk.recorded() == ["Autre", "Encore", "Visite"]


def test_an_object_that_is_moved_to_another_calendar_is_one_object(desk, server):
    server.add(HOME, "home")
    for source, target in ((WORK, HOME), (HOME, WORK)):
        name = f"r{len(source)}{target[5]}"
        server.place(source, source + name, relance(name, f"Relance Mistral {name}"))
        desk.turn(server)
        server.take(source, source + name)
        server.place(target, target + name, relance(name, f"Relance Mistral {name}"))
        desk.turn(server)
        desk.turn(server)
        one = desk.follow_up(f"Relance Mistral {name}")
        assert (one.state.value, one.revision) == ("to_do", 1)
    assert len(desk.rows("follow_up")) == 2
    assert len(desk.rows("calendar_copy")) == 2
    assert len(desk.rows("calendar_object")) == 2


def test_what_suivi_put_there_and_somebody_took_away_before_the_next_turn_is_missed(desk, server):
    """A server need not tell of what came and went between two tokens (RFC 6578 §3.4)."""
    server.place(WORK, WORK + "a.ics", held("a", "Visite"))
    desk.turn(server)
    desk.turn(server)
    (shelf,) = desk.rows("calendar")
    made = server.put(WORK, WORK + "ours.ics", relance("ours"), None)
    with desk.store.write() as tx:
        arrow.shelf.written(tx, shelf["id"], made.href, made.etag)
    server.take(WORK, made.href)
    # The server forgets both.
    del server._collections[WORK].history[-2:]
    server.since()
    desk.turn(server)
    assert desk.etags().keys() == {"a.ics"}
    assert server.since() == {"look": 1, "changes": 1, "fetch": 1}


def test_our_own_writes_are_not_fetched_again(desk, server):
    server.place(WORK, WORK + "a.ics", held("a", "Visite"))
    desk.turn(server)
    desk.turn(server)
    (shelf,) = desk.rows("calendar")
    made = server.put(WORK, WORK + "ours.ics", relance("ours"), None)
    with desk.store.write() as tx:
        arrow.shelf.written(tx, shelf["id"], made.href, made.etag)
    server.since()
    desk.turn(server)
    assert server.since() == {"look": 1, "changes": 1}
    desk.turn(server)
    assert server.since() == {"look": 1}


def test_a_calendar_that_is_new_is_found_at_once_and_a_renamed_one_within_a_day(desk, server):
    desk.turn(server)
    server.add(HOME, "home")
    server.place(HOME, HOME + "a.ics", held("a", "Visite"))
    server.since()
    desk.turn(server)
    assert server.since()["discover"] == 1
    assert desk.recorded() == ["Visite"]
    server._collections[HOME].name = "house"
    desk.turn(server)
    desk.later(1.1)
    desk.turn(server)
    assert {c["name"] for c in desk.rows("calendar")} == {"work", "house"}


def test_most_of_a_calendar_that_is_gone_at_once_is_asked_for_once_more(desk, server, monkeypatch):
    names = [f"{n:02}" for n in range(30)]
    for name in names:
        server.place(WORK, f"{WORK}{name}.ics", relance(name, f"Relance Mistral {name}"))
    desk.turn(server)
    desk.turn(server)
    honest = MemoryCalendars.changes

    def loses(self, calendar, token, known):
        delta = honest(self, calendar, token, known)
        gone = frozenset(known) - {min(known)}
        return replace(delta, removed=gone) if token else delta

    monkeypatch.setattr(MemoryCalendars, "changes", loses)
    server.place(WORK, WORK + "new.ics", held("new", "Visite"))
    desk.turn(server)
    assert set(desk.follow_ups().values()) == {"to_do"}
    assert desk.recorded() == ["Visite"]


def test_an_emptied_calendar_stops_and_its_neighbours_go_on(desk, server):
    server.add(HOME, "home")
    for n in range(6):
        server.place(WORK, f"{WORK}{n}.ics", relance(f"{n}", f"Relance Mistral {n}"))
    desk.turn(server)
    for n in range(6):
        server.take(WORK, f"{WORK}{n}.ics")
    server.place(HOME, HOME + "a.ics", held("a", "Visite"))
    with pytest.raises(Refused, match="none of its 6 objects"):
        desk.turn(server)
    assert set(desk.follow_ups().values()) == {"to_do"}
    assert desk.recorded() == ["Visite"]


def test_one_calendar_that_cannot_be_had_does_not_stop_the_others(desk, server, monkeypatch):
    server.add(HOME, "home")
    honest = MemoryCalendars.changes

    def broken(self, calendar, token, known):
        if calendar == WORK:
            raise Unreachable("dav: answers 500")
        return honest(self, calendar, token, known)

    for home in (WORK, HOME):
        server.place(home, home + "r.ics", relance(home, f"Relance Mistral {home}"))
    desk.turn(server)
    desk.turn(server)
    monkeypatch.setattr(MemoryCalendars, "changes", broken)
    for home in (WORK, HOME):
        server.take(home, home + "r.ics")
        server.place(home, home + "v.ics", held(home + "v", home))
    with pytest.raises(Unreachable):
        desk.turn(server)
    assert desk.recorded() == [HOME]
    assert desk.follow_ups()[f"Relance Mistral {HOME}"] == "not_needed"
    monkeypatch.setattr(MemoryCalendars, "changes", honest)
    desk.turn(server)
    assert desk.recorded() == [HOME, WORK]
    assert set(desk.follow_ups().values()) == {"not_needed"}


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("when", range(1, 12, 2))
def test_killed_after_any_chunk_it_goes_on_from_there(desk: Desk, server, monkeypatch, when):
    """First load, then everything judged again because the directory has changed."""
    monkeypatch.setattr(arrow, "CHUNK", 3)
    monkeypatch.setattr(arrow, "_AT_ONCE", 3)
    many = 12
    for n in range(many):
        server.place(WORK, f"{WORK}{n:02}.ics", held(f"{n}", f"{n:02}"))
    steps = iter(range(1, 1000))

    def dies(step: str) -> None:
        if next(steps) == when:
            raise Killed(step)

    judged: Counter = Counter()
    one = meetings._judge_one

    def counted(capture, tx, book, account, calendar, obj, kept=None):
        judged[obj.href] += 1
        return one(capture, tx, book, account, calendar, obj, kept)

    monkeypatch.setattr(arrow, "reached", dies)
    monkeypatch.setattr(meetings, "_judge_one", counted)
    killed = 0
    for turn in range(6):
        if turn == 3:
            with desk.store.write() as tx:
                people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU-2", "Autre"))
        try:
            desk.turn(server)
        except Killed:
            killed += 1
    assert killed == 1
    assert len(desk.recorded()) == many
    assert len(desk.rows("sighting")) == many
    # Only the chunk in hand is read again.
    assert 2 * many <= sum(judged.values()) <= 2 * many + 3
    assert desk.etags().keys() == {f"{n:02}.ics" for n in range(many)}
    assert not desk.turn(server)


def test_a_token_of_whole_seconds_is_asked_again(desk, server, monkeypatch):
    """What comes in the second in which it was asked has the same token."""
    second = int(datetime.now(UTC).timestamp())
    honest = MemoryCalendars.changes

    def coarse(self, calendar, token, known):
        told = honest(self, calendar, None, known)
        if token == f"{second}":
            return replace(told, changed={}, removed=frozenset(), token=token, complete=False)
        return replace(told, token=f"{second}")

    def look(self, homes):
        return tuple(replace(i, ctag=f"{second}", sync_token=f"{second}") for i in self.discover())

    monkeypatch.setattr(MemoryCalendars, "changes", coarse)
    monkeypatch.setattr(MemoryCalendars, "look", look)
    desk.turn(server)
    desk.turn(server)
    server.place(WORK, WORK + "a.ics", held("a", "Visite"))
    desk.turn(server)
    server.place(WORK, WORK + "b.ics", meeting("b", "Autre", "CLASS:PRIVATE"))
    desk.turn(server)
    assert desk.recorded() == ["Visite"]
    assert desk.etags().keys() == {"a.ics", "b.ics"}


def test_a_first_load_is_recorded_together_and_one_bad_object_spoils_nothing(
    desk, server, monkeypatch
):
    for n in range(5):
        server.place(WORK, f"{WORK}{n}.ics", held(f"{n}", f"Visite {n}"))
    # Two copies of one event, and one of which our own judgement fails.
    server.place(WORK, f"{WORK}again.ics", held("3", "Visite 3"))
    server.place(WORK, f"{WORK}bad.ics", held("bad", "Bad"))
    honest = meetings.decide.event

    def fails(ruleset, directory, sighting, *more, **options):
        if sighting.what.uid == "bad":
            raise ZeroDivisionError
        return honest(ruleset, directory, sighting, *more, **options)

    monkeypatch.setattr(meetings.decide, "event", fails)
    assert desk.turn(server) == {"matched": 6, "unreadable": 1}
    assert desk.recorded() == [f"Visite {n}" for n in range(5)]
    assert len(desk.rows("sighting")) == 6
    assert len(desk.rows("quarantine")) == 1
