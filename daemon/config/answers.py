"""What `suivi init` is told: the tables of a suivi.toml, and a list of third parties to begin with.

An answers file is TOML in the form of suivi.toml, passwords in it or in files beside it, with
`[directory] third_parties = "FILE.csv"` where a list is to be imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.config.load import ConfigError, checked, text_of, toml
from daemon.config.mistakes import Source
from daemon.config.places import places
from daemon.config.secrets import Vault

DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class Answers:
    """Tables that make good settings; every secret in them is a `password`."""

    tables: Mapping[str, Any]
    third_parties: Path | None = None


def read(path: Path) -> Answers:
    """An answers file. Raises ConfigError with every mistake and its place."""
    text = text_of(path)
    return checked_answers(toml(path, text), Source(path, places(text)))


def checked_answers(tables: Mapping[str, Any], source: Source) -> Answers:
    """Answers from anywhere; a relative file stands beside the `source`. Raises ConfigError."""
    beside = source.path.absolute().parent
    data = dict(tables)
    directory = data.pop(DIRECTORY, {})
    given = directory.get("third_parties") if isinstance(directory, dict) else None
    strange = not isinstance(directory, dict) or directory.keys() - {"third_parties"}
    if strange or not isinstance(given, str | None):
        line = source.line((DIRECTORY,), 'takes third_parties = "FILE.csv" and nothing else')
        raise ConfigError(line)
    _, settled, _ = checked(data, source, Vault(beside, None))
    listed = None if given is None else beside / given
    if listed is not None and not listed.is_file():
        line = source.line((DIRECTORY, "third_parties"), f"{listed}: there is no such file")
        raise ConfigError(line)
    return Answers(settled, listed)
