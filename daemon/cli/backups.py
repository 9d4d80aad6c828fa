"""Backups: taken beside the running daemon, restored without one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.context import Trouble, settings, words
from daemon.cli.output import Json, as_json, plain
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.app.safekeeping import Taken


def add(app: typer.Typer) -> None:
    """These commands."""
    app.command(help=mark("Back the database up, while the daemon runs or not."))(backup)
    app.command(help=mark("Put a backup in the place of the database; the daemon is stopped."))(
        restore
    )


def backup(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help=mark("A new file; it replaces nothing.")),
    ] = None,
    *,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="DIRECTORY", help=mark("Into this directory, named by the time.")
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help=mark("With --to: keep the newest N, delete others.")),
    ] = None,
    json: Json = False,
) -> None:
    """`suivi backup FILE`, `suivi backup --to DIRECTORY --keep N`"""
    from daemon.app.safekeeping import back_up, back_up_to

    _ = words()
    if (file is None) == (to is None) or (keep is not None and to is None):
        raise Trouble(_("say where to: suivi backup FILE, or suivi backup --to DIRECTORY --keep N"))
    loaded = settings(context)
    if file is not None:
        taken = back_up(loaded, file)
    else:
        assert to is not None  # noqa: S101  one of them is there
        taken = back_up_to(loaded, to, keep or 14)
    if json:
        as_json({**_as_data(taken), "gone": taken.gone})
        return
    told = _("{file}: {size} MB, version {version}, {number} exchanges; read back and whole")
    size = f"{taken.file.stat().st_size / 1e6:.1f}"
    number = taken.manifest.rows.get("exchange", 0)
    shown = told.format(file=taken.file, size=size, version=taken.manifest.version, number=number)
    typer.echo(plain(shown))
    for path in taken.gone:
        typer.echo(plain(_("deleted: {file}").format(file=path)))


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=mark("A backup of suivi."))],
    *,
    replace: Annotated[
        bool,
        typer.Option("--replace", help=mark("In the place of a database that is there.")),
    ] = False,
    other_key: Annotated[
        bool,
        typer.Option("--other-key", help=mark("The installation's key is lost: go on without.")),
    ] = False,
) -> None:
    """`suivi restore FILE`"""
    from daemon.app.safekeeping import restore_from
    from daemon.backup.restore import Words

    _ = words()
    done = restore_from(settings(context), file, Words(replace, other_key))
    told = _("restored: the state of {when}, version {version}, {number} exchanges")
    manifest = done.manifest
    shown = told.format(
        when=f"{manifest.taken_at:%Y-%m-%d %H:%M} UTC",
        version=manifest.version,
        number=manifest.rows.get("exchange", 0),
    )
    typer.echo(plain(shown))
    if done.aside is not None:
        typer.echo(plain(_("the database of before: {file}").format(file=done.aside)))
    typer.echo(
        _(
            "Start suivi: it reads what has happened since, and sends and writes nothing until"
            " `suivi release`."
        )
    )


def _as_data(taken: "Taken") -> dict[str, object]:
    from dataclasses import asdict

    return {"file": taken.file, **asdict(taken.manifest)}
