"""`suivi check` against real servers, of which some are dead, strange or about to be."""

import json
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from daemon.app.checkup import Asked, CheckLine, Health, checkup, machine
from daemon.app.checkup.calendars import _OBJECT, SCRATCH
from daemon.clock import now
from daemon.config import load
from daemon.store import upgrade
from tests.flows.house import DOMAIN, House
from tests.servers import certificates
from tests.servers import crooked as strange_servers
from tests.servers.dav import DavServer
from tests.servers.dovecot import Dovecot
from tests.servers.smtpsink import Options, SmtpSink


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def checked(house: House, **how: Any) -> tuple[CheckLine, ...]:
    """All lines about a house with an empty database, in this process."""
    settings = load(house.configure())
    upgrade(settings.database_url)
    return tuple(checkup(Asked(settings, now, **how)))


def told(found: Iterable[CheckLine], area: str, name: str = "") -> list[tuple[str, str]]:
    return [(x.health.value, x.detail) for x in found if (x.area, x.name) == (area, name)]


def test_a_house_in_order(
    tmp_path: Path, dovecot: Dovecot, dav: DavServer, sink: tuple[int, Path], sqlite: str
) -> None:
    """No line is bad; nothing stays in the calendar; one test mail goes out."""
    folder = tmp_path / "house"
    folder.mkdir()
    port, sent = sink
    house = House(folder, dovecot, sqlite, smtp_port=port, dav=dav)
    found = checked(house, mail_to=f"it@{DOMAIN}")
    assert {x.health for x in found} == {Health.OK, Health.WARNING}
    (mailbox,) = told(found, "mailbox", "ann")
    assert mailbox[0] == "ok"
    assert "INBOX (inbox)" in mailbox[1] and "IDLE" in mailbox[1]
    assert "new mail is told at once" in mailbox[1]
    (calendar,) = told(found, "calendar", "ann-calendar")
    assert calendar == ("ok", "1 in all; follow-ups go to work, which can be written")
    assert dav.objects("ann", "/ann/work/") == {}
    assert told(found, "smtp")[-1] == ("ok", f"a test mail went to it@{DOMAIN}")
    assert len(list(sent.glob("*.eml"))) == 1
    assert told(found, "database")[0][0] == "ok"
    # The passwords of the house stand in its file, which only its owner may read.
    assert all(health == "warning" for health, _ in told(found, "configuration")[1:])
    assert told(found, "secrets") == []
    (house.folder / "suivi.toml").chmod(0o644)
    ((health, detail),) = told(
        machine.secrets(Asked(load(house.folder / "suivi.toml"), now)), "secrets"
    )
    assert health == "warning" and detail.startswith(f"{house.folder}/suivi.toml holds a secret")
    french = house.suivi("check", "--no-write", SUIVI_LANGUAGE="fr").stdout
    assert "✓ calendar ann-calendar: 1 en tout ; les relances vont dans work\n" in french


def test_dead_servers_stop_nobody_and_are_told_in_time(
    tmp_path: Path, dovecot: Dovecot, dav: DavServer, sqlite: str
) -> None:
    folder = tmp_path / "house"
    folder.mkdir()
    with black_hole() as hole:
        house = House(folder, dovecot, sqlite, dav=dav, smtp_port=hole)
        account = """
user = "ann"
password = "never-shown"
"""
        house.extra = f"""
[[mailboxes]]
name = "dead"
host = "127.0.0.1"
port = {hole}
timeout = 300
{account}
[[mailboxes]]
name = "wrong-password"
host = "127.0.0.1"
port = {dovecot.port}
security = "none"
{account}
[[mailboxes]]
name = "no-such-folder"
host = "127.0.0.1"
port = {dovecot.port}
security = "none"
user = "bob"
password = "bob-secret"
folders = ["Clients"]
[[calendars]]
name = "dead"
owner = "ann@{DOMAIN}"
url = "http://127.0.0.1:{hole}/"
timeout = 300
{account}
"""
        began = time.monotonic()
        found = checked(house, seconds=4)
        assert time.monotonic() - began < 40
    late = ("bad", "no answer within 4 s: is it down, or blocked by a firewall?")
    assert told(found, "mailbox", "dead") == [late]
    assert told(found, "calendar", "dead") == [late]
    assert told(found, "smtp") == [late]
    ((health, detail),) = told(found, "mailbox", "wrong-password")
    assert health == "bad" and "check user name and password" in detail
    ((health, detail),) = told(found, "mailbox", "no-such-folder")
    assert health == "bad" and detail.startswith("no such folder: Clients: correct `folders`")
    assert told(found, "calendar", "bob-calendar")[0][0] == "ok"
    assert told(found, "mailbox", "bob")[-1][0] == "ok"
    assert "never-shown" not in repr(found)


def test_certificates_that_end_soon_and_clocks_that_are_wrong(
    tmp_path: Path, dovecot: Dovecot, sqlite: str
) -> None:
    folder = tmp_path / "house"
    folder.mkdir()
    made = certificates.make(tmp_path, days=5)
    wrong = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)

    def answers(asked: strange_servers.Asked) -> strange_servers.Reply:
        body = PRINCIPAL if asked.headers.get("depth") == "0" else CALENDARS
        return strange_servers.Reply(207, body, {"Date": wrong, "Content-Type": "application/xml"})

    options = Options(security="tls", cert=made.cert, key=made.key)
    with (
        strange_servers.crooked(answers, tls=made) as strange,
        SmtpSink(tmp_path / "sent", options=options) as out,
    ):
        house = House(folder, dovecot, sqlite, users=())
        house.extra = f"""
[smtp]
host = "127.0.0.1"
port = {out.port}
security = "tls"
ca_file = "{made.cert}"
from = "suivi@{DOMAIN}"
[[mailboxes]]
name = "tls"
host = "127.0.0.1"
port = {dovecot.tls_port}
ca_file = "{dovecot.ca_file}"
user = "ann"
password = "ann-secret"
[[calendars]]
name = "strange"
owner = "ann@{DOMAIN}"
url = "{strange.url}"
ca_file = "{made.cert}"
user = "ann"
password = "x"
"""
        found = checked(house, write=False)
    for area, name in (("smtp", ""), ("calendar", "strange")):
        health, detail = told(found, area, name)[-1]
        assert health == "warning" and "certificate ends in 4 days" in detail
    (mailbox,) = (x for x in told(found, "mailbox", "tls") if "; reads " in x[1])
    assert "; certificate until 202" in mailbox[1]
    ((health, detail),) = told(found, "clock")
    assert health == "warning" and "strange is " in detail and "ahead of this machine" in detail


def test_a_bad_configuration_is_json_too(house: House) -> None:
    (house.folder / "suivi.toml").write_text('[company]\nnmae = "x"\n')
    done = house.suivi("check", "--json", check=False)
    assert done.returncode == 78
    found = json.loads(done.stdout)
    assert [(x["area"], x["health"]) for x in found] == [("configuration", "bad")] * 2
    assert found[1]["detail"].endswith("unknown option 'nmae'; did you mean 'name'?")


def test_what_a_killed_check_left_is_removed(
    tmp_path: Path, dovecot: Dovecot, dav: DavServer, sqlite: str
) -> None:
    folder = tmp_path / "house"
    folder.mkdir()
    house = House(folder, dovecot, sqlite, dav=dav, users=("ann",))
    dav.put("ann", f"/ann/work/{SCRATCH}.ics", _OBJECT)
    assert list(dav.objects("ann", "/ann/work/")) == ["suivi-check.ics"]
    assert told(checked(house), "calendar", "ann-calendar")[0][0] == "ok"
    assert dav.objects("ann", "/ann/work/") == {}


PRINCIPAL = b"""<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"
xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response><d:href>/</d:href><d:propstat><d:prop>
<d:resourcetype><d:collection/></d:resourcetype>
<c:calendar-home-set><d:href>/home/</d:href></c:calendar-home-set>
</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"""

CALENDARS = b"""<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"
xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response><d:href>/home/work/</d:href><d:propstat><d:prop>
<d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:displayname>work</d:displayname>
</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"""
