"""How far the reading of accounts has come, on stderr."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from daemon.cli.output import plain

if TYPE_CHECKING:
    from rich.console import Console


class Bars:
    """A bar for each folder that is read; nothing where the console is no terminal."""

    def __init__(self, console: "Console") -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        # No markup: `[Gmail]` is a name.
        name = TextColumn("{task.description}", markup=False)
        columns = (name, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[tuple[str, str], Any] = {}
        self._bars.start()

    def tell(self, account: str, folder: str, done: int, total: int) -> None:
        """See `daemon.app.parts.Progress`."""
        key = (account, folder)
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(plain(f"{account}: {folder}"), total=total)
        self._bars.update(self._tasks[key], completed=done, total=total)

    def stop(self) -> None:
        """All is read."""
        self._bars.stop()


@contextmanager
def bars() -> Iterator[Bars]:
    """Bars that end with the block, or before."""
    from rich.console import Console

    shown = Bars(Console(stderr=True))
    try:
        yield shown
    finally:
        shown.stop()
