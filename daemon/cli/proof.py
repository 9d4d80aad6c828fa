"""What was done with one message or event, and why (spec §11)."""

from typing import Annotated

import typer

from daemon.cli.context import Trouble, built, settings, words
from daemon.cli.output import Json, as_json, plain
from daemon.cli.reader import As, scope_of
from daemon.i18n import mark


def add(app: typer.Typer) -> None:
    """These commands."""
    app.command(help=mark("What became of a message or event, where it was seen, and why."))(
        explain
    )


def explain(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="MESSAGE-ID|UID")],
    *,
    reader: As = "",
    json: Json = False,
) -> None:
    """`suivi explain MESSAGE-ID|UID`"""
    _ = words()
    app = built(settings(context, servers=True), looks_only=True)
    found = app.explain(text, lambda tx: scope_of(tx, reader))
    if json:
        as_json(found)
        return
    if not found:
        raise Trouble(_("nothing is known of {text}, and no mailbox has it").format(text=text))
    for one in found:
        result = f"{one.verdict} ({one.reason})"
        if one.exchange:
            result += f" → {one.exchange}"
        typer.echo(f"{one.at:%Y-%m-%d %H:%M} {plain(one.place)}: {plain(result)}")
        for step in one.trace:
            evidence = f" – {plain(step.evidence)}" if step.evidence else ""
            typer.echo(f"    {plain(step.question)}: {plain(step.answer)}{evidence}")
