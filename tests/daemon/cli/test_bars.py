"""Bars of reading, on a terminal: names come from a mail server."""

from io import StringIO

from rich.console import Console

from daemon.cli.bars import Bars


def shown(*, terminal: bool) -> str:
    screen = StringIO()
    bars = Bars(Console(file=screen, force_terminal=terminal, width=100))
    for folder in ("[Gmail]/Sent", "[/b]", "\x1b[5mblink"):
        bars.tell("ann", folder, 1, 4)
    bars.stop()
    return screen.getvalue()


def test_names_are_shown_as_they_are_and_drive_no_terminal() -> None:
    lines = shown(terminal=True)
    assert "ann: [Gmail]/Sent" in lines
    assert "ann: [/b]" in lines
    assert "\x1b[5m" not in lines and "blink" in lines


def test_what_is_no_terminal_stays_clean() -> None:
    assert shown(terminal=False) == ""
