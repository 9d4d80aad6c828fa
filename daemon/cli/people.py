"""Third parties: from files, and whom staff write with most."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.acting import For, acting
from daemon.cli.context import Trouble, built, settings, words
from daemon.cli.exchanges import third_party
from daemon.cli.output import Json, as_json, plain, table, tell_troubles
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.directory.importing import Report
    from rules.model.wire import ImportRow

# A spreadsheet of every third party of a large company is some megabytes.
_LARGEST = 64 * 1024 * 1024


def add(app: typer.Typer) -> None:
    """These commands."""
    imports = typer.Typer(no_args_is_help=True, help=mark("Bring data in from files."))
    imports.command(
        "third-parties", help=mark("Third parties and contacts from a CSV file, or vCards.")
    )(import_third_parties)
    # One command must not become the group itself.
    imports.callback()(_group)
    app.add_typer(imports, name="import")
    suggest = typer.Typer(no_args_is_help=True, help=mark("Ideas from what the mailboxes hold."))
    suggest.command(
        "third-parties",
        help=mark("The outside domains and people that staff write with most; nothing is stored."),
    )(suggest_third_parties)
    suggest.callback()(_group)
    app.add_typer(suggest, name="suggest")


def _group() -> None:
    """Keeps a group a group though it has one command."""


class _DryRun(Exception):
    """Ends the transaction of a dry run."""


def _end(*, dry_run: bool) -> None:
    if dry_run:
        raise _DryRun


def import_third_parties(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|FILE.vcf")],
    *,
    into: Annotated[
        str,
        typer.Option(
            "--into", metavar="PARTY", help=mark("All contacts of the file are this one's.")
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=mark("Say what would be done."))
    ] = False,
    by: For = "",
    json: Json = False,
) -> None:
    """`suivi import third-parties FILE`: safe to repeat; a bad line stops no other."""
    from daemon.directory import importing

    rows = _rows(file)
    with suppress(_DryRun), acting(context, by) as (tx, who):
        party = third_party(tx, into) if into else None
        report = importing.put_all(tx, who, rows, party)
        _end(dry_run=dry_run)
    if json:
        as_json(_told(report))
    else:
        _tell(report, dry_run=dry_run)
    troubles = [line for line in report.lines if line.problem]
    for line in sorted(troubles, key=lambda one: one.became != "note"):
        typer.echo(f"suivi: {file.name}:{line.line}: {plain(line.problem)}", err=True)
    if any(line.became == "problem" for line in troubles):
        raise typer.Exit(1)


def _rows(file: Path) -> "Sequence[ImportRow]":
    from connectors import csvfile, vcard

    _ = words()
    if file.stat().st_size > _LARGEST:
        raise Trouble(_("{file} is too large for a list of third parties").format(file=file))
    data = file.read_bytes()
    is_card = file.suffix.lower() in (".vcf", ".vcard")
    return vcard.read(data) if is_card else csvfile.read(data)


def _told(report: "Report") -> dict[str, object]:
    """As scripts read it."""
    return {
        "third_parties": report.third_parties,
        "new": report.new,
        "contacts": report.contacts,
        "problems": [
            f"{one.line}: {one.problem}" for one in report.lines if one.became == "problem"
        ],
        "notes": [f"{one.line}: {one.problem}" for one in report.lines if one.became == "note"],
        "rows": report.lines,
    }


def _tell(report: "Report", *, dry_run: bool) -> None:
    _ = words()
    done = (
        _("Would be imported: {parties} third parties ({new} new), {contacts} contacts.")
        if dry_run
        else _("Imported: {parties} third parties ({new} new), {contacts} contacts.")
    )
    typer.echo(done.format(parties=report.third_parties, new=report.new, contacts=report.contacts))


def suggest_third_parties(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=mark("How many at most."))] = 20,
    json: Json = False,
) -> None:
    """`suivi suggest third-parties`"""
    _ = words()
    suggestions = built(settings(context, servers=True), looks_only=True).suggest(limit)
    if json:
        as_json(suggestions.found)
    else:
        columns = (_("domain or person"), _("received"), _("sent"), _("people"))
        rows = [(s.name, s.received, s.sent, ", ".join(s.people)) for s in suggestions.found]
        table(columns, rows)
    tell_troubles(suggestions.troubles)
    if suggestions.troubles:
        raise typer.Exit(1)
