"""Rules files: which are in force."""

from typing import TYPE_CHECKING

import typer

from daemon.cli.context import store, tell_refused, words
from daemon.cli.output import Json, as_json, plain, table
from daemon.i18n import mark, of_environment

if TYPE_CHECKING:
    from daemon.rulefiles.listing import Listing


def add(group: typer.Typer) -> None:
    """`suivi rules list`"""
    group.command("list", help=mark("The rules in force, their fingerprint, and since when."))(
        list_rules
    )


def list_rules(context: typer.Context, *, json: Json = False) -> None:
    """`suivi rules list`: exit code 1 while the saved rules are refused."""
    from daemon.app.rules import source_of
    from daemon.rulefiles.listing import listing
    from daemon.rulefiles.mistake import lines

    with store(context) as (loaded, opened):
        found = listing(opened, source_of(loaded))
    mistakes = lines(found.mistakes, of_environment())
    if json:
        as_json(
            {
                "directory": str(loaded.rules_folder),
                "fingerprint": found.fingerprint,
                "since": found.since,
                "files": found.files,
                "rules": [
                    {"name": r.name, "file": r.place.file, "line": r.place.line, "phase": r.phase}
                    for r in found.rules
                ],
                "mistakes": mistakes,
                "waits": found.waits,
            }
        )
    else:
        _show(found)
        tell_refused(str(loaded.rules_folder), mistakes)
    if mistakes:
        raise typer.Exit(1)


def _show(found: "Listing") -> None:
    _ = words()
    phases = {"headers": _("headers"), "text": _("text")}
    rows = [(r.name, f"{r.place.file}:{r.place.line}", phases[r.phase]) for r in found.rules]
    table((_("rule"), _("place"), _("decided from")), rows)
    if found.since is not None:
        in_force(len(found.rules), len(found.files), str(found.since), found.fingerprint)
    if found.waits:
        typer.echo(_("What is saved is good, and comes into force when the daemon reads it."))


def in_force(rules: int, files: int, since: str, fingerprint: str) -> None:
    """The line about the set in force."""
    _ = words()
    said = _("{rules} rules in {files} files are in force since {since} ({fingerprint}).")
    said = said.format(rules=rules, files=files, since=since, fingerprint=fingerprint)
    typer.echo(plain(said))
