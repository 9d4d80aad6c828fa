"""The mail of one `suivi sync`, timed from before it logs in to the last commit of a batch.

Python's start, the imports and the opening of the database are not in it: the daemon has them
behind it. Prints JSON: wall and CPU seconds of the span, peak memory of the process in MiB.

    python bench/_span.py SUIVI.TOML
"""

import json
import resource
import sys
import time
from pathlib import Path

import connectors.imap
from daemon import app
from daemon.config import load


def main() -> None:
    """Sync once."""
    assert connectors.imap
    suivi = app.build(load(Path(sys.argv[1]), servers=True))
    last = (0.0, 0.0)

    def told(_account: str, _folder: str, _done: int, _total: int) -> None:
        # Told after the commit of each batch.
        nonlocal last
        last = (time.perf_counter(), time.process_time())

    start = (time.perf_counter(), time.process_time())
    troubles = suivi.sync(told).troubles
    if troubles:
        sys.exit("; ".join(troubles))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": last[0] - start[0], "cpu": last[1] - start[1], "peak": peak}))


if __name__ == "__main__":
    main()
