"""Whole first sync of a mailbox, from login to the last commit, beside isync pulling the same.

Both read the same Dovecot in turn. isync copies whole mails, suivi reads headers and the text of
what matches: what is compared is the time until a user has what they asked for. Prints one JSON
object as its last line:

    messages, matching, messages_per_s, bytes_read, bytes_share (of the mailbox), peak_mib,
    cpu_s, isync_s, vs_isync (theirs ÷ ours), bytes_vs_isync

    ./run bench mail-backfill [--messages N] [--runs N]
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.flows.house import House
from tests.servers.dovecot import Dovecot
from tests.servers.postbag import fill

ISYNC = """\
IMAPAccount box
Host 127.0.0.1
Port {port}
User ann
Pass ann-secret
SSLType None
AuthMechs LOGIN

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


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds of wall and CPU, peak memory in MiB, octets that the server sent."""

    wall: float
    cpu: float
    peak: float
    octets: int


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if shutil.which("mbsync") is None:
        sys.exit("mbsync is not installed (Debian: apt install isync)")
    with tempfile.TemporaryDirectory(prefix="suivi-bench-") as name:
        folder = Path(name)
        with Dovecot(
            folder / "dovecot", users={"ann": "ann-secret", "bob": "bob-secret"}
        ) as server:
            print(f"filling {options.messages} messages", flush=True)
            filled = fill(server, "ann", options.messages)
            # Both find the server's index warm, as the second reader of a mailbox does.
            _isync(server, folder / "warm-up")
            ours, theirs = [], []
            for number in range(options.runs):
                ours.append(_suivi(server, folder / f"suivi-{number}", len(filled.expected)))
                theirs.append(_isync(server, folder / f"isync-{number}"))
                print(f"run {number + 1}: suivi {ours[-1]}, isync {theirs[-1]}", flush=True)
    wall = statistics.median(r.wall for r in ours)
    isync = statistics.median(r.wall for r in theirs)
    octets = round(statistics.median(r.octets for r in ours))
    result = {
        "bench": "mail-backfill",
        "messages": options.messages,
        "matching": len(filled.expected),
        "messages_per_s": round(options.messages / wall),
        "wall_s": round(wall, 2),
        "cpu_s": round(statistics.median(r.cpu for r in ours), 2),
        "peak_mib": round(max(r.peak for r in ours), 1),
        "bytes_read": octets,
        "bytes_share": round(octets / filled.octets, 4),
        "isync_s": round(isync, 2),
        "isync_cpu_s": round(statistics.median(r.cpu for r in theirs), 2),
        "vs_isync": round(isync / wall, 2),
        "bytes_vs_isync": round(statistics.median(r.octets for r in theirs) / octets, 1),
    }
    print(json.dumps(result))


def _suivi(server: Dovecot, folder: Path, expected: int) -> Run:
    folder.mkdir()
    house = House(folder, server, f"sqlite:///{folder / 'suivi.sqlite3'}")
    house.users = ("ann",)
    house.prepare()
    run = _timed(server, house.command("sync"), house.environ())
    # Only to be sure that what was timed is the whole work.
    recorded = len(house.history("Brasserie Mistral"))
    if recorded != expected:
        sys.exit(f"{recorded} exchanges recorded, {expected} expected")
    shutil.rmtree(folder)
    return run


def _isync(server: Dovecot, folder: Path) -> Run:
    folder.mkdir()
    config = folder / "mbsyncrc"
    config.write_text(ISYNC.format(port=server.port, folder=folder))
    run = _timed(server, ["mbsync", "-c", str(config), "all"], dict(os.environ))
    shutil.rmtree(folder)
    return run


def _timed(server: Dovecot, command: list[str], environment: dict[str, str]) -> Run:
    before = _sent(server)
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        assert process.stderr is not None
        sys.exit(f"{command[0]} failed: {process.stderr.read().decode()[-500:]}")
    # The server writes its count of octets when the session has ended.
    time.sleep(0.3)
    return Run(
        round(wall, 3),
        round(usage.ru_utime + usage.ru_stime, 3),
        usage.ru_maxrss / 1024,
        _sent(server) - before,
    )


def _sent(server: Dovecot) -> int:
    """Octets that the server has sent in all sessions that have ended."""
    return sum(map(int, re.findall(r" out=(\d+)", server.log())))


if __name__ == "__main__":
    main()
