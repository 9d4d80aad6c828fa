"""Whole first sync of a mailbox, from login to the last commit, beside what a user would pick.

On one Dovecot, in turn, each into a fresh folder in memory: suivi; isync as Debian ships it; isync
without fsync and COMPRESS; offlineimap3, where it is installed; and imaplib reading the same header
fields, unparsed, which is the floor. Copiers move whole mails, suivi reads headers and the text of
what matches: what is compared is the time until a user has what they asked for. Ours is measured
from before the login to the last commit, theirs as a whole process, which takes some milliseconds
to start. The first 1,000 messages are read once more through a relay with a round trip of 40 ms.

Prints one JSON object as its last line; null is what was left out (`--only`, or not installed):

    messages, matching, messages_per_s, wall_s, cpu_s, bytes_read, bytes_share (of the mailbox),
    isync_s, isync_cpu_s, isync_tuned_s, offlineimap_s, floor_s, rtt40_s, isync_rtt40_s,
    vs_isync, vs_isync_tuned, vs_offlineimap, rtt40_vs_isync, bytes_vs_isync (theirs ÷ ours),
    vs_floor (ours ÷ floor), peak_mib_10k, peak_mib_50k (highest of all runs)

    ./run bench mail-backfill [--messages N] [--runs N] [--many N] [--only PART ...]
"""

import argparse
import copy
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _recorded import recorded

from tests.flows.house import House
from tests.servers.dovecot import Dovecot
from tests.servers.far import far
from tests.servers.postbag import Filled, fill

HERE = Path(__file__).parent
USERS = {"ann": "ann-secret", "bob": "bob-secret", "suivi": "suivi-secret"}
ISYNC = """\
FSync {fsync}

IMAPAccount box
Host 127.0.0.1
Port {port}
User {user}
Pass {user}-secret
SSLType None
AuthMechs LOGIN
{more}

IMAPStore far
Account box

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX
Sync Pull
Create Near
SyncState *
"""
OFFLINEIMAP = """\
[general]
accounts = box
metadata = {folder}/state
fsync = no
ui = quiet

[Account box]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {folder}/mail

[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port}
remoteuser = {user}
remotepass = {user}-secret
ssl = no
starttls = no
folderfilter = lambda name: name == "INBOX"
"""
PARTS = ("isync", "tuned", "offlineimap", "floor", "rtt40", "many")


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds of wall and CPU, peak memory in MiB, octets that the server sent."""

    wall: float
    cpu: float
    peak: float
    octets: int


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox to be read: whose, through which port, and what is in it."""

    server: Dovecot
    port: int
    user: str
    filled: Filled


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=50_000, help="messages of the part `many`")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="beside suivi")
    options = parser.parse_args()
    if shutil.which("mbsync") is None:
        sys.exit("mbsync is not installed (Debian: apt install isync)")
    # Where there is such a folder no disk is measured.
    memory = Path("/dev/shm")
    tempfile.tempdir = str(memory) if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="suivi-bench-") as name:
        folder = Path(name)
        with Dovecot(folder / "dovecot", users=USERS) as server:
            print(json.dumps(_measured(server, folder, options)))


def _measured(server: Dovecot, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    box = _filled(server, "ann", options.messages)
    readers: dict[str, Callable[[Box, Path], Run]] = {"suivi": _suivi}
    others = {"isync": _isync, "tuned": _tuned, "floor": _floor}
    readers |= {part: read for part, read in others.items() if part in options.only}
    # All find the server's index warm, as the second reader of a mailbox does.
    _floor(box, folder)
    runs = _in_turn(readers, box, folder, options.runs)
    if "offlineimap" in options.only and shutil.which("offlineimap"):
        runs["offlineimap"] = [_offlineimap(box, folder)]
    result = _figures(box, runs)
    if "rtt40" in options.only:
        result |= _far(_filled(server, "bob", min(1_000, options.messages)), folder, options.runs)
    if "many" in options.only:
        many = _in_turn({"suivi": _suivi}, _filled(server, "suivi", options.many), folder, 1)
        result["peak_mib_50k"] = round(many["suivi"][0].peak, 1)
        result["many_wall_s"] = round(many["suivi"][0].wall, 2)
    return result


def _filled(server: Dovecot, user: str, messages: int) -> Box:
    print(f"filling {messages} messages", flush=True)
    return Box(server, server.port, user, fill(server, user, messages))


def _in_turn(
    readers: dict[str, Callable[[Box, Path], Run]], box: Box, folder: Path, runs: int
) -> dict[str, list[Run]]:
    """Each run of one right after that of the others: what else the machine does meets all."""
    done: dict[str, list[Run]] = {name: [] for name in readers}
    for number in range(runs):
        for name, read in readers.items():
            done[name].append(read(box, folder))
            print(f"run {number + 1}: {name} {done[name][-1]}", flush=True)
    return done


def _figures(box: Box, runs: dict[str, list[Run]]) -> dict[str, Any]:
    ours = _median(runs, "suivi", "wall") or 1.0
    octets = _median(runs, "suivi", "octets") or 1
    count = len(box.filled.expected)
    messages = sum(1 for _ in (box.server.folder(box.user, "INBOX") / "new").iterdir())
    messages += sum(1 for _ in (box.server.folder(box.user, "INBOX") / "cur").iterdir())
    return {
        "bench": "mail-backfill",
        "messages": messages,
        "matching": count,
        "messages_per_s": round(messages / ours),
        "wall_s": round(ours, 3),
        "cpu_s": _median(runs, "suivi", "cpu"),
        "bytes_read": round(octets),
        "bytes_share": round(octets / box.filled.octets, 4),
        "isync_s": _median(runs, "isync", "wall"),
        "isync_cpu_s": _median(runs, "isync", "cpu"),
        "isync_tuned_s": _median(runs, "tuned", "wall"),
        "offlineimap_s": _median(runs, "offlineimap", "wall"),
        "floor_s": _median(runs, "floor", "wall"),
        "vs_isync": _ratio(_median(runs, "isync", "wall"), ours),
        "vs_isync_tuned": _ratio(_median(runs, "tuned", "wall"), ours),
        "vs_offlineimap": _ratio(_median(runs, "offlineimap", "wall"), ours),
        "vs_floor": _ratio(ours, _median(runs, "floor", "wall")),
        "bytes_vs_isync": _ratio(_median(runs, "tuned", "octets"), octets),
        "peak_mib_10k": round(max(run.peak for run in runs["suivi"]), 1),
        "peak_mib_50k": None,
        "rtt40_vs_isync": None,
    }


def _far(box: Box, folder: Path, runs: int) -> dict[str, Any]:
    """The same from so far away that a round trip takes 40 ms."""
    with far(box.server.port, 0.020) as port:
        away = Box(box.server, port, box.user, box.filled)
        done = _in_turn({"suivi": _suivi, "isync": _isync}, away, folder, runs)
    ours, isync = _median(done, "suivi", "wall"), _median(done, "isync", "wall")
    return {
        "rtt40_s": ours,
        "isync_rtt40_s": isync,
        "rtt40_vs_isync": _ratio(isync, ours),
    }


def _median(runs: dict[str, list[Run]], name: str, of: str) -> float | None:
    values = [getattr(run, of) for run in runs.get(name, ())]
    return round(statistics.median(values), 3) if values else None


def _ratio(over: float | None, under: float | None) -> float | None:
    return round(over / under, 2) if over and under else None


def _suivi(box: Box, folder: Path) -> Run:
    home = folder / "suivi"
    home.mkdir()
    reached = copy.copy(box.server)
    reached.port = box.port
    house = House(home, reached, f"sqlite:///{home / 'suivi.sqlite3'}")
    house.users = (box.user,)
    house.prepare()
    config = str(home / "suivi.toml")
    run = _told(box, [sys.executable, str(HERE / "_span.py"), config], house.environ())
    # Only to be sure that what was timed is the whole work.
    done = recorded(home / "suivi.sqlite3")
    if done != len(box.filled.expected):
        sys.exit(f"{done} exchanges recorded, {len(box.filled.expected)} expected")
    shutil.rmtree(home)
    return run


def _floor(box: Box, _folder: Path) -> Run:
    user = [str(box.port), box.user, USERS[box.user]]
    return _told(box, [sys.executable, str(HERE / "_floor.py"), *user], dict(os.environ))


def _isync(box: Box, folder: Path) -> Run:
    return _mbsync(box, folder, fsync="yes", more="")


def _tuned(box: Box, folder: Path) -> Run:
    return _mbsync(box, folder, fsync="no", more="DisableExtension COMPRESS=DEFLATE")


def _mbsync(box: Box, folder: Path, *, fsync: str, more: str) -> Run:
    home = folder / "isync"
    home.mkdir()
    config = home / "mbsyncrc"
    told = ISYNC.format(port=box.port, folder=home, user=box.user, fsync=fsync, more=more)
    config.write_text(told)
    run = _timed(box, ["mbsync", "-c", str(config), "all"])
    shutil.rmtree(home)
    return run


def _offlineimap(box: Box, folder: Path) -> Run:
    home = folder / "offlineimap"
    home.mkdir()
    config = home / "offlineimaprc"
    config.write_text(OFFLINEIMAP.format(port=box.port, folder=home, user=box.user))
    run = _timed(box, ["offlineimap", "-o", "-c", str(config)])
    shutil.rmtree(home)
    return run


def _told(box: Box, command: list[str], environment: dict[str, str]) -> Run:
    """A run that says itself how long it took."""
    before = _sent(box.server)
    environment = {**environment, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[1]} failed: {done.stderr[-500:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    return Run(said["wall"], said["cpu"], said["peak"], _sent(box.server) - before)


def _timed(box: Box, command: list[str]) -> Run:
    before = _sent(box.server)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        assert process.stderr is not None
        sys.exit(f"{command[0]} failed: {process.stderr.read().decode()[-500:]}")
    cpu = usage.ru_utime + usage.ru_stime
    return Run(wall, cpu, usage.ru_maxrss / 1024, _sent(box.server) - before)


def _sent(server: Dovecot) -> int:
    """Octets that the server has sent in all sessions that have ended."""
    # It writes its count when a session has ended.
    time.sleep(0.3)
    return sum(map(int, re.findall(r" out=(\d+)", server.log())))


if __name__ == "__main__":
    main()
