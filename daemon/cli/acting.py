"""Who a command acts for: one of staff with their rights, or whoever runs suivi."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.context import Trouble, ready_store, settings, words
from daemon.cli.exchanges import person
from daemon.cli.output import plain
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.directory.acting import Actor
    from daemon.store import Tx

For = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="EMAIL",
        envvar="SUIVI_BY",
        help=mark("Who of us does it, with their rights; without it, whoever runs suivi."),
    ),
]


@contextmanager
def acting(context: typer.Context, by: str = "") -> "Iterator[tuple[Tx, Actor]]":
    """A transaction, and who acts in it. Raises Trouble for what is refused."""
    from daemon.clock import now
    from daemon.directory.acting import Refusal, actor, operator

    _ = words()
    with ready_store(context) as opened, opened.write() as tx:
        who = actor(person(tx, by), now()) if by else operator(now())
        try:
            yield tx, who
        except Refusal as refused:
            raise Trouble(plain(refused.told(_))) from refused


def wake(context: typer.Context) -> None:
    """A running daemon reads all accounts now; without one, the next sync does."""
    from daemon.control import ControlError, NoDaemon, ask

    try:
        ask(settings(context, quiet=True).control_socket, "sync")
    except NoDaemon:
        return
    except ControlError as error:
        # It reads them at its next turn anyway.
        typer.echo(f"suivi: {plain(error)}", err=True)
