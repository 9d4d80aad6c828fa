"""What real calendar servers do, held against what is written down of each of them."""

import pytest

from tests.flows.servers import SERVERS, serving
from tests.servers import postgres
from tests.servers.quirks import PROBES, QUIRKS, STANDARD, Asked


@pytest.fixture(scope="module")
def postgres_url():
    with postgres.start() as url:
        yield url


@pytest.mark.parametrize("name", SERVERS)
def test_each_quirk_is_still_so(name, tmp_path, request):
    users = {"ann": "ann-secret"}
    with serving(
        name, tmp_path / name, users, lambda: request.getfixturevalue("postgres_url")
    ) as server:
        tasks = server.calendar("ann", "tasks", ("VTODO",))
        told = {}
        for number, (question, probe) in enumerate(PROBES.items()):
            calendar = server.calendar("ann", f"calendar-{number}", ("VEVENT",))
            told[question] = probe(Asked(server, calendar, tasks))
    written = {question: quirk.answer for question, quirk in QUIRKS[name].items()}
    assert written.keys() <= STANDARD.keys() == PROBES.keys()
    assert {q: a for q, a in told.items() if a != STANDARD[q]} == written
