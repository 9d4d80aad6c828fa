"""`suivi demo`: the whole story on this machine, with servers of its own."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from daemon.i18n import mark, of_environment


def add(app: typer.Typer) -> None:
    """This command."""
    app.command(help=mark("See suivi at work: sample mail, calendars and the daemon, all here."))(
        demo
    )


def demo(
    *,
    once: Annotated[
        bool,
        typer.Option("--once", help=mark("Exit after the story, even where there is a terminal.")),
    ] = False,
    language: Annotated[
        Literal["en", "fr"] | None,
        typer.Option(help=mark("The language of the story; default: that of the terminal.")),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            help=mark("Keep all files there: configuration, database, mail, calendars, logs."),
        ),
    ] = None,
) -> None:
    """`suivi demo`: exit code 0 only when every step of the story was observed."""
    from daemon.demo import play

    raise typer.Exit(play(language or of_environment(), once=once, keep=keep))
