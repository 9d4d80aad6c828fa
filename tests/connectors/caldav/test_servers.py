"""What real calendar servers do, held against what is written down of each of them."""

import pytest
import sqlalchemy as sa

from connectors.caldav import CaldavAccount, connect
from tests.flows.servers import SERVERS, serving
from tests.servers import postgres
from tests.servers.quirks import PROBES, QUIRKS, STANDARD, Asked
from tests.servers.recorder import recorded


@pytest.fixture(scope="module")
def postgres_url():
    with postgres.start() as url:
        yield url


def calendars(url):
    """What Ann's account has, by name."""
    found = connect(CaldavAccount(url, "ann", "ann-secret")).discover()
    return {info.name: info for info in found}


@pytest.mark.parametrize("name", SERVERS)
def test_what_an_account_has(name, tmp_path, request):
    """By where an account begins, and by the host alone where the server leads on from there."""
    users = {"ann": "ann-secret"}
    with serving(
        name, tmp_path / name, users, lambda: request.getfixturevalue("postgres_url")
    ) as server:
        work = server.calendar("ann", "work", ("VEVENT",), "Travail")
        tasks = server.calendar("ann", "tasks", ("VTODO",))
        # SOGo's daemon hangs up after an answer; everywhere a web server stands before it.
        with recorded(server) as (seen, _):
            urls = [seen.url]
            if "the well-known path leads on" not in QUIRKS[name]:
                urls.append(f"http://127.0.0.1:{seen.front}")
            answers = [calendars(url) for url in urls]
        for found in answers:
            assert {found["Travail"].href, found["tasks"].href} == {work, tasks}
            assert "VEVENT" in found["Travail"].components and "VTODO" in found["tasks"].components
            assert all(info.writable and not info.lent for info in found.values())
            lies = QUIRKS[name].get("a sync token that it never gave")
            assert found["Travail"].trusted == (lies is None or lies.answer != 207)


@pytest.mark.parametrize("name", ["davical", "sogo"])
def test_what_a_colleague_lets_one_read_is_not_written(name, tmp_path, postgres_url):
    users = {"ann": "ann-secret", "bob": "bob-secret"}
    with serving(name, tmp_path / name, users, lambda: postgres_url) as server:
        server.calendar("ann", "work")
        team = server.calendar("bob", "team")
        if name == "sogo":
            roles = b'<set-roles user="ann"><PublicViewer/></set-roles>'
            body = b'<acl-query xmlns="urn:inverse:params:xml:ns:inverse-dav">' + roles
            server.request("bob", "POST", team, body + b"</acl-query>", "application/xml")
            body = b'<subscribe xmlns="urn:inverse:params:xml:ns:inverse-dav"/>'
            server.request("ann", "POST", team, body, "application/xml")
        else:
            lend(postgres_url)
        with recorded(server) as (seen, _):
            found = connect(CaldavAccount(seen.url, "ann", "ann-secret")).discover()
        theirs = [info for info in found if info.name.startswith("team")]
        assert theirs and not any(info.writable for info in theirs)
        assert any(info.lent for info in theirs)


def lend(postgres_url):
    """Bob lets Ann read, in DAViCal. (PHP's own web server knows no ACL method.)"""
    server = sa.create_engine(postgres_url)
    with server.connect() as connection:
        named = sa.text(
            "SELECT datname FROM pg_database WHERE datname LIKE 'davical%' ORDER BY oid"
        )
        newest = connection.execute(named).scalars().all()[-1]
    server.dispose()
    engine = sa.create_engine(postgres_url.rsplit("/", 1)[0] + "/" + newest)
    who = "(SELECT principal_id FROM principal JOIN usr USING (user_no) WHERE username = :{})"
    columns = "(by_principal, to_principal, privileges, is_group)"
    row = f"({who.format('bob')}, {who.format('ann')}, privilege_to_bits('read'), false)"
    with engine.begin() as connection:
        statement = sa.text(f"INSERT INTO grants {columns} VALUES {row}")
        connection.execute(statement, {"bob": "bob", "ann": "ann"})
    engine.dispose()


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
