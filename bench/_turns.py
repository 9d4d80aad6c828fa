"""One `suivi sync` of a calendar account as a process, and more turns within it as a daemon does.

Prints JSON: seconds of each turn from before it connects to its last commit, CPU seconds of them
all, peak memory of the process in MiB.

    python bench/_turns.py SUIVI.TOML TURNS
"""

import json
import resource
import sys
import time
from pathlib import Path

from daemon import app
from daemon.config import load


def main() -> None:
    """Sync so many times."""
    config, turns = sys.argv[1:]
    suivi = app.build(load(Path(config), servers=True))
    walls = []
    used = time.process_time()
    for _ in range(int(turns)):
        start = time.perf_counter()
        troubles = suivi.sync().troubles
        walls.append(time.perf_counter() - start)
        if troubles:
            sys.exit("; ".join(troubles))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"walls": walls, "cpu": time.process_time() - used, "peak": peak}))


if __name__ == "__main__":
    main()
