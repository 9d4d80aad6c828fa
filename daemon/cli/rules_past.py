"""The past under other rules: `suivi rules diff` shows what would change, `suivi rules apply` does
it (spec §7)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from daemon.cli.bars import bars
from daemon.cli.context import Trouble, store, words
from daemon.cli.output import Json, tell_troubles
from daemon.cli.rules_findings import summary, tell, tell_json
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.app.past import Past
    from daemon.config import Settings
    from daemon.history.findings import Change
    from daemon.store import Store
    from rules.ruleset import RuleSet

Rules = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        metavar="DIR",
        help=mark("The directory of the rules files; without it, the configured one."),
    ),
]
Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], metavar="DATE", help=mark("Only what happened on that day or later.")
    ),
]


def add(group: typer.Typer) -> None:
    """These commands."""
    group.command(
        help=mark(
            "Judge the past by these rules and tell what would change; nothing changes. "
            "Exit code 1: a mailbox or calendar could not be read."
        )
    )(diff)
    group.command(
        help=mark("Bring the past in step with these rules: all that differs, or the chosen part.")
    )(apply)


def diff(
    context: typer.Context, *, rules: Rules = None, since: Since = None, json: Json = False
) -> None:
    """`suivi rules diff`"""
    from daemon.history.compare import compare

    with _judged(context, rules, since) as (loaded, past):
        found = compare(past.store, past.other, past.scope)
        if json:
            tell_json(past, found)
        else:
            tell(past, found, loaded.company.timezone)
        tell_troubles(past.troubles)
        if past.troubles:
            raise typer.Exit(1)


def apply(
    context: typer.Context,
    *,
    rules: Rules = None,
    since: Since = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help=mark("Only these: recorded, hidden or re-classified.")),
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option(metavar="REFERENCE", help=mark("Only this exchange, such as EXC-12.")),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help=mark("Do it without asking."))] = False,
) -> None:
    """`suivi rules apply`"""
    import sys

    from daemon.app.in_step import Choice
    from daemon.app.in_step import apply as bring
    from daemon.history.compare import chosen, compare

    _ = words()
    choice = Choice(_kinds(only or []), frozenset(ref.strip().upper() for ref in item or []))
    if not yes and not sys.stdin.isatty():
        raise Trouble(_("say --yes: there is nobody to ask here"))
    with _judged(context, rules, since) as (loaded, past):
        found = (
            finding
            for finding in compare(past.store, past.other, past.scope)
            if chosen(finding, choice.only, choice.items)
        )
        counts, refs = tell(past, found, loaded.company.timezone)
        tell_troubles(past.troubles)
        if unknown := sorted(choice.items - refs):
            told = _("nothing of this differs: {references}")
            raise Trouble(told.format(references=", ".join(unknown)))
        if not yes and counts and not typer.confirm(_("Do this?")):
            raise typer.Exit(1)
        done = bring(past, choice, f"rules:{past.rules}")
        typer.echo(_("Done: {summary}.").format(summary=summary(done.counts)))
        if past.troubles:
            raise typer.Exit(1)


@contextmanager
def _judged(
    context: typer.Context, rules: Path | None, since: datetime | None
) -> "Iterator[tuple[Settings, Past]]":
    """The past under the rules of that directory; a mistake in them ends the command."""
    from daemon.app.past import Question, judged_anew, servers_of
    from daemon.app.secret import master_key
    from daemon.store import installation

    _ = words()
    with store(context, servers=True) as (loaded, opened), bars() as progress:
        ruleset = rules_of(loaded, opened, rules)
        with opened.read() as tx:
            if installation.get(tx).observing:
                raise Trouble(
                    _("suivi only observes: there is no past yet; `suivi release` judges it all")
                )
        asked = Question(
            settings=loaded,
            store=opened,
            ruleset=ruleset,
            secret=master_key(loaded),
            servers=servers_of(loaded, ruleset),
            progress=progress.tell,
            since=since and since.replace(tzinfo=ZoneInfo(loaded.company.timezone)),
        )
        with judged_anew(asked) as past:
            progress.stop()
            yield loaded, past


def rules_of(loaded: "Settings", opened: "Store", directory: Path | None) -> "RuleSet":
    """The rules of that directory; their mistakes end the command."""
    from daemon.app.other_rules import BadRules, other_rules
    from daemon.i18n import of_environment

    try:
        return other_rules(loaded, opened, directory, of_environment())
    except BadRules as error:
        tell_troubles(error.lines)
        raise typer.Exit(1) from error


def _kinds(only: list[str]) -> "frozenset[Change]":
    from daemon.history.findings import Change

    _ = words()
    names = {change.value: change for change in Change}
    for name in only:
        if name not in names:
            told = _("'{kind}' is none of these: {kinds}")
            raise Trouble(told.format(kind=name, kinds=", ".join(names)))
    return frozenset(names[name] for name in only)
