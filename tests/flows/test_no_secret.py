"""Every secret, given in every way, shows nowhere: not in logs at debug, errors, JSON answers,
metrics or the database."""

import base64
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from daemon.config import ConfigError, load
from tests.flows.house import DOMAIN, House, eventually, mail
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port
from tests.servers.radicale import radicale
from tests.servers.smtpsink import Options, SmtpSink

IN_FILE = 'given in the "file" 1é'
BY_FILE = "given-by-a-file-2"
CREDENTIAL = "given-by-credential-3"
VARIABLE = "given-by-variable-4"
WRONG = "wrong-password-5"
SECRETS = (IN_FILE, BY_FILE, CREDENTIAL, VARIABLE, WRONG)


def forms(secret: str) -> set[bytes]:
    """As it may travel: alone, and with each user in base64."""
    pairs = [secret]
    for user in ("ann", "bob", "suivi", "dead", "wrong"):
        pairs += [f"{user}:{secret}", f"\0{user}\0{secret}", f"{user}\0{user}\0{secret}"]
    encoded = {base64.b64encode(pair.encode()) for pair in pairs}
    return {secret.encode(), secret.encode().replace(b'"', b'\\"'), *encoded}


def table(kind: str, name: str, port: int, password: str) -> str:
    return f"""
[[mailboxes]]
name = "{name}"
host = "127.0.0.1"
port = {port}
security = "none"
user = "{kind}"
{password}
"""


def test_no_secret_shows_anywhere(tmp_path: Path) -> None:
    users = {"ann": IN_FILE, "bob": BY_FILE, "wrong": "another"}
    sink = SmtpSink(tmp_path / "sent", options=Options(user="suivi", password=VARIABLE))
    with (
        Dovecot(tmp_path / "dovecot", users=users) as dovecot,
        sink as out,
        radicale(tmp_path / "radicale", {"ann": CREDENTIAL}) as dav,
    ):
        dav.calendar("ann", "work")
        house = _house(tmp_path, dovecot, out.port, dav.url)
        shown = _lived(house, dovecot)
    places = [*shown, house.log().encode()]
    state = house.folder / "state"
    places += [p.read_bytes() for p in state.iterdir() if p.name not in ("http-token",)]
    for secret in (*SECRETS, (state / "http-token").read_text().strip()):
        for text in forms(secret):
            found = [place for place in places if text in place]
            assert found == [], f"{text!r} in {_around(found[0], text)!r}"
    key = (state / "master-key").read_bytes()
    assert not [p for p in places if p != key and (key in p or base64.b64encode(key) in p)]
    # It did speak of what it did, and the servers were really asked.
    assert "decided" in house.log() and "check user name and password" in house.log()
    assert len(sink.mails) >= 1


def _house(tmp_path: Path, dovecot: Dovecot, smtp: int, dav: str) -> House:
    folder = tmp_path / "house"
    (folder / "credentials").mkdir(parents=True)
    (folder / "bob").write_text(f"{BY_FILE}\n")
    (folder / "credentials" / "dav").write_text(CREDENTIAL)
    database = f"sqlite:///{folder / 'state' / 'suivi.sqlite3'}"
    house = House(folder, dovecot, database, http_port=free_port(), users=())
    quoted = IN_FILE.replace('"', '\\"')
    house.extra = "".join(
        [
            table("ann", "ann", dovecot.port, f'password = "{quoted}"'),
            table("bob", "bob", dovecot.port, 'password_file = "bob"'),
            table("wrong", "wrong", dovecot.port, f'password = "{WRONG}"'),
            table("dead", "dead", free_port(), f'password = "{WRONG}"'),
            f"""
[[calendars]]
name = "ann"
owner = "ann@{DOMAIN}"
url = "{dav}"
user = "ann"
password_credential = "dav"
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
user = "suivi"
from = "suivi@{DOMAIN}"
admin = "ann@{DOMAIN}"
[log]
level = "debug"
""",
        ]
    )
    house.environment = {
        "SUIVI_SMTP__PASSWORD": VARIABLE,
        "CREDENTIALS_DIRECTORY": str(folder / "credentials"),
    }
    house.configure()
    (folder / "people.csv").write_text(
        "code,name,kind,domain,contact,email\nM,Mistral,customer,mistral.example,Jean,j@m.example\n"
    )
    house.suivi("import", "third-parties", str(folder / "people.csv"))
    return house


def _lived(house: House, dovecot: Dovecot) -> list[bytes]:
    """What suivi shows while it runs, and when it is given mistakes."""
    sent = format_datetime(datetime.now(UTC))
    letter = mail("j@mistral.example", f"ann@{DOMAIN}", "Devis", message_id="1@x", date=sent)
    dovecot.deliver("ann", "INBOX", letter)
    shown = []
    with house.daemon():
        eventually(lambda: house.log().count("decided") and "wrong" in house.log(), house=house)
        eventually(lambda: "login of wrong refused" in house.log(), house=house)
        for arguments in (
            ("status", "--json"),
            ("check", "--json", "--mail", f"ann@{DOMAIN}"),
            ("report", "--json"),
            ("reload",),
        ):
            done = house.suivi(*arguments, check=False)
            shown.append((done.stdout + done.stderr).encode())
        token = (house.folder / "state" / "http-token").read_text().strip()
        shown += [_got(house, path, token) for path in ("/metrics", "/readyz", "/nothing-here")]
        time.sleep(0.5)
    shown.append(house.suivi("explain", "1@x", check=False).stdout.encode())
    good = (house.folder / "suivi.toml").read_text()
    for before, after in (
        ("password = ", "pasword = "),
        ('password_file = "bob"', 'password_file = "bob"\npassword = "' + WRONG + '"'),
        ("[[mailboxes]]", "[[mailboxes]"),
        ("port = ", "port = -"),
    ):
        (house.folder / "suivi.toml").write_text(good.replace(before, after))
        with pytest.raises(ConfigError) as refused:
            load(house.folder / "suivi.toml")
        shown.append(str(refused.value).encode())
    return shown


def _got(house: House, path: str, token: str) -> bytes:
    url = f"http://127.0.0.1:{house.http_port}{path}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return bytes(answer.read()) + str(answer.headers).encode()
    except urllib.error.HTTPError as error:
        return error.read() + str(error.headers).encode()


def _around(place: bytes, text: bytes) -> bytes:
    at = place.index(text)
    return place[max(0, at - 100) : at + 150]
