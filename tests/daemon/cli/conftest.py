"""The installed command, as a process of its own, with a configuration of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
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


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "suivi.toml").write_text(CONFIG.format(place=tmp_path))
    return tmp_path


@pytest.fixture
def suivi(place: Path) -> Suivi:
    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUIVI_", "LC_", "LANG"))}
        return subprocess.run(
            [sys.executable, "-c", "from daemon.cli import main; main()", *arguments],
            env={
                **kept,
                "SUIVI_CONFIG": str(place / "suivi.toml"),
                "COLUMNS": "200",
                **environment,
            },
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run
