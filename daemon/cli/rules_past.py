"""The past under other rules: `suivi rules diff` shows what would change, `suivi rules apply` does
it (spec §7)."""

import json as json_module
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from daemon.cli.context import Trouble, settings, words
from daemon.cli.output import Json, jsonable, plain
from daemon.cli.shown import local
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.app.past import Past
    from daemon.config import Settings
    from daemon.history.findings import Change, Difference, Finding, Known, Undecided
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
            _as_json(past, found)
        else:
            _tell(loaded, past, found)
        _say_troubles(past)
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
        counts, refs = _tell(loaded, past, found)
        _say_troubles(past)
        if unknown := sorted(choice.items - refs):
            told = _("nothing of this differs: {references}")
            raise Trouble(told.format(references=", ".join(unknown)))
        if not yes and counts and not typer.confirm(_("Do this?")):
            raise typer.Exit(1)
        done = bring(past, choice, f"rules:{past.rules}")
        typer.echo(_("Done: {summary}.").format(summary=_summary(done.counts)))
        if past.troubles:
            raise typer.Exit(1)


@contextmanager
def _judged(
    context: typer.Context, rules: Path | None, since: datetime | None
) -> "Iterator[tuple[Settings, Past]]":
    """The past under the rules of that directory; a mistake in them ends the command."""
    from daemon.app.past import Question, judged_anew, servers_of
    from daemon.app.secret import master_key
    from daemon.store import installation, open_store

    _ = words()
    loaded = settings(context, servers=True)
    store = open_store(loaded.database_url)
    try:
        ruleset = rules_of(loaded, store, rules)
        with store.read() as tx:
            if installation.get(tx).observing:
                raise Trouble(
                    _("suivi only observes: there is no past yet; `suivi release` judges it all")
                )
        with _progress() as progress:
            asked = Question(
                settings=loaded,
                store=store,
                ruleset=ruleset,
                secret=master_key(loaded),
                servers=servers_of(loaded, ruleset),
                progress=progress.tell,
                since=since and since.replace(tzinfo=ZoneInfo(loaded.company.timezone)),
            )
            with judged_anew(asked) as past:
                progress.stop()
                yield loaded, past
    finally:
        store.close()


def rules_of(loaded: "Settings", store: "Store", directory: Path | None) -> "RuleSet":
    """The rules of that directory; their mistakes end the command."""
    from daemon.app.other_rules import BadRules, other_rules
    from daemon.i18n import of_environment

    try:
        return other_rules(loaded, store, directory, of_environment())
    except BadRules as error:
        for line in error.lines:
            typer.echo(f"suivi: {plain(line)}", err=True)
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


# --- for people ---------------------------------------------------------------------------------


def _tell(
    loaded: "Settings", past: "Past", found: "Iterator[Finding]"
) -> "tuple[Counter[Change], set[str]]":
    """A line for each, as it is found, and the sum; the counts and the references."""
    from daemon.history.findings import Difference, Undecided
    from daemon.store import whole

    _ = words()
    counts: Counter[Change] = Counter()
    refs: set[str] = set()
    undecided = 0
    for finding in found:
        if isinstance(finding, Difference):
            counts[finding.change] += 1
            refs.add(finding.known.ref)
            typer.echo(_difference(loaded, finding))
        elif isinstance(finding, Undecided):
            undecided += 1
            typer.echo(_undecided(loaded, finding))
    typer.echo(_summary(counts))
    with past.store.read() as tx:
        earlier = whole.of_earlier_rules(tx, past.rules)
    if earlier:
        typer.echo(_("{number} exchanges were judged by earlier rules").format(number=earlier))
    if undecided:
        told = _("{number} can't be judged again, and stay as they are")
        typer.echo(told.format(number=undecided))
    return counts, refs


def _summary(counts: "Counter[Change]") -> str:
    from daemon.history.findings import Change

    _ = words()
    told = _("+{recorded} recorded, −{hidden} hidden, {reclassified} re-classified")
    return told.format(
        recorded=counts[Change.RECORDED],
        hidden=counts[Change.HIDDEN],
        reclassified=counts[Change.RECLASSIFIED],
    )


_SIGNS = {"recorded": ("+", "green"), "hidden": ("−", "red"), "re-classified": ("~", "yellow")}


def _difference(loaded: "Settings", found: "Difference") -> str:
    sign, colour = _SIGNS[found.change]
    # A list, for parts may be empty.
    parts = [_known(loaded, found.known), _shifts(found), _by(found)]
    return f"{typer.style(sign, fg=colour)} {': '.join(part for part in parts if part)}"


def _undecided(loaded: "Settings", found: "Undecided") -> str:
    _ = words()
    what = f" ({', '.join(found.what)})" if found.what else ""
    told = _("stays as it is, {why}").format(why=_(_WHY[found.why]))
    return f"? {_known(loaded, found.known)}: {plain(told + what)}"


def _known(loaded: "Settings", known: "Known") -> str:
    _ = words()
    ref = known.ref or _("(new)")
    when = local(known.happened_at, loaded.company.timezone)
    way = {"inbound": _("inbound"), "outbound": _("outbound")}[known.direction]
    return plain(f"{ref} {when} {known.source} {way} {', '.join(known.parties)}".rstrip())


def _shifts(found: "Difference") -> str:
    told = [
        f"{shift.what} {shift.before or '–'} → {shift.after or '–'}"
        if shift.before or shift.after
        else shift.what
        for shift in found.shifts
    ]
    return plain(", ".join(told))


def _by(found: "Difference") -> str:
    """The rules that cause it; for want of one, the step that decided."""
    _ = words()
    told = []
    if found.fired:
        told.append(_("by {rules}").format(rules=_quoted(found.fired)))
    if found.fell_away:
        told.append(_("no more by {rules}").format(rules=_quoted(found.fell_away)))
    if not told and found.step is not None:
        told.append(f"{found.step.question} {found.step.answer} {found.step.evidence}".strip())
    if not told and found.change == "recorded":
        told.append(_("no rule keeps it out any more"))
    return plain(", ".join(told))


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


_WHY = {
    "edited": mark("for a person changed it"),
    "reminded": mark("for somebody was reminded of what it opened"),
    "gone": mark("for the message is gone from its mailbox"),
    "unreachable": mark("for its account could not be read"),
    "retired": mark("for its account is not configured any more"),
    "unreadable": mark("for the message can't be read any more"),
    "not-answered": mark("for the server did not give the message"),
    "too-old": mark("for it is older than what is read"),
    "thread": mark("for a part of its thread can't be judged again"),
    "directory": mark("for no rule, but the directory, would change it"),
    "present-time": mark("for a rule asks what time it is now"),
}


def _say_troubles(past: "Past") -> None:
    for trouble in past.troubles:
        typer.echo(f"suivi: {plain(trouble)}", err=True)


# --- for scripts --------------------------------------------------------------------------------


def _as_json(past: "Past", found: "Iterator[Finding]") -> None:
    """One document, written as it is found: `rules` is the fingerprint; `differences` and
    `undecided` lie in `findings`, in the order in which they are found, each with its `finding`;
    `counts` by change; `troubles` are accounts that could not be read."""
    from daemon.history.findings import Difference, Undecided

    counts: Counter[str] = Counter()
    typer.echo(f'{{"rules": {json_module.dumps(past.rules)}, "findings": [', nl=False)
    first = True
    for finding in found:
        if not isinstance(finding, Difference | Undecided):
            continue
        is_difference = isinstance(finding, Difference)
        counts[finding.change.value if isinstance(finding, Difference) else "undecided"] += 1
        row = {"finding": "difference" if is_difference else "undecided", **_row(finding)}
        text = json_module.dumps(row, default=jsonable, ensure_ascii=False)
        typer.echo(f"{'' if first else ','}\n{text}", nl=False)
        first = False
    rest = {"counts": counts, "troubles": past.troubles}
    typer.echo("\n], " + json_module.dumps(rest, default=jsonable, ensure_ascii=False)[1:])


def _row(finding: "Difference | Undecided") -> dict[str, Any]:
    from daemon.history.findings import Difference

    known = {
        "reference": finding.known.ref,
        "happened_at": finding.known.happened_at,
        "source": finding.known.source,
        "direction": finding.known.direction,
        "third_parties": finding.known.parties,
    }
    if not isinstance(finding, Difference):
        return {**known, "why": finding.why, "what": finding.what}
    return {
        **known,
        "change": finding.change,
        "shifts": finding.shifts,
        "fired": finding.fired,
        "fell_away": finding.fell_away,
        "reason": finding.reason,
    }


# --- progress -----------------------------------------------------------------------------------


class _Bars:
    """How far reading has come, on stderr; nothing where that is no terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[tuple[str, str], Any] = {}
        self._bars.start()

    def tell(self, account: str, folder: str, done: int, total: int) -> None:
        """See `daemon.app.parts.Progress`."""
        key = (account, folder)
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(plain(f"{account}: {folder}"), total=total)
        self._bars.update(self._tasks[key], completed=done, total=total)

    def stop(self) -> None:
        """All is read."""
        self._bars.stop()


@contextmanager
def _progress() -> Iterator[_Bars]:
    bars = _Bars()
    try:
        yield bars
    finally:
        bars.stop()
