"""One event of a calendar was changed by a phone: what it costs to see that, in calendars of 500
and of 5,000 events, on a Radicale and a Xandikos.

Prints one JSON object as its last line; of the two servers the one counts that takes more:

    requests_500, requests_5000, bytes_500, bytes_5000 (both ways), s_500, s_5000,
    SERVER_requests_N, SERVER_bytes_N, SERVER_s_N

    ./run bench calendar-one-change [--runs N]
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from _calendars import Box, Ours, boxes, in_memory

SIZES = {"_500": 500, "_5000": 5_000}


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    result: dict[str, Any] = {"bench": "calendar-one-change"}
    with in_memory() as folder, boxes(folder, SIZES) as found:
        for name, box in found.items():
            kind, _, size = name.partition("_")
            result |= _measured(kind, size, box, folder, options.runs)
    for size in ("500", "5000"):
        for what in ("requests", "bytes", "s"):
            both = [result[f"{kind}_{what}_{size}"] for kind in ("radicale", "xandikos")]
            result[f"{what}_{size}"] = max(both)
    print(json.dumps(result))


def _measured(kind: str, size: str, box: Box, folder: Path, runs: int) -> dict[str, Any]:
    ours = Ours.fresh(box, folder)
    ours.sync(2)
    box.counted()
    walls, requests, octets = [], [], []
    for number in range(runs):
        box.change(2 * number + 1)
        box.counted()
        run = ours.sync()
        traffic = box.counted()
        walls.append(run.said["walls"][0])
        requests.append(traffic.requests)
        octets.append(traffic.octets)
        print(f"{kind} {size} {number + 1}: {walls[-1]:.3f} s, {traffic}", flush=True)
    return {
        f"{kind}_requests_{size}": max(requests),
        f"{kind}_bytes_{size}": round(statistics.median(octets)),
        f"{kind}_s_{size}": round(statistics.median(walls), 3),
    }


if __name__ == "__main__":
    main()
