"""A rules directory, a store and a keeper, as the daemon has them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.rulebook import Rulebook
from daemon.rulefiles import look
from daemon.rulefiles.keeper import Keeper
from daemon.rulefiles.reading import Source
from daemon.rulefiles.standing import opening
from daemon.store import Store, installation, open_store, people, upgrade
from rules.ruleset import builtin

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def rule(name: str, then: str = "purpose: other", when: str = "subject: devis") -> str:
    """One rule, as a file would hold it."""
    return f"  - name: {name}\n    when: {{{when}}}\n    then: {{{then}}}\n"


def rules_file(*rules: str) -> str:
    """A whole file."""
    return "version: 1\nrules:\n" + "".join(rules) if rules else "version: 1\n"


@dataclass
class Desk:
    """`save` writes a file as an editor does, `start` is the daemon's start."""

    directory: Path
    store: Store
    keeper: Keeper = field(init=False)

    @property
    def source(self) -> Source:
        return Source(self.directory, builtin())

    def save(self, name: str, text: str | bytes) -> None:
        self.directory.mkdir(exist_ok=True)
        fresh = self.directory / f".{name}.new"
        fresh.write_bytes(text.encode() if isinstance(text, str) else text)
        fresh.replace(self.directory / name)

    def start(self, language: str = "en") -> Keeper:
        standing = opening(self.store, self.source, language, NOW)
        rulebook = Rulebook(self.store, standing.ruleset, ())
        self.keeper = Keeper(self.store, rulebook, self.source, standing)
        return self.keeper

    def names(self) -> list[str]:
        """The rules that decide at this moment."""
        return [rule.name for rule in self.keeper.rulebook.in_force().ruleset.rules]


@pytest.fixture(autouse=True)
def saved_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is saved here is saved when it is read; a test that saves meanwhile says so."""
    monkeypatch.setattr(look, "STILL", 0)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("empty") / "suivi.sqlite3"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def desk(tmp_path: Path, migrated: Path) -> Iterator[Desk]:
    (tmp_path / "suivi.sqlite3").write_bytes(migrated.read_bytes())
    store = open_store(f"sqlite:///{tmp_path}/suivi.sqlite3")
    with store.write() as tx:
        installation.ensure(tx, NOW, None)
        people.put_user(tx, name="Ann", email="ann@we.example")
    yield Desk(tmp_path / "rules", store)
    store.close()
