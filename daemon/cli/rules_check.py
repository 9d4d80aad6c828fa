"""Rules files: check them, and what one needs to write them: JSON Schema and manual."""

from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.context import settings, store, words
from daemon.cli.output import Json, as_json, plain
from daemon.i18n import mark, of_environment

if TYPE_CHECKING:
    from daemon.rulefiles.mistake import Mistake
    from daemon.rulefiles.reading import Bad, Good
    from rules.language import Problem

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
    from daemon.rulefiles.reading import Bad

    found, why_not = _found(context, directory)
    if json:
        as_json(_result(found, why_not))
    else:
        _tell(found, why_not)
    if isinstance(found, Bad):
        raise typer.Exit(1)


def _found(context: typer.Context, directory: Path | None) -> "tuple[Good | Bad, str]":
    """What is saved, as the daemon reads it. Where the store or the configuration can't be asked
    names are not checked, and it is said why: rules are checked on other machines, too."""
    from daemon.app.rules import source_of
    from daemon.config import ConfigError
    from daemon.rulefiles.reading import Source, read_directory
    from daemon.rulefiles.saved import saved
    from daemon.store.errors import StoreError
    from rules.language import Known
    from rules.ruleset import builtin

    try:
        with store(context) as (loaded, opened):
            return saved(opened, source_of(loaded), directory)[1], ""
    except (ConfigError, StoreError, OSError) as error:
        why_not = str(error).splitlines()[0]
    # A directory that is named is checked without any configuration, too.
    folder = directory or settings(context).rules_folder
    source, named = Source(folder, builtin()), directory is not None
    return read_directory(source, Known(), held_rules=named)[1], why_not


def _tell(found: "Good | Bad", why_not: str) -> None:
    from daemon.rulefiles.reading import Good

    _, language = words(), of_environment()
    lines = [(_place(m), m.said(language)) for m in found.mistakes]
    warning = _("{line} (a warning)")
    lines += [(_place(w), warning.format(line=w.said(language))) for w in found.warnings]
    for _at, line in sorted(lines, key=itemgetter(0)):
        typer.echo(plain(line))
    if why_not:
        said = _("Names were not checked, for the database can't be asked: {why}")
        typer.echo(said.format(why=plain(why_not)), err=True)
    if isinstance(found, Good):
        said = _("{rules} rules in {files} files, no mistakes.")
        typer.echo(said.format(rules=len(found.ruleset.rules), files=len(found.files)))


def _place(mistake: "Mistake") -> tuple[str, int, int]:
    """Those of the directory and of whole files come first."""
    from daemon.rulefiles.reading import Misstep

    if not isinstance(mistake, Misstep):
        return ("", 0, 0)
    problem = mistake.problem
    return (problem.file, problem.line, problem.column)


def _result(found: "Good | Bad", why_not: str) -> dict[str, Any]:
    """One document for scripts: `good`, and `problems` by place; messages are in English."""
    from daemon.rulefiles.reading import Good, Misstep

    rules = found.ruleset.rules if isinstance(found, Good) else ()
    told = sorted((*found.mistakes, *found.warnings), key=_place)
    return {
        "good": isinstance(found, Good),
        "files": found.names,
        "rules": [rule.name for rule in rules],
        "names_checked": not why_not,
        "troubles": [m.said("en") for m in found.mistakes if not isinstance(m, Misstep)],
        "warnings": [w.said("en") for w in found.warnings if not isinstance(w, Misstep)],
        "problems": [_as_row(m.problem) for m in told if isinstance(m, Misstep)],
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
