"""Each demo server starts, answers and stops, and none outlives whoever started it."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.demo.company.ics import phone_event
from connectors.demo.servers.calendars import calendar_server
from connectors.demo.servers.mail import Delivered, MailUser, mail_server
from connectors.demo.servers.process import Program, listens
from connectors.errors import Changed, Refused, Unreachable

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FOLDERS = {"Envoyés": "Sent", "Privé": ""}
CLAIRE = MailUser("claire", "secret", ("claire@lumen.example",), FOLDERS)
COMMANDS = MailUser("suivi", "secret", ("suivi@lumen.example",), {})


def _mail(name: str) -> bytes:
    return f"Message-ID: <{name}@x.example>\r\nSubject: {name}\r\n\r\nBonjour.\r\n".encode()


def test_the_mail_server_keeps_what_it_is_given(tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail", [CLAIRE, COMMANDS]) as server:
        sample = [Delivered(_mail(str(n)), NOON, ("\\Seen", "$Private")) for n in range(130)]
        server.fill("claire", "Envoyés", sample)
        assert server.count("claire") == {"INBOX": 0, "Envoyés": 130, "Privé": 0}
        assert server.raw("claire", "Envoyés", "7@x.example") == (_mail("7"),)
        with server.session("claire") as client:
            roles = {name: flags for flags, _, name in client.list_folders()}
            client.select_folder("Envoyés", readonly=True)
            row = next(iter(client.fetch([101], ["FLAGS", "INTERNALDATE"]).values()))
        assert b"\\Sent" in roles["Envoyés"] and b"\\Sent" not in roles["Privé"]
        assert b"$Private" in row[b"FLAGS"]
    assert not listens(server.imap) and not listens(server.smtp)


def test_mail_is_kept_and_delivered_to_whoever_lives_here(tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail", [CLAIRE, COMMANDS]) as server:
        data = _mail("answer")
        server.send("a@b.example", ["suivi+ToKeN@lumen.example", "elsewhere@c.example"], data)
        assert server.count("suivi")["INBOX"] == 1
        assert server.count("claire")["INBOX"] == 0
        (kept,) = server.sent()
        assert kept.data == data
        assert kept.recipients == ("suivi+ToKeN@lumen.example", "elsewhere@c.example")


def test_idle_tells_of_new_mail(tmp_path: Path) -> None:
    with (
        mail_server(tmp_path / "mail", [CLAIRE]) as server,
        server.session("claire") as client,
    ):
        client.select_folder("INBOX", readonly=True)
        client.idle()
        server.send("a@b.example", ["claire@lumen.example"], _mail("new"))
        told = client.idle_check(timeout=10)
        client.idle_done()
        assert (1, b"EXISTS") in told


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail", [CLAIRE]) as server:
        server.users["claire"] = MailUser("claire", "wrong", ())
        with pytest.raises(Exception, match=r"(?i)invalid|auth"), server.session("claire"):
            pass


def test_the_calendar_server_keeps_objects_under_conditions(tmp_path: Path) -> None:
    passwords = {"claire": "secret", "hugo": "other"}
    with calendar_server(tmp_path / "calendars", passwords) as server:
        dav, path = server.session("claire"), "/claire/agenda/relance.ics"
        dav.make_calendar("/claire/agenda/", "Agenda")
        etag = dav.put(path, phone_event("relance", "Relance Belleroche", NOON, 30))
        found = dav.get(path)
        assert found is not None and found.etag == etag
        assert b"SUMMARY:Relance Belleroche" in found.data
        assert [o.href for o in dav.objects("/claire/agenda/")] == [path]
        with pytest.raises(Changed):
            dav.put(path, found.data, '"stale"')
        with pytest.raises(Refused):
            server.session("hugo").get(path)
        assert dav.get("/claire/agenda/nothing.ics") is None
    assert not listens(server.port)


def test_a_program_that_ends_at_once_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no such option'); raise SystemExit(3)"]
    with (
        Program("the thing", command, tmp_path / "log") as program,
        pytest.raises(Unreachable, match="the thing ended at once: no such option"),
    ):
        program.wait_until(lambda: False)


def test_no_server_outlives_whoever_started_it(tmp_path: Path) -> None:
    """The starter is killed outright; its programs notice, and end."""
    script = """
import sys, time
from pathlib import Path
from connectors.demo.servers.calendars import calendar_server
from connectors.demo.servers.mail import MailUser, mail_server
here = Path(sys.argv[1])
with mail_server(here / "m", [MailUser("a", "b", ())]) as m, calendar_server(here / "c", {}) as c:
    print(m.imap, m.smtp, c.port, flush=True)
    time.sleep(60)
"""
    starter = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert starter.stdout is not None
    ports = [int(port) for port in starter.stdout.readline().split()]
    assert len(ports) == 3 and all(map(listens, ports))
    starter.kill()
    starter.wait()
    starter.stdout.close()
    deadline = time.monotonic() + 15
    while any(map(listens, ports)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(listens, ports))
