"""What stands in the rules directory: the bytes of its files, or why they can't be had.

Everything here may change while it is looked at, and anybody may have put anything in it: a file
is opened without waiting for it, read up to a limit, and taken only when it is a plain one.
"""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daemon.i18n import mark
from daemon.rulefiles.mistake import Trouble
from rules.language.schema import FILE_NAME

SUFFIXES = (".yaml", ".yml")

MOST_FILES = 500
LARGEST = 1024 * 1024
LARGEST_ALTOGETHER = 8 * 1024 * 1024

# Names that editors and version control give to what they are about to write or have replaced.
_PASSING = ("~", ".swp", ".swx", ".tmp", ".bak", ".orig", ".rej", ".dpkg-new", ".dpkg-old")


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files, by name; `strange` are those whose names are not those of rules files, nor of
    anything that comes and goes. `there` is False when there is no such directory."""

    there: bool
    files: tuple[tuple[str, bytes], ...] = ()
    troubles: tuple[Trouble, ...] = ()
    strange: tuple[str, ...] = ()


def is_rules_file(name: str) -> bool:
    """Whether a file of this name is read: `*.yaml` and `*.yml`, but no hidden one (`.x.yaml`,
    `.#x.yaml`) and no editor's (`#x.yaml#`, `x.yaml~`, `.x.yaml.swp`, `4913`)."""
    return name.lower().endswith(SUFFIXES) and not name.startswith((".", "#"))


def gather(directory: Path) -> Gathered:
    """Read them all, in the order of their names, byte by byte; never raises for what is there."""
    try:
        found = sorted((path.name for path in directory.iterdir()), key=os.fsencode)
    except FileNotFoundError:
        if directory.is_symlink():
            text = mark("is a link to something that is not there")
            return Gathered(there=True, troubles=(Trouble(str(directory), text),))
        return Gathered(there=False)
    except OSError as error:
        text = mark("the rules directory can't be read")
        reason = error.strerror or type(error).__name__
        return Gathered(there=True, troubles=(Trouble(str(directory), text, {}, reason),))
    names = [name for name in found if is_rules_file(name)]
    strange = tuple(_shown(name) for name in found if _is_strange(name))
    if len(names) > MOST_FILES:
        text = mark("{number} rules files are too many: at most {most} are read")
        many = Trouble(str(directory), text, {"number": len(names), "most": MOST_FILES})
        return Gathered(there=True, troubles=(many,), strange=strange)
    files: list[tuple[str, bytes]] = []
    troubles: list[Trouble] = []
    for name, read in _each(directory, names):
        if isinstance(read, Trouble):
            troubles.append(read)
        else:
            files.append((name, read))
    return Gathered(there=True, files=tuple(files), troubles=tuple(troubles), strange=strange)


def _each(directory: Path, names: list[str]) -> Iterator[tuple[str, bytes | Trouble]]:
    room = LARGEST_ALTOGETHER
    for name in names:
        if _shown(name) != name:
            yield name, Trouble(_shown(name), mark("a file's name may hold printable text only"))
            continue
        read = _read(directory / name, name)
        if isinstance(read, bytes):
            room -= len(read)
            if room < 0:
                text = mark("the rules files together are larger than {most} MiB")
                yield name, Trouble(str(directory), text, {"most": LARGEST_ALTOGETHER >> 20})
                return
        yield name, read


def _read(path: Path, name: str) -> bytes | Trouble:
    try:
        # NONBLOCK: a named pipe would make the daemon wait for its writer.
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return Trouble(name, mark("is not a file: rules files stand in no sub-directory"))
            data = file.read(LARGEST + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return Trouble(name, mark("is a link that leads to itself"))
        if error.errno == errno.ENOENT and path.is_symlink():
            return Trouble(name, mark("is a link to something that is not there"))
        reason = error.strerror or type(error).__name__
        return Trouble(name, mark("the file can't be read"), {}, reason)
    if len(data) > LARGEST:
        return Trouble(name, mark("is larger than {most} KiB"), {"most": LARGEST >> 10})
    return data


def _is_strange(name: str) -> bool:
    passing = name.startswith((".", "#")) or name.lower().endswith(_PASSING) or name.isdecimal()
    # Editors look for the schema beside the files.
    return not (is_rules_file(name) or passing or name == FILE_NAME)


def _shown(name: str) -> str:
    """The name, with what would not show as it is spelled out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
