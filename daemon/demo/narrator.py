"""The voice of the demo: what happened, and where it was verified, line by line."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from daemon.i18n import plural, translator

WIDTH = 108
INDENT = 5


class Narrator:
    """Prints the story to a terminal, or as plain text to a file or pipe."""

    def __init__(self, language: str, console: Console | None = None) -> None:
        self.language = language
        self._: Callable[[str], str] = translator(language)
        self.plural: Callable[[str, str, int], str] = plural(language)
        self._console = console or Console(highlight=False, emoji=False, markup=False)
        if not self._console.is_terminal or self._console.width > WIDTH:
            self._console = Console(
                file=self._console.file, width=WIDTH, highlight=False, emoji=False, markup=False
            )
        self._step = 0

    @property
    def is_terminal(self) -> bool:
        """Whether a person sits in front of it."""
        return self._console.is_terminal

    def title(self, title: str, text: str) -> None:
        """The first thing anybody sees."""
        body = Text.assemble((title, "bold"), "\n", text)
        self._console.print()
        self._console.print(Panel(body, box=box.ROUNDED, border_style="cyan", padding=(0, 2)))

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step of the story, numbered; says how long it took when that is worth saying."""
        self._step += 1
        self._console.print()
        self._console.print(
            Text.assemble((f" {self._step:>2} ", "bold reverse cyan"), " ", (title, "bold"))
        )
        start = time.monotonic()
        yield
        self._console.print(Text(f"{time.monotonic() - start:.1f} s", style="dim"), justify="right")

    def gap(self) -> None:
        """An empty line."""
        self._console.print()

    def tell(self, text: str) -> None:
        """A sentence of explanation."""
        self._indented(Text(text, style="italic"))

    def command(self, *words: str) -> None:
        """A command of suivi, as a person would type it."""
        self.typed("suivi " + " ".join(words))

    def typed(self, line: str) -> None:
        """Something to type into a shell."""
        self._indented(Text.assemble(("$ ", "dim"), (line, "cyan")))

    def answer(self, text: str) -> None:
        """What a command printed; long lines go on under their own beginning."""
        for line in text.splitlines():
            inside = len(line) - len(line.lstrip())
            self._indented(Padding(Text(line.strip(), style="dim"), (0, 0, 0, 2 + inside)))

    def seen(self, text: str, where: str) -> None:
        """Something was observed, and in which server."""
        row = Table.grid(padding=(0, 1), expand=True)
        row.add_column(width=1)
        row.add_column(ratio=1)
        row.add_column(justify="right", max_width=42)
        row.add_row(Text("✓", style="bold green"), Text(text), Text(where, style="dim"))
        self._console.print(Padding(row, (0, 0, 0, INDENT)))

    def panel(self, title: str, text: str) -> None:
        """Something to look at: a mail, a calendar object."""
        shown, head = Text(text.strip("\n")), Text(title, style="cyan")
        self._indented(
            Panel(shown, title=head, title_align="left", box=box.ROUNDED, border_style="cyan")
        )

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table; columns of numbers stand right."""
        self._console.print()
        self._indented(Text(title, style="bold"))
        shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for number, column in enumerate(columns):
            numeric = bool(rows) and all(isinstance(row[number], int) for row in rows)
            shown.add_column(column, justify="right" if numeric else "left", overflow="fold")
        for row in rows:
            shown.add_row(*(Text(str(cell)) for cell in row))
        self._indented(shown)

    def failed(self, expected: str, seen: str, log: str) -> None:
        """A step was not observed."""
        _ = self._
        body = Text.assemble((_("expected: "), "bold"), expected, "\n", (_("seen: "), "bold"), seen)
        if log:
            body.append_text(Text.assemble("\n\n", (_("the daemon's last lines:"), "bold")))
            body.append_text(Text(f"\n{log}", style="dim"))
        title = Text("✗ " + _("This step was not observed; the story stops here."))
        self._indented(Panel(body, title=title, title_align="left", border_style="red"))

    def end(self, title: str, text: str) -> None:
        """The last word."""
        body = Text.assemble((title, "bold"), "\n", text)
        self._console.print()
        self._console.print(Panel(body, box=box.ROUNDED, border_style="green", padding=(0, 2)))

    def _indented(self, what: RenderableType) -> None:
        self._console.print(Padding(what, (0, 0, 0, INDENT), expand=False))
