"""What reaches the log: priorities and fields in the journal, one line an entry elsewhere, no
content above debug, no secret at any level."""

import array
import base64
import io
import json
import logging
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest
import structlog

from daemon import logs
from daemon.config.settings import Log
from daemon.logs.journal import datagram
from daemon.logs.veil import Veil, logins


@pytest.fixture(autouse=True)
def put_back():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logs.hide(())
    structlog.reset_defaults()


class Journal:
    """Takes entries as systemd-journald does: a datagram each, or a file in its place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(5)

    def entry(self) -> dict[str, str]:
        data, rights, _, _ = self._socket.recvmsg(1 << 20, socket.CMSG_SPACE(4))
        for level, kind, content in rights:
            assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
            (file,) = array.array("i", content)
            with os.fdopen(file, "rb") as stream:
                stream.seek(0)
                data = stream.read()
        return dict(self._fields(data))

    def _fields(self, data: bytes) -> Iterator[tuple[str, str]]:
        while data:
            line, _, rest = data.partition(b"\n")
            name, equals, value = line.partition(b"=")
            if equals:
                yield name.decode(), value.decode()
                data = rest
                continue
            (length,) = struct.unpack("<Q", rest[:8])
            yield name.decode(), rest[8 : 8 + length].decode()
            assert rest[8 + length : 9 + length] == b"\n"
            data = rest[9 + length :]


@contextmanager
def under_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """A stream that systemd says leads to the journal."""
    with (tmp_path / "stderr").open("w+") as stream:
        found = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        yield stream


def _fail(why: str = "disk full") -> None:
    raise OSError(why)


def say() -> None:
    ours = structlog.stdlib.get_logger("daemon.capture")
    ours.info("recorded", exchange="EXC-1", subject="private matter", password="hunter2")
    ours.debug("seen", subject="shown at debug")
    logging.getLogger("some.library").warning("odd %s", "thing")
    try:
        _fail()
    except OSError:
        ours.exception("job failed")


def written(log: Log) -> list[str]:
    stream = io.StringIO()
    logs.setup(log, stream)
    say()
    return stream.getvalue().splitlines()


def test_the_journal_gets_priorities_and_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "journal")
    with under_systemd(tmp_path, monkeypatch) as stream:
        logs.setup(Log(), stream, journal=journal.path)
        say()
    assert journal.entry() == {
        "MESSAGE": "daemon.capture: recorded exchange=EXC-1 password=…",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "suivi",
        "SUIVI_LOGGER": "daemon.capture",
        "SUIVI_EXCHANGE": "EXC-1",
        "SUIVI_PASSWORD": "…",
    }
    odd, failed = journal.entry(), journal.entry()
    assert (odd["PRIORITY"], odd["MESSAGE"]) == ("4", "some.library: odd thing")
    # One entry, with its trace.
    assert failed["PRIORITY"] == "3"
    assert failed["MESSAGE"].startswith("daemon.capture: job failed\nTraceback")
    assert failed["MESSAGE"].endswith("OSError: disk full")
    assert (tmp_path / "stderr").read_text() == ""


def test_an_entry_that_is_too_large_for_a_datagram_arrives_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "journal")
    with under_systemd(tmp_path, monkeypatch) as stream:
        logs.setup(Log(), stream, journal=journal.path)
        structlog.stdlib.get_logger("x").warning("long", what="é" * 2_000_000)
    assert journal.entry()["SUIVI_WHAT"] == "é" * 2_000_000


def test_without_a_journal_lines_have_priorities_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with under_systemd(tmp_path, monkeypatch) as stream:
        logs.setup(Log(), stream, journal=tmp_path / "nobody")
        say()
    lines = (tmp_path / "stderr").read_text().splitlines()
    assert lines[0] == "<6>daemon.capture: recorded exchange=EXC-1 password=…"
    assert lines[1] == "<4>some.library: odd thing"
    assert lines[2] == "<3>daemon.capture: job failed"
    assert all(line.startswith("<3>") for line in lines[2:])
    assert lines[-1] == "<3>OSError: disk full"


def test_a_variable_that_was_only_inherited_is_no_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    with (tmp_path / "stderr").open("w+") as stream:
        logs.setup(Log(), stream, journal=tmp_path / "nobody")
        say()
    first = (tmp_path / "stderr").read_text().splitlines()[0]
    assert json.loads(first)["event"] == "recorded"


def test_nothing_in_a_value_passes_for_a_field() -> None:
    made = datagram({"MESSAGE": "a\nPRIORITY=0\n", "SUIVI_X": "b"})
    assert made == b"MESSAGE\n" + struct.pack("<Q", 13) + b"a\nPRIORITY=0\n\n" + b"SUIVI_X=b\n"


@pytest.mark.parametrize("form", ["auto", "json", "text"])
def test_no_content_above_debug_and_never_a_secret(form: str) -> None:
    text = "\n".join(written(Log(format=form, level="debug")))
    assert "private matter" not in text
    assert "hunter2" not in text
    assert "shown at debug" in text


@pytest.mark.parametrize("form", ["auto", "json"])
def test_json_is_one_object_a_line(form: str) -> None:
    entries = [json.loads(line) for line in written(Log(format=form))]
    assert [entry["level"] for entry in entries] == ["info", "warning", "error"]
    assert entries[0]["exchange"] == "EXC-1"
    assert entries[2]["exception"][0]["exc_type"] == "OSError"


def test_the_level_holds_for_ours_and_for_libraries() -> None:
    entries = [json.loads(line) for line in written(Log(level="error"))]
    assert [entry["level"] for entry in entries] == ["error"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_is_hidden_shows_in_no_form(form: str) -> None:
    """A server that repeats a password, a library that logs a header, a value of any type."""
    secret = 'pâss"wörd\\1'
    stream = io.StringIO()
    hidden = {secret, *logins("ann", secret)}
    logs.setup(Log(format=form, level="debug"), stream, hidden=hidden)
    basic = base64.b64encode(f"ann:{secret}".encode()).decode()
    plain = base64.b64encode(f"\0ann\0{secret}".encode()).decode()
    log = structlog.stdlib.get_logger("x")
    log.warning(f"it said {secret}", why=OSError(secret), several=[secret], header=f"Basic {basic}")
    logging.getLogger("a.library").debug("> AUTHENTICATE PLAIN %s %r", plain, secret)
    try:
        _fail(secret)
    except OSError:
        log.exception("failed")
    said = stream.getvalue()
    assert said.count("…") >= 5
    for form_of_it in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], basic, plain):
        assert form_of_it not in said


def test_a_short_secret_does_not_veil_every_entry() -> None:
    veil = Veil()
    veil.hide({"a", "secret", "secret-2"})
    assert veil.over("a secret-2 and a secret") == "a … and a …"
    veil.hide(())
    assert veil.over("a secret") == "a secret"
