"""Follow-ups: what is coming and what is overdue."""

from typing import Annotated

import typer

from daemon.cli.context import store, words
from daemon.cli.exchanges import person
from daemon.cli.output import Json, as_json, table
from daemon.cli.shown import local, who
from daemon.i18n import mark


def add(app: typer.Typer) -> None:
    """These commands."""
    app.command("follow-ups", help=mark("What is to be done, the overdue ones first."))(show)


def show(
    context: typer.Context,
    *,
    user: Annotated[str, typer.Option(metavar="EMAIL", help=mark("Only those of this user."))] = "",
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help=mark("How many of the coming ones."))
    ] = 20,
    overdue_days: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS", min=0, help=mark("Overdue ones no older than this; default: no limit.")
        ),
    ] = None,
    json: Json = False,
) -> None:
    """`suivi follow-ups`"""
    from daemon import clock
    from daemon.store import follow_ups, people

    _ = words()
    now = clock.now()
    with store(context) as (_settings, opened), opened.read() as tx:
        found = follow_ups.coming(
            tx,
            user=person(tx, user).id if user else None,
            now=now,
            overdue_days=overdue_days,
            limit=limit,
        )
        parties = {party.id: party.name for party in people.third_parties(tx)}
        users = people.users(tx)
    if json:
        as_json(found)
        return
    columns = (_("when"), _("third party"), _("title"), _("who"), _("state"))
    rows = [
        (
            local(f.when.start, f.when.zone),
            parties.get(f.third_party, "") if f.third_party else "",
            f.title,
            who(users, [a.user for a in f.assignees]),
            _("overdue") if f.when.start < now else _("coming"),
        )
        for f in found
    ]
    table(columns, rows)
