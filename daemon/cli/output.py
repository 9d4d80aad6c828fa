"""How results look: tables for people, JSON for scripts."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any

import typer

from daemon.i18n import mark

Json = Annotated[bool, typer.Option("--json", help=mark("As JSON, for scripts."))]
"""The option of commands that scripts may want to read."""

# Control characters but line ends: what comes from mail must not drive a terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: object) -> str:
    """Text without control characters and direction overrides."""
    return _CONTROL.sub("·", str(text))


def tell_troubles(lines: Iterable[str]) -> None:
    """What could not be done, a line each, on stderr."""
    for line in lines:
        typer.echo(f"suivi: {plain(line)}", err=True)


def as_json(value: Any) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(value, default=jsonable, ensure_ascii=False, indent=2))


def jsonable(value: Any) -> Any:
    """What JSON has no form for, for `json.dumps`."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """A table as wide as the terminal; in a pipe as wide as its longest row."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        # Text, not markup: a subject may hold brackets.
        shown.add_row(*(Text(plain(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(shown)
