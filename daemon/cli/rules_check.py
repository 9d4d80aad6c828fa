"""Rules files: check them, and what one needs to write them: JSON Schema and manual."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.context import settings, store, words
from daemon.cli.output import Json, as_json, plain
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.rulefiles.folder import Gathered
    from rules.language import Known, Loaded, Problem

Directory = Annotated[
    Path | None,
    typer.Argument(
        metavar="DIR",
        help=mark("The directory of the rules files; without it, the configured one."),
    ),
]


def add(group: typer.Typer) -> None:
    """These commands."""
    group.command(
        help=mark(
            "Tell every mistake of the rules files, with its place, and try their examples. "
            "Exit code 1: they would be refused."
        )
    )(check)
    group.command(
        help=mark("Print the JSON Schema of rules files, for editors that complete and check.")
    )(schema)
    group.command(help=mark("Print the manual of rules files: every word with an example."))(manual)


def check(context: typer.Context, directory: Directory = None, *, json: Json = False) -> None:
    """`suivi rules check`"""
    from daemon.rulefiles.folder import gather
    from rules.language import read

    known, why_not = _known(context)
    # A directory that is named is checked without any configuration, too.
    folder = directory or settings(context).rules_folder
    gathered = gather(folder)
    loaded = read(gathered.files, known)
    if json:
        as_json(_result(gathered, loaded, why_not))
    else:
        _tell(folder, gathered, loaded, why_not)
    if gathered.troubles or not gathered.there or not loaded.is_good:
        raise typer.Exit(1)


def _known(context: typer.Context) -> "tuple[Known | None, str]":
    """What the store and the configuration know; None, and why, where they can't be asked:
    rules are checked on machines without suivi's database, too."""
    from daemon.app.rules import source_of
    from daemon.config import ConfigError
    from daemon.rulefiles.names import names
    from daemon.store.errors import StoreError

    try:
        with store(context) as (loaded, opened), opened.read() as tx:
            # The configuration may be newer than the store.
            return names(tx, source_of(loaded).configured), ""
    except (ConfigError, StoreError, OSError) as error:
        return None, str(error).splitlines()[0]


def _tell(folder: Path, gathered: "Gathered", loaded: "Loaded", why_not: str) -> None:
    from daemon.i18n import of_environment
    from rules.language import Severity, say

    _ = words()
    if not gathered.there:
        typer.echo(_("{folder}: there is no such directory").format(folder=plain(folder)))
        return
    for trouble in gathered.troubles:
        typer.echo(plain(trouble.said(of_environment())))
    for problem in loaded.problems:
        line = say(problem, _)
        if problem.severity is Severity.WARNING:
            line = _("{line} (a warning)").format(line=line)
        typer.echo(plain(line))
    if why_not:
        said = _("Names were not checked, for the database can't be asked: {why}")
        typer.echo(said.format(why=plain(why_not)), err=True)
    if loaded.is_good and not gathered.troubles:
        said = _("{rules} rules in {files} files, no mistakes.")
        typer.echo(said.format(rules=len(loaded.rules), files=len(gathered.files)))


def _result(gathered: "Gathered", loaded: "Loaded", why_not: str) -> dict[str, Any]:
    """One document for scripts: `good`, and `problems` by place; messages are in English."""
    return {
        "good": gathered.there and not gathered.troubles and loaded.is_good,
        "files": [name for name, _ in gathered.files],
        "rules": [rule.name for rule in loaded.rules],
        "names_checked": not why_not,
        "troubles": [trouble.said("en") for trouble in gathered.troubles],
        "problems": [_as_row(problem) for problem in loaded.problems],
    }


def _as_row(problem: "Problem") -> dict[str, Any]:
    from rules.language import what

    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "rule": problem.rule,
        "severity": problem.severity.value,
        "code": problem.code,
        "message": what(problem),
        "near": problem.near,
    }


def schema() -> None:
    """`suivi rules schema`"""
    from rules.language.schema import schema as made

    as_json(made())


def manual() -> None:
    """`suivi rules manual`"""
    from rules.language.manual import manual as made

    typer.echo(made(), nl=False)
