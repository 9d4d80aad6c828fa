"""No object, whatever is in it, takes a second or 200 MB, and what is refused says why."""

import json
import subprocess
import sys

from tests.connectors.ical.bombs import BOMBS

SECONDS = 1.0
MIB = 200


def test_no_object_takes_a_second_or_200_megabytes():
    command = [sys.executable, "-m", "tests.connectors.ical.bombs", str(MIB)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    costs = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [name for name, _, _ in costs] == list(BOMBS)
    assert [cost for cost in costs if cost[1] > SECONDS] == []
    # Each is read, or refused for what it is.
    assert [cost for cost in costs if "can't be read (" in cost[2]] == []
