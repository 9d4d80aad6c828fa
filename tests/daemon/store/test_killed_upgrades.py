"""An upgrade that is killed at any of its steps leaves the old version with all that was in it;
the next one goes through, and nothing is lost."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.store import open_store, snapshot
from daemon.store.versions import sqlite_path_of

ROOT = Path(__file__).parents[3]
# Enough for several batches of what is rewritten in Python (0013).
FEW, MANY = 1_010, 100_000


def _killing(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.daemon.store.killing", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize(
    "number", [FEW, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_killed_at_each_migration_it_goes_through_the_next_time(
    empty_url: str, number: int, record_property: Callable[[str, object], None]
) -> None:
    _killing("fill", empty_url, str(number))
    steps = json.loads(_killing("steps", empty_url))
    versions = [step for step, statement in steps if "alembic_version" in statement]
    assert len(versions) >= 13
    # At the end of each migration, and here and there between.
    spread = range(1, len(steps), max(1, len(steps) // 12))
    chosen = sorted({*versions, *spread})
    if number == FEW:
        chosen = chosen[::6]
    begun = time.monotonic()
    after = json.loads(_killing("kill", empty_url, *map(str, chosen)))
    assert after["exchange"] == after["follow_up_change"] == number
    path = sqlite_path_of(empty_url)
    if path is not None:
        assert snapshot.check(path).rows == after
    open_store(empty_url).close()
    spent = time.monotonic() - begun
    told = f"{number} exchanges: {len(chosen)} deaths in {len(steps)} statements, {spent:.0f} s"
    record_property("told", told)
