"""Through every lie of a calendar server each arrow ends; nothing is lost, doubled, or comes back
from the dead."""

from itertools import count

import pytest

from connectors.caldav import CaldavAccount, connect
from connectors.errors import Changed, ConnectorError, Unreachable
from tests.connectors.caldav.contract import event
from tests.daemon.capture.desk import held, meeting, relance
from tests.servers.lying import LIES, Moves, Told, lying
from tests.servers.radicale import radicale

NUMBERS = count(1)
MOST_REQUESTS = 80


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    people = {f"u{n}": "secret" for n in range(1, 100)}
    with radicale(tmp_path_factory.mktemp("radicale"), people) as running:
        yield running


@pytest.fixture
def user(server):
    """Somebody with a calendar "work" of their own."""
    name = f"u{next(NUMBERS)}"
    server.calendar(name, "work")
    return name


class Person:
    """What somebody does in their own client, and what suivi makes of it through a proxy."""

    def __init__(self, server, user, proxy, desk, told):
        self.server, self.user, self.proxy, self.desk, self.told = server, user, proxy, desk, told

    def put(self, name, data):
        self.server.put(self.user, f"/{self.user}/work/{name}.ics", data)

    def delete(self, name):
        self.server.delete(self.user, f"/{self.user}/work/{name}.ics")

    def turns(self, times=3):
        """So many turns; with a server that is busy until all of it was read. How many were judged
        in the last one."""
        counts = None
        for _ in range(times * (8 if self.told.busy else 1)):
            calendars = self.client()
            before = len(self.proxy.asked)
            try:
                counts = self.desk.turn(calendars)
            except Unreachable:
                assert self.told.busy
            finally:
                calendars.close()
            assert len(self.proxy.asked) - before < MOST_REQUESTS
        return counts

    def client(self):
        return connect(CaldavAccount(self.proxy.url, self.user, "secret", timeout=10))


@pytest.mark.parametrize("name", LIES)
def test_nothing_is_lost_doubled_or_comes_back(server, user, desk, name):
    told = LIES[name]
    with lying(server, told) as proxy:
        person = Person(server, user, proxy, desk, told)
        person.put("a", held("a", "Visite"))
        person.put("gone", relance("gone", "Relance Mistral un"))
        person.put("stays", relance("stays", "Relance Mistral deux"))
        for n in range(4):
            person.put(f"private{n}", meeting(f"private{n}", "x", "CLASS:PRIVATE"))
        person.turns()
        assert desk.recorded() == ["Visite"]
        assert set(desk.follow_ups().values()) == {"to_do"}

        person.put("b", held("b", "Autre"))
        person.put("stays", relance("stays", "Relance Mistral trois"))
        person.delete("gone")
        person.turns()
        if told.unheard:
            desk.later(8)
            person.turns()
        assert desk.recorded() == ["Autre", "Visite"]
        expected = {"Relance Mistral un": "not_needed", "Relance Mistral trois": "to_do"}
        assert desk.follow_ups() == expected
        known = {"a.ics", "b.ics", "stays.ics", *(f"private{n}.ics" for n in range(4))}
        assert desk.etags().keys() == known

        # Nothing happens: nothing is made of it, however often it is compared.
        desk.later(8)
        person.turns(2)
        assert desk.recorded() == ["Autre", "Visite"]
        assert desk.follow_ups() == expected
        assert desk.etags().keys() == known
        assert len(desk.rows("sighting")) == 2
        assert desk.rows("quarantine") == []


@pytest.mark.parametrize("name", LIES)
def test_what_is_written_is_there_once_and_nobody_is_overwritten(server, user, desk, name):
    told = LIES[name]
    work = f"/{user}/work/"

    def insist(do):
        for _ in range(9):
            try:
                return do()
            except Unreachable:
                assert told.busy
        raise AssertionError("never served")

    with lying(server, told) as proxy:
        person = Person(server, user, proxy, desk, told)
        calendars = person.client()
        made = insist(lambda: calendars.put(work, work + "ours.ics", event(), None))
        again = insist(lambda: calendars.put(work, work + "ours.ics", event(), None))
        assert (made.href, made.data) == (again.href, again.data)
        person.put("theirs", event("theirs", "Dentist", key=""))
        with pytest.raises(Changed):
            insist(lambda: calendars.put(work, work + "theirs.ics", event("x", key="k-2"), None))
        assert b"Dentist" in server.get(user, work + "theirs.ics")
        (seen,) = insist(lambda: calendars.fetch(work, [made.href]))
        moved = event(summary="moved by suivi")
        if seen.etag is None:
            return
        try:
            written = insist(lambda: calendars.put(work, made.href, moved, seen.etag))
        except Changed:
            # It was applied, and rewritten on the way: it is read again, as after any change.
            assert name == "applied, but answered 500"
            (written,) = calendars.fetch(work, [made.href])
        assert b"moved by suivi" in written.data
        person.put("ours", event(summary="moved by Anna"))
        heeded = name != "no condition heeded"
        if heeded:
            with pytest.raises(Changed):
                insist(lambda: calendars.put(work, made.href, moved, written.etag))
            with pytest.raises(Changed):
                insist(lambda: calendars.delete(work, made.href, written.etag))
            assert b"moved by Anna" in server.get(user, made.href)
        (last,) = insist(lambda: calendars.fetch(work, [made.href]))
        insist(lambda: _deleted(calendars, work, made.href, last.etag))
        assert "ours.ics" not in server.objects(user, work)
        calendars.close()


def _deleted(calendars, work, href, etag):
    """Gone, though the server may say that it failed."""
    try:
        calendars.delete(work, href, etag)
    except Unreachable:
        calendars.delete(work, href, etag)


def test_a_calendar_that_is_moved_with_all_that_is_in_it_is_the_same(server, user, desk):
    moves = Moves(f"/{user}/work/", f"/{user}/moved/")
    with lying(server, Told("Zimbra", lambda: moves)) as proxy:
        person = Person(server, user, proxy, desk, Told("Zimbra", lambda: moves))
        person.put("a", held("a", "Visite"))
        person.put("r", relance("r"))
        person.turns()
        moves.moved = True
        person.turns()
        assert desk.recorded() == ["Visite"]
        assert desk.follow_ups() == {"Relance Mistral": "to_do"}
        assert len(desk.rows("calendar_copy")) == 1
        person.delete("r")
        person.turns()
        assert desk.follow_ups() == {"Relance Mistral": "not_needed"}


def test_errors_of_a_busy_server_say_how_long_to_wait(server, user, desk):
    with lying(server, LIES["busy"]) as proxy:
        person = Person(server, user, proxy, desk, LIES["busy"])
        calendars = person.client()
        with pytest.raises(ConnectorError, match="asks to wait 1"):
            for _ in range(9):
                calendars.discover()
