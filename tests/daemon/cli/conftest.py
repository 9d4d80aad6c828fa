"""The installed command, as a process of its own, with a configuration of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

CONFIG = """
state_dir = "{place}/state"
runtime_dir = "{place}/run"

[company]
name = "Atelier"
domains = ["atelier.example"]
timezone = "Europe/Paris"

[http]
listen = "127.0.0.1:0"

[[users]]
name = "Alice Martin"
email = "alice@atelier.example"
language = "fr"

[observe]
days = 0
"""

Suivi = Callable[..., subprocess.CompletedProcess[str]]


def run_suivi(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`suivi` with the configuration in `place` and nothing else of ours in its environment."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUIVI_", "LC_", "LANG"))}
    return subprocess.run(
        [sys.executable, "-c", "from daemon.cli import main; main()", *arguments],
        env={**kept, "SUIVI_CONFIG": str(place / "suivi.toml"), "COLUMNS": "200", **environment},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "suivi.toml").write_text(CONFIG.format(place=tmp_path))
    return tmp_path


@pytest.fixture
def suivi(place: Path) -> Suivi:
    return partial(run_suivi, place)


@pytest.fixture(scope="session")
def with_dupont(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory in which one third party was imported, to be copied."""
    made = tmp_path_factory.mktemp("dupont")
    (made / "suivi.toml").write_text(CONFIG.format(place=made))
    (made / "x.csv").write_text("code,name,kind\nDUP,Dupont & Fils,customer\n")
    done = run_suivi(made, "import", "third-parties", str(made / "x.csv"))
    assert done.returncode == 0, done.stderr
    return made / "state"
