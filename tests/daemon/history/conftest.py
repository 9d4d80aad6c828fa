"""Databases for the past: a fresh SQLite file for each company."""

import itertools
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from daemon.store import upgrade
from tests.daemon.history.company import Company, company

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of this version."""
    path = tmp_path_factory.mktemp("history") / "template.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def found(tmp_path: Path, template: Path) -> Callable[[], AbstractContextManager[Company]]:
    """Founds another company, alike, each time."""

    def make() -> AbstractContextManager[Company]:
        path = tmp_path / f"{next(_numbers)}.sqlite"
        shutil.copy(template, path)
        return company(tmp_path, template, f"sqlite:///{path}")

    return make
