"""A calendar account in which nothing changed, asked again, beside vdirsyncer.

5,000 events each on a Radicale and a Xandikos, read before by both. Octets count both ways. A turn
of suivi is timed as the daemon takes it, from before it connects to its last commit, and vdirsyncer
as a whole process less what `vdirsyncer --version` takes, which starts it and does nothing; whole
processes against each other stand beside it (`cold_vs_vdirsyncer_SERVER`).

Prints one JSON object as its last line:

    events, bytes_vs_vdirsyncer (theirs ÷ ours, on Radicale), requests (ours, on Radicale),
    vs_vdirsyncer_xandikos, vs_vdirsyncer_radicale, cold_vs_vdirsyncer_SERVER, SERVER_bytes,
    SERVER_vdirsyncer_bytes, SERVER_requests, SERVER_suivi_s, SERVER_vdirsyncer_s, start_s

    ./run bench calendar-no-change [--events N] [--runs N]
"""

import argparse
import json
import os
import statistics
from pathlib import Path
from typing import Any

from _calendars import Box, Ours, Theirs, boxes, in_memory, timed, vdirsyncer


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    start = [timed([vdirsyncer(), "--version"], dict(os.environ)).wall for _ in range(options.runs)]
    result: dict[str, Any] = {
        "bench": "calendar-no-change",
        "events": options.events,
        "start_s": round(statistics.median(start), 3),
    }
    with in_memory() as folder, boxes(folder, {"": options.events}) as found:
        for name, box in found.items():
            result |= _measured(name, box, folder, options, result["start_s"])
    result["bytes_vs_vdirsyncer"] = result["radicale_bytes_vs_vdirsyncer"]
    result["requests"] = result["radicale_requests"]
    print(json.dumps(result))


def _measured(
    name: str, box: Box, folder: Path, options: argparse.Namespace, start: float
) -> dict[str, Any]:
    ours, theirs = Ours.fresh(box, folder), Theirs.fresh(box, folder)
    # The first turn loads, the second compares; from the third on nothing is new.
    ours.sync(2)
    theirs.sync(options.events)
    theirs.sync(options.events)
    box.counted()
    turns, colds, whole = [], [], []
    for number in range(options.runs):
        run = ours.sync()
        mine = box.counted()
        turns.append(ours.sync(3).said["walls"][-1])
        box.counted()
        colds.append(run.wall)
        whole.append(theirs.sync(options.events).wall)
        other = box.counted()
        print(f"{name} {number + 1}: {turns[-1]:.3f} s, {whole[-1]:.2f} s", flush=True)
    turn, cold, wall = map(statistics.median, (turns, colds, whole))
    return {
        f"vs_vdirsyncer_{name}": round((wall - start) / turn, 1),
        f"cold_vs_vdirsyncer_{name}": round(wall / cold, 2),
        f"{name}_bytes_vs_vdirsyncer": round(other.octets / mine.octets, 1),
        f"{name}_bytes": mine.octets,
        f"{name}_vdirsyncer_bytes": other.octets,
        f"{name}_requests": mine.requests,
        f"{name}_suivi_s": round(turn, 4),
        f"{name}_suivi_cold_s": round(cold, 3),
        f"{name}_vdirsyncer_s": round(wall, 3),
    }


if __name__ == "__main__":
    main()
