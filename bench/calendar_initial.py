"""A calendar of 5,000 events read for the first time, beside vdirsyncer and beside a bare reader.

On one Radicale and one Xandikos, in turn, each into a fresh folder in memory: suivi; vdirsyncer;
and the bare plans, http.client that asks by one calendar-query, or for all etags by sync-collection
and for the objects by multiget of 100, and parses nothing: the floor. vdirsyncer and suivi are
compared as whole processes, cold; suivi and the floor from before they connect to the last octet or
commit, and as whole processes too (`cold_vs_floor`).

Prints one JSON object as its last line:

    events, held (meetings with a contact that took place), vs_vdirsyncer_radicale,
    vs_vdirsyncer_xandikos (theirs ÷ ours), vs_floor (ours ÷ floor, of the worse server),
    vs_floor_SERVER, cold_vs_floor_SERVER, SERVER_suivi_s, SERVER_suivi_cold_s,
    SERVER_vdirsyncer_s, SERVER_query_s, SERVER_multiget_s, SERVER_bytes, SERVER_requests, peak_mib

    ./run bench calendar-initial [--events N] [--runs N]
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from _calendars import Box, Ours, Run, Theirs, boxes, in_memory, timed

BARE = Path(__file__).with_name("_bare.py")


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    result: dict[str, Any] = {"bench": "calendar-initial", "events": options.events}
    with in_memory() as folder, boxes(folder, {"": options.events}) as found:
        for name, box in found.items():
            result |= _measured(name, box, folder, options)
    floors = [result[f"vs_floor_{name}"] for name in ("radicale", "xandikos")]
    result["vs_floor"] = max(floors)
    print(json.dumps(result))


def _measured(name: str, box: Box, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    runs: dict[str, list[Run]] = {"suivi": [], "vdirsyncer": [], "query": [], "multiget": []}
    octets = requests = 0
    for number in range(options.runs):
        ours, theirs = Ours.fresh(box, folder), Theirs.fresh(box, folder)
        box.counted()
        runs["suivi"].append(ours.sync())
        traffic = box.counted()
        octets, requests = traffic.octets, traffic.requests
        if not 0 <= ours.recorded() - box.held <= 2:
            sys.exit(f"{ours.recorded()} exchanges recorded, {box.held} expected")
        runs["vdirsyncer"].append(theirs.sync(options.events))
        for plan in ("query", "multiget"):
            words = [sys.executable, str(BARE), str(box.port), box.href, box.password, plan]
            runs[plan].append(timed(words, {}))
        print(f"{name} {number + 1}: " + _line(runs), flush=True)
    ours_s, cold = _turn(runs["suivi"]), _wall(runs["suivi"])
    best = min(("query", "multiget"), key=lambda plan: _turn(runs[plan]))
    return {
        "held": box.held,
        f"vs_vdirsyncer_{name}": round(_wall(runs["vdirsyncer"]) / cold, 2),
        f"vs_floor_{name}": round(ours_s / _turn(runs[best]), 2),
        f"cold_vs_floor_{name}": round(cold / _wall(runs[best]), 2),
        f"{name}_suivi_s": ours_s,
        f"{name}_suivi_cold_s": cold,
        f"{name}_suivi_cpu_s": round(statistics.median(r.cpu for r in runs["suivi"]), 3),
        f"{name}_vdirsyncer_s": _wall(runs["vdirsyncer"]),
        f"{name}_query_s": _turn(runs["query"]),
        f"{name}_multiget_s": _turn(runs["multiget"]),
        f"{name}_bytes": octets,
        f"{name}_requests": requests,
        "peak_mib": round(max(r.peak for r in runs["suivi"]), 1),
    }


def _turn(runs: list[Run]) -> float:
    walls: list[float] = [run.said["walls"][0] for run in runs]
    return round(statistics.median(walls), 3)


def _wall(runs: list[Run]) -> float:
    return round(statistics.median(run.wall for run in runs), 3)


def _line(runs: dict[str, list[Run]]) -> str:
    return ", ".join(f"{name} {done[-1].wall:.2f} s" for name, done in runs.items())


if __name__ == "__main__":
    main()
