"""How the rules directory looks from outside: cheap to ask, and different after any change.

Asking is what works on every file system, for a directory that appears later or is a link that is
turned to another one; a directory of fifty files takes a tenth of a millisecond.
"""

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from daemon.clock import now
from daemon.i18n import mark
from daemon.rulefiles.folder import Gathered, gather, is_rules_file
from daemon.rulefiles.mistake import Trouble

STILL = 0.3
"""Seconds without a change after which a save, or a checkout of many files, counts as done."""

_PATIENCE = 5.0
"""Seconds after which what never comes to rest is read all the same, whole or not at all."""

_ATTEMPTS = 20
_PAUSE = 0.1

Facts = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Two that are equal were taken of the same files with the same content."""

    directory: Facts
    files: tuple[Facts, ...] = ()


def look(directory: Path) -> Look:
    """Take one; never raises for what is there."""
    try:
        there = [path.name for path in directory.iterdir()]
    except OSError as error:
        return Look(("error", error.errno, os.path.lexists(directory)))
    names = sorted(filter(is_rules_file, there), key=os.fsencode)
    here = _facts(directory)
    # Its own times move with every temporary file beside.
    return Look(here[:2], tuple((name, *_facts(directory / name)) for name in names))


def is_being_written(directory: Path) -> bool:
    """Whether git is at work in it just now: its index is locked from the first file to the
    last."""
    for folder in (directory, *directory.absolute().parents):
        if (git := folder / ".git").is_dir():
            return (git / "index.lock").exists()
    return False


def at_rest(directory: Path) -> tuple[Look, Gathered]:
    """The files, none of which changed while they were read, nor just before: of many that are
    being saved each part may be a good set. A directory that is written without end has a trouble
    that says so; this takes some seconds then."""
    _settle(directory)
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE)
        seen = look(directory)
        gathered = gather(directory)
        if not is_being_written(directory) and look(directory) == seen:
            return seen, gathered
    written = Trouble(str(directory), mark("is being written; it is read when that is done"))
    return seen, replace(gathered, troubles=(*gathered.troubles, written))


def _settle(directory: Path) -> None:
    """Waits until nothing has changed for STILL; not at all where the last change is older."""
    until = time.monotonic() + _PATIENCE
    before = look(directory)
    while _is_fresh(directory, before) and time.monotonic() < until:
        time.sleep(STILL)
        after = look(directory)
        if after == before:
            return
        before = after


def _is_fresh(directory: Path, seen: Look) -> bool:
    """Whether something may have changed within STILL; by a clock that is ahead of ours, too."""
    changed = [facts[-1] for facts in (*seen.files, _facts(directory))]
    since = (now().timestamp() - STILL) * 1e9
    return any(isinstance(moment, int) and moment > since for moment in changed)


def _facts(path: Path) -> Facts:
    try:
        # Through links: a link is as new as what it leads to.
        found = path.stat()
    except OSError as error:
        return ("error", error.errno)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
