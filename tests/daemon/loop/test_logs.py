"""What reaches the log: levels for the journal, one line an entry, no content, no secret."""

import io
import json
import logging

import pytest
import structlog

from daemon import logs
from daemon.config.settings import Log


@pytest.fixture(autouse=True)
def put_back():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _fail() -> None:
    raise OSError("disk full")


def write(log: Log, monkeypatch: pytest.MonkeyPatch, *, journal: bool) -> list[str]:
    if journal:
        monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    else:
        monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    stream = io.StringIO()
    logs.setup(log, stream)
    ours = structlog.stdlib.get_logger("daemon.capture")
    ours.info("recorded", exchange="EXC-1", subject="private matter", password="hunter2")
    ours.debug("seen", subject="shown at debug")
    logging.getLogger("some.library").warning("odd %s", "thing")
    try:
        _fail()
    except OSError:
        ours.exception("job failed")
    return stream.getvalue().splitlines()


def test_journal_lines_have_priorities_each(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = write(Log(), monkeypatch, journal=True)
    assert lines[0] == "<6>daemon.capture: recorded exchange=EXC-1 password=…"
    assert lines[1] == "<4>some.library: odd thing"
    assert lines[2] == "<3>daemon.capture: job failed"
    assert all(line.startswith("<3>") for line in lines[2:])
    assert lines[-1] == "<3>OSError: disk full"


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_content_above_debug_and_never_a_secret(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n".join(write(Log(format=form, level="debug"), monkeypatch, journal=False))
    assert "private matter" not in text
    assert "hunter2" not in text
    assert "shown at debug" in text


def test_json_is_one_object_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [json.loads(line) for line in write(Log(format="json"), monkeypatch, journal=False)]
    assert [entry["level"] for entry in entries] == ["info", "warning", "error"]
    assert entries[0]["exchange"] == "EXC-1"
    assert entries[2]["exception"][0]["exc_type"] == "OSError"


def test_the_level_holds_for_ours_and_for_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = write(Log(level="error"), monkeypatch, journal=True)
    assert all(line.startswith("<3>") for line in lines)


def test_a_line_break_cannot_forge_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    stream = io.StringIO()
    logs.setup(Log(), stream)
    structlog.stdlib.get_logger("x").warning("odd", folder="a\n<2>x: all is lost")
    assert stream.getvalue() == "<4>x: odd folder='a\\n<2>x: all is lost'\n"
