"""What commands share: the settings, the store, the language, and how they say that it won't do."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from daemon.cli.output import plain, tell_troubles
from daemon.i18n import of_environment, translator

if TYPE_CHECKING:
    from daemon.app.run import App
    from daemon.config import Settings
    from daemon.store import Store


class Trouble(Exception):
    """A command can't do what it was asked; one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options before the command."""

    config: str | None


def settings(context: typer.Context, *, servers: bool = False, quiet: bool = False) -> "Settings":
    """The configuration; its warnings go to stderr unless `quiet`. `servers`: the command speaks to
    mail and calendar servers, so their passwords have to be there. Raises ConfigError."""
    from daemon.config import load

    options: Options = context.obj
    loaded = load(Path(options.config) if options.config else None, servers=servers)
    for warning in () if quiet else loaded.warnings:
        typer.echo(f"suivi: {warning}", err=True)
    return loaded


def usual_socket(context: typer.Context) -> Path:
    """Where the daemon listens, as far as a configuration with mistakes can tell."""
    from daemon.config import control_socket_of

    options: Options = context.obj
    return control_socket_of(Path(options.config) if options.config else None)


@contextmanager
def store(context: typer.Context, *, servers: bool = False) -> Iterator[tuple["Settings", "Store"]]:
    """The configuration and the open database, for commands that read; `servers` as above."""
    from daemon.store import open_store

    loaded = settings(context, servers=servers)
    opened = open_store(loaded.database_url)
    try:
        yield loaded, opened
    finally:
        opened.close()


@contextmanager
def ready_store(context: typer.Context) -> Iterator["Store"]:
    """The database made ready, with the configured users in it, for commands that write: they
    may be the first ones of an installation."""
    from daemon.app.parts import declare
    from daemon.store import open_store

    loaded = settings(context)
    prepare(loaded)
    opened = open_store(loaded.database_url)
    try:
        declare(loaded, opened)
        yield opened
    finally:
        opened.close()


def prepare(loaded: "Settings", *, backup: bool = True) -> tuple[str | None, str]:
    """Makes the state directory, and the database of this version in it, a backup first where
    there is one of before; (version before, now). Raises StoreError, OSError."""
    from daemon.app.upgrading import make_ready

    return make_ready(loaded, backup=backup)


def built(loaded: "Settings", *, looks_only: bool = False) -> "App":
    """The App of a configuration; that saved rules are refused, and why, goes to stderr. A command
    that `looks_only` puts no saved rules in force."""
    from daemon import app

    made = app.build(loaded, looks_only=looks_only)
    tell_refused(str(loaded.rules_folder), made.refused(of_environment()))
    return made


def tell_refused(directory: str, mistakes: Sequence[str]) -> None:
    """What keeps saved files from being in force, a line each, on stderr."""
    _ = words()
    if mistakes:
        refused = _("The rules saved in {directory} are refused; the last good ones stay:")
        typer.echo(f"suivi: {plain(refused.format(directory=directory))}", err=True)
    tell_troubles(mistakes)


def words() -> Callable[[str], str]:
    """gettext in the language of who types."""
    return translator(of_environment())


def say(text: Any = "") -> None:
    """A line for a person."""
    typer.echo(text)
