"""`suivi`: the commands together, in the language of who types, and errors as one line."""

import os
import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from typer.main import get_command

from daemon.cli import (
    ambiguities,
    audit,
    backups,
    demo,
    directory,
    exchanges,
    followups,
    init,
    operation,
    options,
    people,
    proof,
    quarantine,
    reconcile,
    reminders,
    rights,
    rules,
    running,
    templates,
    users,
)
from daemon.cli.context import Options
from daemon.i18n import mark, of_environment, translator

# sysexits.h EX_CONFIG; the unit does not start again after it.
EX_CONFIG = 78

OURS = (
    ("daemon.cli.context", "Trouble"),
    ("daemon.app.in_step", "Busy"),
    ("daemon.handed", "NotHanded"),
    ("daemon.store.errors", "StoreError"),
    ("daemon.web.server", "CannotListen"),
    ("connectors.errors", "ConnectorError"),
)
"""Errors whose text is a line that says what to do, by module and name."""


def main() -> None:
    """Runs the command line. Exit codes: 0, 1 failed, 2 usage, 69 a server that does not answer
    (`reconcile`), 78 configuration."""
    command = localised(get_command(build()), of_environment())
    try:
        command(prog_name="suivi")
    except Exception as error:
        if os.environ.get("SUIVI_DEBUG"):
            raise
        code, lines = told(error)
        for line in lines:
            sys.stderr.write(f"suivi: {line}\n")
        sys.exit(code)


def build() -> typer.Typer:
    """All commands."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help=mark("The shared memory of a company's dealings with third parties."),
    )
    app.callback()(_options)
    for group in (
        running,
        init,
        operation,
        backups,
        people,
        users,
        rights,
        directory,
        ambiguities,
        exchanges,
        followups,
        reminders,
        options,
        rules,
        proof,
        audit,
        reconcile,
        quarantine,
        templates,
        demo,
    ):
        group.add(app)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as version_of

        typer.echo(f"suivi {version_of('suivi')}")
        raise typer.Exit


def _options(
    context: typer.Context,
    config: Annotated[
        str | None,
        typer.Option("--config", "-c", metavar="FILE", help=mark("The configuration file.")),
    ] = None,
    *,
    version: Annotated[
        bool,
        # Eager: it needs no command.
        typer.Option(
            "--version", callback=_version, is_eager=True, help=mark("Say the version, and exit.")
        ),
    ] = False,
) -> None:
    context.obj = Options(config)


def localised(command: Any, language: str) -> Any:
    """The command with its help texts translated, and those of its options and subcommands.

    Texts are declared in English with `mark`, so that nothing is translated at import.
    """
    if language == "en":
        return command
    _ = translator(language)
    for thing in (command, *command.params):
        for name in ("help", "short_help", "epilog"):
            if text := getattr(thing, name, None):
                setattr(thing, name, _(text))
    for sub in getattr(command, "commands", {}).values():
        localised(sub, language)
    return command


def told(error: Exception) -> tuple[int, list[str]]:
    """Exit code and lines for an error: what it says if it is one of ours, else its kind."""
    if isinstance(error, _loaded([("daemon.config.load", "ConfigError")])):
        return EX_CONFIG, str(error).splitlines()
    if isinstance(error, _loaded([("daemon.store.errors", "Unfit")])):
        return EX_CONFIG, [" ".join(str(error).split())]
    if isinstance(error, _loaded([("daemon.control", "ControlError")])):
        # The daemon may have as many to tell as a reload finds mistakes.
        code = getattr(error, "code", 1)
        return code, [" ".join(line.split()) for line in str(error).splitlines()]
    if isinstance(error, _loaded(OURS)):
        return 1, [" ".join(str(error).split())]
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return 1, [f"{place}{error.strerror}"]
    hint = "SUIVI_DEBUG=1 shows where"
    return 1, [f"unexpected {type(error).__name__}: {' '.join(str(error).split())}; {hint}"]


def _loaded(names: Iterable[tuple[str, str]]) -> tuple[type[Exception], ...]:
    # Only what is imported can have been raised; importing the rest would take its time.
    return tuple(getattr(module, name) for path, name in names if (module := sys.modules.get(path)))
