"""Rules files: the starter set."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.context import Trouble, settings, words
from daemon.i18n import LANGUAGES, mark


def add(group: typer.Typer) -> None:
    """`suivi rules init`"""
    group.command(help=mark("Copy the starter set to the rules directory; nothing is replaced."))(
        init
    )


def init(
    context: typer.Context,
    directory: Annotated[
        Path | None,
        typer.Argument(help=mark("Where to; default: the rules directory of the configuration.")),
    ] = None,
    *,
    language: Annotated[
        str | None,
        typer.Option("--language", help=mark("en or fr; default: the company's.")),
    ] = None,
) -> None:
    """`suivi rules init`"""
    from daemon.rulefiles.starter import write_starter

    _ = words()
    if directory is None or language is None:
        loaded = settings(context)
        directory = directory or loaded.rules_folder
        language = language or loaded.company.language
    if language not in LANGUAGES:
        raise Trouble(_("the starter set is there in {languages}").format(languages="en, fr"))
    try:
        written = write_starter(directory, language)
    except FileExistsError as error:
        raise Trouble(_("{why}: nothing was written").format(why=error)) from error
    for name in written:
        typer.echo(directory / name)
