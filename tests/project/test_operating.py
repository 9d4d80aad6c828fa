"""How-tos of operation: their configuration is good, and Dovecot's master user opens mailboxes."""

import imaplib
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from daemon.config import load
from tests.flows.house import USERS, House, eventually, mail
from tests.flows.inside import furnish
from tests.servers.dovecot import Dovecot

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
COMPANY = """
[company]
name = "Dupont"
domains = ["dupont.example"]

[[users]]
name = "Alice Martin"
email = "alice@dupont.example"
"""
MASTER = "a long one that nobody types"


def blocks(name: str, kind: str) -> list[str]:
    text = (HOW_TO / name).read_text("utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "name",
    [
        "dovecot-master-user.md",
        "microsoft-365-and-google.md",
        "nextcloud.md",
        "reverse-proxy.md",
    ],
)
def test_every_piece_of_configuration_is_good(name: str, tmp_path: Path) -> None:
    found = blocks(name, "toml")
    assert found
    for text in found:
        (tmp_path / "suivi.toml").write_text(COMPANY + text, "utf-8")
        assert load(tmp_path / "suivi.toml", servers=False).warnings == ()


def test_how_tos_lead_to_each_other() -> None:
    for path in HOW_TO.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), (path.name, target)


def test_dovecots_master_user_opens_a_mailbox_for_suivi_alone(tmp_path: Path) -> None:
    (block,) = blocks("dovecot-master-user.md", "dovecot")
    (line,) = blocks("dovecot-master-user.md", "text /etc/dovecot/suivi-master")
    with Dovecot(users=USERS, more=block.replace("/etc/dovecot", "{home}")) as server:
        masters = server.home / "suivi-master"
        _say(masters, line, "192.0.2.7/32", age=60)
        assert not _opens(server, "ann*suivi", MASTER), "from elsewhere"
        _say(masters, line, "127.0.0.1/32")
        # Dovecot looks once a second whether the file has changed.
        eventually(lambda: _opens(server, "ann*suivi", MASTER), what=server.log())
        assert not _opens(server, "ann*suivi", "another")

        folder = tmp_path / "house"
        folder.mkdir()
        house = House(folder, server, f"sqlite:///{folder / 'suivi.sqlite3'}", users=("ann",))
        furnish(house)
        path = folder / "suivi.toml"
        text = path.read_text("utf-8").replace('user = "ann"', 'user = "ann*suivi"')
        path.write_text(text.replace(USERS["ann"], MASTER), "utf-8")
        raw = mail("jean@mistral.example", "ann@lumen.example", "Devis", message_id="1@m.example")
        server.deliver("ann", "INBOX", raw)
        house.suivi("sync")
        (exchange,) = house.history("CU-1")
        assert exchange["subject"] == "Devis"


def _say(masters: Path, line: str, net: str, age: float = 0) -> None:
    """The line of the how-to with a hash as doveadm makes it, and an address; written that many
    seconds ago, for Dovecot knows by the time that a file has changed."""
    done = subprocess.run(
        ["doveadm", "pw", "-s", "SHA512-CRYPT", "-p", MASTER],
        capture_output=True,
        text=True,
        check=True,
    )
    line = line.replace("{SHA512-CRYPT}$6$…", done.stdout.strip()).replace("192.0.2.7/32", net)
    masters.write_text(line, "utf-8")
    masters.chmod(0o644)
    os.utime(masters, (time.time() - age,) * 2)


def _opens(server: Dovecot, user: str, password: str) -> bool:
    with imaplib.IMAP4("127.0.0.1", server.port) as session:
        try:
            session.login(user, password)
        except imaplib.IMAP4.error:
            return False
        return session.select("INBOX", readonly=True)[0] == "OK"
