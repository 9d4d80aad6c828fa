"""References of follow-ups as arguments, completed by the shell."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.i18n import mark


def open_follow_ups(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """For the shell: the follow-ups to be done whose reference begins so, with their titles."""
    from daemon.cli.output import plain
    from daemon.config import ConfigError, load
    from daemon.store import StoreError, follow_ups, open_store

    config = context.find_root().params.get("config")
    try:
        store = open_store(load(Path(config) if config else None, servers=False).database_url)
    except (ConfigError, StoreError, OSError):
        # Whoever presses Tab wants no error; the command itself tells it.
        return []
    try:
        with store.read() as tx:
            found = follow_ups.open_ones(tx)
    finally:
        store.close()
    begins, length = incomplete.upper(), len(incomplete)
    # In the letters that were typed, or the shell would not take it for the same word.
    return [
        (incomplete + f.ref[length:], plain(f.title)[:60])
        for f in found
        if f.ref.startswith(begins)
    ][:100]


Ref = Annotated[
    str,
    typer.Argument(
        metavar="FU-12",
        help=mark("Its reference; the number will do."),
        autocompletion=open_follow_ups,
    ),
]
Refs = Annotated[
    list[str],
    typer.Argument(
        metavar="FU-12…",
        help=mark("References; the numbers will do."),
        autocompletion=open_follow_ups,
    ),
]
By = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="EMAIL",
        envvar="SUIVI_BY",
        help=mark("Who of us does it."),
        show_envvar=True,
    ),
]
