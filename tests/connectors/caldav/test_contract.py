"""The contract of the Calendars port on the memory twin, on Radicale and on Xandikos."""

from itertools import count

import pytest

from connectors.caldav import CaldavAccount, connect
from tests.connectors.caldav.contract import CalendarsContract
from tests.servers.radicale import radicale
from tests.servers.xandikos import xandikos

NUMBERS = count()


class OnServer:
    """A person with a client of their own."""

    def __init__(self, server, user):
        self._server = server
        self._user = user

    def put(self, href, data):
        self._server.put(self._user, href, data)

    def delete(self, href):
        assert self._server.request(self._user, "DELETE", href)[0] in (200, 204)


class InMemory:
    def __init__(self, twin, calendar):
        self._twin = twin
        self._calendar = calendar

    def put(self, href, data):
        self._twin.place(self._calendar, href, data)

    def delete(self, href):
        self._twin.take(self._calendar, href)


class TestMemory(CalendarsContract):
    @pytest.fixture
    def calendars(self):
        return pytest.importorskip("connectors.memory").MemoryCalendars()

    @pytest.fixture
    def calendar(self, calendars):
        return calendars.add("/anna/work/", "work")

    @pytest.fixture
    def person(self, calendars, calendar):
        return InMemory(calendars, calendar)


class OnRealServer(CalendarsContract):
    @pytest.fixture
    def calendar(self, server):
        """A calendar of its own for each test, all named "work"."""
        return server.calendar("anna", f"work{next(NUMBERS)}", display="work")

    @pytest.fixture
    def calendars(self, server):
        client = connect(CaldavAccount(server.url, "anna", server.passwords["anna"]))
        yield client
        client.close()

    @pytest.fixture
    def person(self, server):
        return OnServer(server, "anna")


@pytest.fixture(scope="module")
def on_radicale(tmp_path_factory):
    with radicale(tmp_path_factory.mktemp("radicale")) as running:
        yield running


@pytest.fixture(scope="module")
def on_xandikos(tmp_path_factory):
    with xandikos(tmp_path_factory.mktemp("xandikos")) as running:
        yield running


class TestRadicale(OnRealServer):
    @pytest.fixture
    def server(self, on_radicale):
        return on_radicale


class TestXandikos(OnRealServer):
    @pytest.fixture
    def server(self, on_xandikos):
        return on_xandikos
