"""The audit trail: who read or changed what is confidential, options, rights, exchanges."""

from datetime import datetime
from typing import Annotated

import typer

from daemon.cli.context import Trouble, store, words
from daemon.cli.output import Json, as_json, plain, table
from daemon.cli.shown import local
from daemon.i18n import mark


def add(app: typer.Typer) -> None:
    """This command."""
    app.command("audit", help=mark("Who did what to what, the newest first."))(audit)


def audit(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help=mark("Only of this: EXC-12, FU-3, a name."))
    ] = "",
    *,
    who: Annotated[str, typer.Option(metavar="EMAIL", help=mark("Only what they did."))] = "",
    action: Annotated[
        str, typer.Option(help=mark("Only actions that begin so: 'read', 'delete exchange'."))
    ] = "",
    since: Annotated[
        str, typer.Option(metavar="TIME", help=mark("Not before: 2026-11-24 or 2026-11-24 09:30."))
    ] = "",
    until: Annotated[
        str, typer.Option(metavar="TIME", help=mark("Before: 2026-11-24 or 2026-11-24 09:30."))
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help=mark("How many at most."))] = 100,
    json: Json = False,
) -> None:
    """`suivi audit [SUBJECT]`"""
    from daemon.store import audit as stored

    _ = words()
    with store(context) as (loaded, opened), opened.read() as tx:
        zone = loaded.company.timezone
        found = stored.entries(
            tx,
            who=who or None,
            action=action or None,
            subject=subject or None,
            since=_moment(since, zone),
            until=_moment(until, zone),
            limit=limit,
        )
    if json:
        as_json(
            [{"at": e.at, "who": e.who, "action": e.action, "subject": e.subject} for e in found]
        )
        return
    heads = (_("when"), _("who"), _("what"), _("about"))
    table(heads, [(local(e.at, zone), e.who, e.action, e.subject) for e in found])


def _moment(text: str, zone: str) -> datetime | None:
    from daemon.sheet.acts import exact

    if not text:
        return None
    found = exact(text, zone)
    if found is None:
        hint = words()("'{text}' is not a time: 2026-11-24 09:30")
        raise Trouble(hint.format(text=plain(text)))
    return found
