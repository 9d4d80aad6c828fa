"""A person's desk: vdirsyncer keeps a folder in step with a calendar server, khal and todoman edit
what lies there. Debian's own, each with its configuration in a throw-away directory.

desk = Desk(directory, server, "ann", ("work", "tasks"))
desk.sync()
desk.khal("list")
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.dav import DavServer

VDIRSYNCER_CONF = """\
[general]
status_path = "{home}/status/"

[pair desk]
a = "here"
b = "there"
collections = [{listed}]
conflict_resolution = "a wins"

[storage here]
type = "filesystem"
path = "{home}/calendars/"
fileext = ".ics"

[storage there]
type = "caldav"
url = "{url}"
username = "{user}"
password = "{password}"
"""
_KHAL = """\
[calendars]
[[work]]
path = {home}/calendars/work
[locale]
local_timezone = Europe/Paris
default_timezone = Europe/Paris
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[sqlite]
path = {home}/khal.sqlite3
[default]
default_calendar = work
"""
_TODOMAN = """\
path = "{home}/calendars/tasks"
cache_path = "{home}/todoman.sqlite3"
date_format = "%Y-%m-%d"
time_format = "%H:%M"
default_list = "tasks"
"""


# todoman's is Python by its name.
_FILES = {"vdirsyncer": "vdirsyncer.conf", "khal": "khal.conf", "todoman": "todoman.py"}


@dataclass(frozen=True, slots=True)
class Desk:
    """Folders in step with the calendars of these names; whoever sits there lives in Paris. Of a
    conflict what lies here is kept: the person's will."""

    home: Path
    server: DavServer
    user: str
    calendars: Sequence[str]

    def set_up(self) -> "Desk":
        """Write what the programs are told, and let them find the calendars. Skips where one of
        them is not installed."""
        for program in _FILES:
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed: apt-get install {program}")
        self.home.mkdir()
        words = {
            "home": self.home,
            "listed": ", ".join(f'"{name}"' for name in self.calendars),
            # A person's programs don't pass through what keeps a record of suivi.
            "url": f"http://127.0.0.1:{self.server.port}{self.server.entry}",
            "user": self.user,
            "password": self.server.passwords[self.user],
        }
        for name, text in (("vdirsyncer", VDIRSYNCER_CONF), ("khal", _KHAL), ("todoman", _TODOMAN)):
            (self.home / _FILES[name]).write_text(text.format(**words), "utf-8")
        # It asks for each folder whether to make it.
        self._run("vdirsyncer", "-c", "discover", typed="y\n" * len(self.calendars))
        return self

    def sync(self) -> str:
        """Bring folder and server into step; returns what was done."""
        return self._run("vdirsyncer", "-c", "sync")

    def khal(self, *words: str, typed: str = "") -> str:
        """One command of khal, and what is typed when it asks."""
        return self._run("khal", "-c", *words, typed=typed)

    def todoman(self, *words: str) -> str:
        """One command of todoman."""
        return self._run("todoman", "--config", *words)

    def file(self, calendar: str, text: bytes) -> Path:
        """The only file with this text in it."""
        folder = self.home / "calendars" / calendar
        (found,) = (path for path in folder.glob("*.ics") if text in path.read_bytes())
        return found

    def _run(self, program: str, option: str, *words: str, typed: str = "") -> str:
        mine = {name: str(self.home) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
        mine |= {"XDG_CACHE_HOME": str(self.home), "LC_ALL": "C.UTF-8", "TZ": "Europe/Paris"}
        # Debian's programs see Debian's Python, not that of the tests.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
        done = subprocess.run(
            [shutil.which(program) or program, option, str(self.home / _FILES[program]), *words],
            env={**kept, **mine},
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, (program, words, done.stdout, done.stderr)
        return done.stdout + done.stderr
