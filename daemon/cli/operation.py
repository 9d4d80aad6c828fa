"""What an operator needs: check, db upgrade, report."""

from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.context import prepare, settings, store, words
from daemon.cli.output import Json, as_json, plain, table
from daemon.i18n import mark, of_environment

if TYPE_CHECKING:
    from daemon.app.checkup import Asked
    from daemon.store import Tx


def add(app: typer.Typer) -> None:
    """These commands."""
    app.command(help=mark("Try every account, server and the database, and say what to do."))(check)
    app.command(help=mark("What was judged, day by day: what observing would have recorded."))(
        report
    )
    database = typer.Typer(no_args_is_help=True, help=mark("The database."))
    database.command(help=mark("Make the database, or bring it to this version."))(upgrade)
    database.command(
        "other-key", help=mark("The installation's key is lost: go on with another one.")
    )(other_key)
    app.add_typer(database, name="db")


def check(
    context: typer.Context,
    mail_to: Annotated[
        str | None,
        typer.Option("--mail", metavar="ADDRESS", help=mark("Send a test mail there.")),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option("--timeout", min=0.1, help=mark("Seconds that one server has to answer.")),
    ] = 30,
    *,
    no_write: Annotated[
        bool,
        typer.Option("--no-write", help=mark("Don't try to write into calendars.")),
    ] = False,
    json: Json = False,
) -> None:
    """`suivi check`: exit code 0 also with warnings, 1 where something does not work."""
    from daemon import clock
    from daemon.app.checkup import Asked
    from daemon.config import ConfigError

    try:
        loaded = settings(context, servers=True, quiet=True)
    except ConfigError as error:
        if json:
            as_json([_misconfigured(line) for line in str(error).splitlines()])
        raise
    asked = Asked(loaded, clock.now, of_environment(), seconds, not no_write, mail_to)
    if not tried(asked, json=json):
        raise typer.Exit(1)


def tried(asked: "Asked", *, json: bool = False) -> bool:
    """Check everything and show each line as it comes; whether all works."""
    from daemon.app.checkup import Health, checkup

    lines = []
    for line in checkup(asked):
        lines.append(line)
        if not json:
            sign = {"ok": "✓", "warning": "!", "bad": "✗"}[line.health]
            typer.echo(f"{sign} {plain(line.what)}: {plain(line.detail)}")
    if json:
        as_json(lines)
    return all(line.health is not Health.BAD for line in lines)


def _misconfigured(line: str) -> dict[str, str]:
    return {"area": "configuration", "name": "", "health": "bad", "detail": line}


def other_key(context: typer.Context) -> None:
    """`suivi db other-key`"""
    from daemon import clock
    from daemon.store import installation

    _ = words()
    with store(context) as (_loaded, opened), opened.write() as tx:
        installation.forget_key(tx, clock.now())
    typer.echo(
        _(
            "The next start takes the key that it finds. Links in mails of before do nothing any"
            " more, and what people wanted kept out may be recorded again."
        )
    )


def upgrade(
    context: typer.Context,
    *,
    without_backup: Annotated[
        bool,
        typer.Option("--without-backup", help=mark("Take no backup of the older database first.")),
    ] = False,
) -> None:
    """`suivi db upgrade`"""
    _ = words()
    before, after = prepare(settings(context), backup=not without_backup)
    if before == after:
        typer.echo(_("The database is at version {version} already.").format(version=after))
        return
    done = _("The database went from version {before} to {after}.")
    typer.echo(done.format(before=before or "–", after=after))


def report(
    context: typer.Context,
    *,
    json: Json = False,
) -> None:
    """`suivi report`"""
    from daemon.store import folders

    _ = words()
    with store(context) as (_settings, opened), opened.read() as tx:
        names = _places(tx)
        rows = [
            {
                "place": names.get((tally.place, tally.place_id), tally.place),
                "day": tally.day,
                "verdict": tally.verdict,
                "reason": tally.reason,
                "count": tally.count,
            }
            for tally in folders.tallies(tx)
        ]
    if json:
        as_json(rows)
        return
    columns = (_("place"), _("day"), _("verdict"), _("reason"), _("number"))
    table(columns, [tuple(row.values()) for row in rows])


def _places(tx: "Tx") -> dict[tuple[str, int], str]:
    """Folders and calendars by kind and id, as an admin names them."""
    from daemon.store import accounts, calendars, folders

    names: dict[tuple[str, int], str] = {}
    for account in accounts.statuses(tx):
        for folder in folders.of(tx, account.id):
            names["folder", folder.id] = f"{account.name}: {folder.name}"
        for calendar in calendars.of(tx, account.id):
            names["calendar", calendar.id] = f"{account.name}: {calendar.name}"
    return names
