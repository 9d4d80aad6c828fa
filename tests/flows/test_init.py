"""`suivi init` against real servers: without questions, and with somebody who answers them."""

import os
import pty
import select
import subprocess
import time
from pathlib import Path

from tests.flows.house import DOMAIN, House
from tests.servers.dav import DavServer
from tests.servers.dovecot import Dovecot

PEOPLE = "code,name,kind\nDUP,Dupont & Fils,customer\n"


def answered(folder: Path, dovecot: Dovecot, dav: DavServer, smtp: int) -> Path:
    (folder / "people.csv").write_text(PEOPLE)
    file = folder / "answers.toml"
    file.write_text(f"""
state_dir = "{folder}/state"
runtime_dir = "{folder}/run"
[company]
name = "Atelier Lumen"
domains = ["{DOMAIN}"]
[http]
listen = "127.0.0.1:0"
[[users]]
name = "Ann"
email = "ann@{DOMAIN}"
[[mailboxes]]
name = "ann"
owner = "ann@{DOMAIN}"
host = "127.0.0.1"
port = {dovecot.tls_port}
ca_file = "{dovecot.ca_file}"
user = "ann"
password = "ann-secret"
[[calendars]]
name = "ann"
owner = "ann@{DOMAIN}"
url = "{dav.url}"
user = "ann"
password = "ann-secret"
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
from = "suivi@{DOMAIN}"
[directory]
third_parties = "people.csv"
""")
    return file


def test_without_questions(
    tmp_path: Path, dovecot: Dovecot, dav: DavServer, sink: tuple[int, Path], house: House
) -> None:
    folder = tmp_path / "house"
    file = answered(folder, dovecot, dav, sink[0])
    done = house.suivi("init", "--answers", str(file))
    assert "Imported: 1 third parties (1 new), 0 contacts." in done.stdout
    assert "✓ mailbox ann: " in done.stdout and "✓ calendar ann: " in done.stdout
    assert "systemctl enable --now suivi.target" in done.stdout
    assert (folder / "credentials" / "ann-mail").read_text() == "ann-secret\n"
    # Other answers replace nothing that nobody gave up.
    before = (folder / "suivi.toml").read_bytes()
    file.write_text(file.read_text().replace("Atelier Lumen", "Another"))
    refused = house.suivi("init", "--answers", str(file), check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"{folder}/suivi.toml: there already; --overwrite replaces them" in refused.stderr
    assert (folder / "suivi.toml").read_bytes() == before


def test_with_questions(tmp_path: Path, dovecot: Dovecot, house: House, postgresql: str) -> None:
    """A conversation on a terminal: the password is not shown, a mistake is asked again."""
    talk = [
        ("Name of the company", "Atelier Lumen"),
        ("mail domains", DOMAIN),
        ("Language", "en"),
        ("Time zone", "Europe/Nowhere"),
        ("IANA time zone", None),
        ("Name of the company", "Atelier Lumen"),
        ("mail domains", DOMAIN),
        ("Language", "en"),
        ("Time zone", ""),
        ("Your own address", f"ann@{DOMAIN}"),
        ("Name of", "Ann"),
        ("Mailbox: user name", "ann"),
        ("IMAP server", "127.0.0.1"),
        ("Security", "none"),
        ("Port", str(dovecot.port)),
        ("Password: ", "ann-secret"),
        ("Whose is it?", ""),
        ("One more mailbox?", "n"),
        ("Calendars too?", "n"),
        ("Send reminders", "n"),
        ("Address of suivi's pages", ""),
        ("PostgreSQL", "db.example"),
        ("it needs none: ", ""),
        ("SQLite or PostgreSQL", None),
        ("PostgreSQL", postgresql),
        ("it needs none: ", "of-the-database"),
        ("CSV file", ""),
        ("Written: ", None),
        ("✓ database: postgresql://", None),
        ("✓ mailbox ann", None),
    ]
    state = {"SUIVI_STATE_DIR": str(tmp_path / "state"), "SUIVI_RUNTIME_DIR": str(tmp_path / "run")}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        house.command("init"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**house.environ(state), "TERM": "dumb", "COLUMNS": "200"},
        start_new_session=True,
    )
    os.close(theirs)
    heard, whole = "", [""]
    try:
        for question, answer in talk:
            heard = _until(ours, heard, question, whole)
            if answer is not None:
                os.write(ours, f"{answer}\n".encode())
        _until(ours, heard, "Start it", whole)
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(ours)
    assert "ann-secret" not in "".join(whole) and "of-the-database" not in "".join(whole)
    text = (tmp_path / "house" / "suivi.toml").read_text()
    assert 'timezone = "Europe/Paris"' in text and "ann-secret" not in text
    assert f'url = "{postgresql}"' in text and "of-the-database" not in text
    kept = tmp_path / "house" / "credentials" / "database"
    assert kept.read_text() == "of-the-database\n"


def _until(terminal: int, heard: str, wanted: str, whole: list[str], seconds: float = 60) -> str:
    """What comes after `wanted`; all that is said is kept in `whole`."""
    until = time.monotonic() + seconds
    while wanted not in heard:
        assert time.monotonic() < until, f"{wanted!r} was not said: {heard[-500:]!r}"
        if select.select([terminal], [], [], 0.2)[0]:
            said = os.read(terminal, 65536).decode("utf-8", "replace")
            whole.append(said)
            heard += said
    return heard.split(wanted, 1)[1]
