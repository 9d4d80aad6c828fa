"""Which mail templates there are, by name: the built-in ones, and an admin's own beside the
configuration, `templates/NAME/{subject,text,html}.LANG.j2`, or without LANG for every language;
those of one entity stand in `templates/NAME/ENTITY/`."""

import re
from pathlib import Path

from daemon.i18n import LANGUAGES

BUILT_IN = "reminder"
"""The template of reminders; only of these there are others, which are chosen by name."""
OTHER_MAILS = ("digest", "missed", "closed", "away", "answer", "notice")
"""What else is written from a template, which has the name of the mail."""
PARTS = ("subject", "text", "html")
NAMES_MOST = 200

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


def is_name(name: str) -> bool:
    """Whether a template may be called so."""
    return _NAME.fullmatch(name) is not None


def folders(folder: Path | None) -> tuple[str, ...]:
    """The names for which there is a directory, in order; files may still be missing in it."""
    if folder is None:
        return ()
    try:
        found = [path.name for path in folder.iterdir() if path.is_dir()]
    except OSError:
        # None of one's own, or none that may be read.
        return ()
    return tuple(sorted(filter(is_name, found))[:NAMES_MOST])


def entities(folder: Path | None, name: str) -> tuple[str, ...]:
    """The entities that have files of a template to themselves, by their codes."""
    return folders(folder / name) if folder is not None and is_name(name) else ()


def files(folder: Path | None, name: str, entity: str | None = None) -> tuple[Path, ...]:
    """The admin's files of a template: for everybody, or of one entity."""
    if folder is None or not is_name(name) or not (entity is None or is_name(entity)):
        return ()
    place = folder / name if entity is None else folder / name / entity
    candidates = [
        place / f"{part}{suffix}.j2"
        for part in PARTS
        for suffix in ("", *(f".{language}" for language in LANGUAGES))
    ]
    return tuple(path for path in candidates if is_there(path))


def all_files(folder: Path | None, name: str) -> tuple[Path, ...]:
    """The admin's files of a template, those of entities last."""
    variants = (None, *entities(folder, name))
    return tuple(path for entity in variants for path in files(folder, name, entity))


def names(folder: Path | None) -> frozenset[str]:
    """The templates that a reminder can be written with."""
    own = (n for n in folders(folder) if n not in OTHER_MAILS and all_files(folder, n))
    return frozenset({BUILT_IN, *own})


def is_there(path: Path) -> bool:
    """Whether there is such a file, and it may be looked at."""
    try:
        return path.exists()
    except OSError:
        # In a directory that may not be entered.
        return False
