"""The machine: the state directory, its space, the installation's key, and who may read secrets."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from daemon.app.checkup.lines import Asked, CheckLine, bad, ok, warning
from daemon.app.secret import CREDENTIAL, SIZE, key_file
from daemon.config import ConfigError
from daemon.store.versions import sqlite_path_of

LITTLE, NEARLY_NONE = 1 << 30, 100 << 20
"""Octets of free space under which it is warned, and under which nothing is to be relied on."""


def state(asked: Asked) -> Iterator[CheckLine]:
    """Nothing is made: it is only asked whether it could be."""
    _, folder = asked.words, asked.settings.state_dir
    ours = _("give it to the user that runs suivi")
    place = folder
    try:
        while not place.exists():
            place = place.parent
    except OSError as error:
        yield bad("state directory", f"{place}: {error.strerror}: {ours}")
        return
    if not place.is_dir():
        text = _("{place}: is not a directory: name another one").format(place=place)
        yield bad("state directory", text)
    elif not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        yield bad("state directory", f"{place}: Permission denied: {ours}")
    elif place != folder:
        yield ok("state directory", _("{place} can be made").format(place=folder))
    elif stat.S_IMODE(place.stat().st_mode) & 0o077:
        text = _("{place} can be entered by other users: chmod 700 it").format(place=folder)
        yield warning("state directory", text)
    else:
        yield ok("state directory", str(folder))


def space(asked: Asked) -> Iterator[CheckLine]:
    """Free space where the state is, and where the database is, should that be elsewhere. A backup
    before a migration needs as much as the database has."""
    settings = asked.settings
    database = sqlite_path_of(settings.database_url)
    size = database.stat().st_size if database is not None and database.exists() else 0
    places = {settings.state_dir: 0}
    if database is not None:
        places[database.parent] = size
    seen = set[int]()
    for folder, needed in sorted(places.items(), key=lambda item: -item[1]):
        place = _existing(folder)
        device = place.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield _space(asked, place, needed)


def _space(asked: Asked, place: Path, needed: int) -> CheckLine:
    _ = asked.words
    usage = shutil.disk_usage(place)
    facts = {"place": place, "free": _size(usage.free), "total": _size(usage.total)}
    if usage.free < NEARLY_NONE:
        text = _("{place}: only {free} of {total} are free: make room, or nothing can be stored")
        return bad("disk", text.format(**facts))
    if usage.free < LITTLE or usage.free < 2 * needed:
        text = _("{place}: only {free} of {total} are free: a backup and an upgrade need room")
        return warning("disk", text.format(**facts))
    return ok("disk", _("{place}: {free} of {total} are free").format(**facts))


def _existing(place: Path) -> Path:
    while not place.exists():
        place = place.parent
    return place


def _size(octets: int) -> str:
    return f"{octets / (1 << 30):.1f} GiB" if octets >= 1 << 30 else f"{octets / (1 << 20):.0f} MiB"


def key(asked: Asked) -> Iterator[CheckLine]:
    """The installation's key, which signs links; made at the first start where it is missing."""
    _ = asked.words
    try:
        place = key_file(asked.settings)
        if not place.exists():
            made = _("{place} will be made at the first start").format(place=place)
            yield ok(CREDENTIAL, made)
            return
        size = len(place.read_bytes())
    except ConfigError as error:
        yield warning(CREDENTIAL, str(error))
        return
    except OSError as error:
        text = _("{place} can't be read ({why}): run this as suivi's user or as root")
        yield warning(CREDENTIAL, text.format(place=place, why=error.strerror))
        return
    if size < SIZE:
        text = _("{place} has fewer than {number} octets: restore it from a backup")
        yield bad(CREDENTIAL, text.format(place=place, number=SIZE))
    elif _others_read(place):
        yield warning(CREDENTIAL, _private(asked, place))
    else:
        yield ok(CREDENTIAL, str(place))


def secrets(asked: Asked) -> Iterator[CheckLine]:
    """Files with passwords that others than their owner and group may read."""
    for place in asked.settings.secret_files:
        if _others_read(place):
            yield warning("secrets", _private(asked, place))


def _private(asked: Asked, place: Path) -> str:
    _ = asked.words
    text = _("{place} holds a secret and can be read by every user: chmod o-rwx it")
    return text.format(place=place)


def _others_read(place: Path) -> bool:
    try:
        return bool(place.stat().st_mode & stat.S_IROTH)
    except OSError:
        # Whoever reads it for us has said what is wrong with it.
        return False
