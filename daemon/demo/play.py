"""The demo from start to end: where its files lie, how it ends, and what it returns."""

import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from connectors.demo.servers.mail import missing
from connectors.errors import ConnectorError, Refused
from daemon import clock
from daemon.demo.narrator import Narrator
from daemon.demo.open_house import open_house
from daemon.demo.stage import Stage, stage
from daemon.demo.story import tell
from daemon.demo.watch import NotObserved

INTERRUPTED = 130


def play(language: str, *, once: bool, keep: Path | None) -> int:
    """Tell the story; 0 when every step was observed, 1 when one was not, 130 after Ctrl-C.

    Raises Refused when something is missing that one must install or choose first.
    """
    if missing():
        raise Refused(f"not installed: {', '.join(missing())}: pip install 'suivi[demo]'")
    narrator = Narrator(language)
    # A terminal that is closed says SIGHUP.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    start = time.monotonic()
    try:
        with _folders(keep) as (folder, runtime):
            _welcome(narrator, folder)
            with stage(folder, runtime, language, clock.now()) as set_up:
                return _play(narrator, set_up, start, stays=narrator.is_terminal and not once)
    except KeyboardInterrupt:
        return INTERRUPTED


def _play(narrator: Narrator, set_up: Stage, start: float, *, stays: bool) -> int:
    _ = narrator._
    with set_up.suivi:
        try:
            tell(narrator, set_up)
        except (NotObserved, ConnectorError) as problem:
            expected = problem.expected if isinstance(problem, NotObserved) else str(problem)
            seen = problem.seen if isinstance(problem, NotObserved) else type(problem).__name__
            narrator.failed(expected, seen, set_up.suivi.tail())
            return 1
        seconds = time.monotonic() - start
        narrator.end(
            _("Every step was observed, in {seconds:.0f} s.").format(seconds=seconds),
            _("`--keep DIR` keeps the files; the README connects a mailbox of your own."),
        )
        if stays:
            with suppress(KeyboardInterrupt):
                open_house(narrator, set_up)
    return 0


def _welcome(narrator: Narrator, folder: Path) -> None:
    _ = narrator._
    narrator.title(
        _("suivi demo: six weeks at Atelier Lumen, a company of three that makes lamps"),
        _(
            "Real mail, calendar and SMTP servers and the real daemon, all on this machine: "
            "nothing leaves it. The people are invented. Files: {folder}"
        ).format(folder=folder),
    )


@contextmanager
def _folders(keep: Path | None) -> Iterator[tuple[Path, Path]]:
    """Where files lie, and a short path for the control socket (sun_path holds 108 bytes)."""
    runtime = Path(tempfile.mkdtemp(prefix="suivi-demo-"))
    try:
        if keep is None:
            yield runtime, runtime
            return
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise Refused(f"{keep} is not empty: give the demo a directory of its own")
        yield keep.resolve(), runtime
    finally:
        shutil.rmtree(runtime, ignore_errors=True)


def _interrupt(_number: int, _frame: object) -> None:
    # The same way out as Ctrl-C: every server is ended on it.
    raise KeyboardInterrupt
