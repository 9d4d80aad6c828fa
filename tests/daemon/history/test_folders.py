"""The directories in which the past is judged: each command has its own, and leaves none."""

import tempfile
import threading

from daemon.app import past


def test_two_that_begin_at_once_take_nothing_from_each_other(tmp_path, monkeypatch):
    """One has made its directory and not locked it yet when the other clears up."""
    made = tempfile.TemporaryDirectory
    others = []

    class Slowly(made):
        def __enter__(self):
            name = super().__enter__()
            if not others:
                others.append(threading.Thread(target=begin))
                others[0].start()
                others[0].join(0.5)
            return name

    def begin():
        with past._folder(tmp_path):
            pass

    monkeypatch.setattr(tempfile, "TemporaryDirectory", Slowly)
    with past._folder(tmp_path) as mine:
        others[0].join(10)
        assert mine.is_dir()
    assert list(tmp_path.glob("past-*")) == []


def test_what_killed_commands_left_is_removed(tmp_path):
    left = tmp_path / "past-left"
    left.mkdir()
    (left / "past.sqlite").write_bytes(b"x")
    with past._folder(tmp_path), past._folder(tmp_path):
        assert len(list(tmp_path.glob("past-*"))) == 2
    assert not left.exists()
