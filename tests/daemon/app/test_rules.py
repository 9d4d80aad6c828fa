"""The rules in force: the same configuration is the same rules, in every process."""

import os
import subprocess
import sys
from pathlib import Path

from daemon.app.rules import ruleset_of
from daemon.config import load

_FINGERPRINT = """
from pathlib import Path
from daemon.app.rules import ruleset_of
from daemon.config import load
print(ruleset_of(load(Path("suivi.toml"))).fingerprint)
"""


def test_a_restart_does_not_judge_everything_again(tmp_path: Path) -> None:
    """The order of a set differs from process to process; the fingerprint must not."""
    (tmp_path / "suivi.toml").write_text(
        f'state_dir = "{tmp_path}"\n[company]\nname = "x"\ndomains = ["x.example"]\n'
    )
    root = str(Path(__file__).parents[3])
    found = {
        subprocess.run(
            [sys.executable, "-c", _FINGERPRINT],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": root},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in range(4)
    }
    assert len(found) == 1


def test_what_decides_nothing_about_messages_judges_none_again(tmp_path: Path) -> None:
    place = tmp_path / "suivi.toml"
    head = f'state_dir = "{tmp_path}"\n[company]\nname = "x"\ndomains = ["x.example"]\n'
    found = set()
    for more in ("", "[reminders]\nlate_limit_hours = 3\ndefault_minutes = 5\n"):
        place.write_text(head + more)
        found.add(ruleset_of(load(place)).fingerprint)
    assert len(found) == 1
