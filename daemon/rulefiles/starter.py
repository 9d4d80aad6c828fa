"""The starter set that comes with suivi, copied to where an admin keeps their rules."""

import json
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from daemon.i18n import LANGUAGES
from daemon.rulefiles.folder import is_rules_file
from rules.language.schema import FILE_NAME, schema


def starter(language: str) -> tuple[tuple[str, bytes], ...]:
    """Its files in a language of LANGUAGES, by name."""
    if language not in LANGUAGES:
        raise ValueError(f"no starter set in {language!r}")
    return tuple(sorted((entry.name, entry.read_bytes()) for entry in _entries(language)))


def write_starter(directory: Path, language: str) -> tuple[str, ...]:
    """Writes it into a directory, made where there is none, with the schema that its modelines
    name; the names of its files.

    Nothing is ever replaced. Raises FileExistsError where rules files, or files of these names,
    stand already, and OSError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if there := sorted(path.name for path in directory.iterdir() if is_rules_file(path.name)):
        raise FileExistsError(f"{directory} holds rules already: {', '.join(there[:3])}")
    written = []
    texts = (*starter(language), (FILE_NAME, _schema()))
    for name, data in texts:
        with (directory / name).open("xb") as file:
            file.write(data)
        written.append(name)
    return tuple(written)


def _schema() -> bytes:
    return (json.dumps(schema(), ensure_ascii=False, indent=2) + "\n").encode()


def _entries(language: str) -> Iterator[Traversable]:
    folder = files("rules") / "examples" / language
    yield from (entry for entry in folder.iterdir() if is_rules_file(entry.name))
