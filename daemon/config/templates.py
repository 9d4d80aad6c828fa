"""Which mail templates there are, by name: the built-in one, and an admin's own beside the
configuration, `templates/NAME/{subject,text,html}.LANG.j2`, or without LANG for every language."""

import re
from pathlib import Path

from daemon.i18n import LANGUAGES

BUILT_IN = "reminder"
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


def files(folder: Path | None, name: str) -> tuple[Path, ...]:
    """The admin's files of a template."""
    if folder is None or not is_name(name):
        return ()
    candidates = [
        folder / name / f"{part}{suffix}.j2"
        for part in PARTS
        for suffix in ("", *(f".{language}" for language in LANGUAGES))
    ]
    return tuple(path for path in candidates if _is_there(path))


def names(folder: Path | None) -> frozenset[str]:
    """The templates that a mail can be written with."""
    return frozenset({BUILT_IN, *(name for name in folders(folder) if files(folder, name))})


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # In a directory that may not be entered.
        return False
