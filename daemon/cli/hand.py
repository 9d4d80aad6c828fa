"""Who writes at the command line: a user with their rights and options, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from daemon.cli.context import Trouble, ready_store, settings, store, words

if TYPE_CHECKING:
    from daemon.config import Settings
    from daemon.sheet.writer import Writer
    from daemon.store import Tx


@contextmanager
def writing(context: typer.Context, by: str) -> "Iterator[Writer]":
    """`by` writes; what is refused is told as Trouble, in the language of who types."""
    loaded = settings(context, quiet=True)
    with ready_store(context) as opened, _telling(), opened.write() as tx:
        yield _writer(tx, by, loaded)


@contextmanager
def reading(context: typer.Context, by: str) -> "Iterator[Writer]":
    """`by` looks."""
    with store(context) as (loaded, opened), _telling(), opened.read() as tx:
        yield _writer(tx, by, loaded)


@contextmanager
def _telling() -> Iterator[None]:
    from daemon.sheet.errors import Refusal

    try:
        yield
    except Refusal as error:
        raise Trouble(error.told(words())) from error


def _writer(tx: "Tx", by: str, loaded: "Settings") -> "Writer":
    from daemon import clock
    from daemon.app.rules import options_of
    from daemon.cli.exchanges import person
    from daemon.sheet.writer import writer

    return writer(tx, person(tx, by), options_of(loaded), clock.now())
