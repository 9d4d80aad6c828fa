"""What other rules change about the past, as a terminal and as scripts read it."""

import json as json_module
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from daemon.cli.context import words
from daemon.cli.output import jsonable, plain
from daemon.cli.shown import local
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.app.past import Past
    from daemon.history.findings import Change, Difference, Finding, Known, Undecided


def tell(past: "Past", found: "Iterator[Finding]", zone: str) -> "tuple[Counter[Change], set[str]]":
    """A line for each, as it is found, with the time in `zone`, and the sum; the counts and the
    references."""
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
            typer.echo(_difference(finding, zone))
        elif isinstance(finding, Undecided):
            undecided += 1
            typer.echo(_undecided(finding, zone))
    typer.echo(summary(counts))
    with past.store.read() as tx:
        earlier = whole.of_earlier_rules(tx, past.rules)
    if earlier:
        typer.echo(_("{number} exchanges were judged by earlier rules").format(number=earlier))
    if undecided:
        told = _("{number} can't be judged again, and stay as they are")
        typer.echo(told.format(number=undecided))
    return counts, refs


def summary(counts: "Counter[Change]") -> str:
    """The sum, as one line."""
    from daemon.history.findings import Change

    _ = words()
    told = _("+{recorded} recorded, −{hidden} hidden, {reclassified} re-classified")
    return told.format(
        recorded=counts[Change.RECORDED],
        hidden=counts[Change.HIDDEN],
        reclassified=counts[Change.RECLASSIFIED],
    )


_SIGNS = {"recorded": ("+", "green"), "hidden": ("−", "red"), "re-classified": ("~", "yellow")}


def _difference(found: "Difference", zone: str) -> str:
    sign, colour = _SIGNS[found.change]
    # A list, for parts may be empty.
    parts = [_known(found.known, zone), _shifts(found), _by(found)]
    return f"{typer.style(sign, fg=colour)} {': '.join(part for part in parts if part)}"


def _undecided(found: "Undecided", zone: str) -> str:
    _ = words()
    what = f" ({', '.join(found.what)})" if found.what else ""
    told = _("stays as it is, {why}").format(why=_(_WHY[found.why]))
    return f"? {_known(found.known, zone)}: {plain(told + what)}"


def _known(known: "Known", zone: str) -> str:
    _ = words()
    ref = known.ref or _("(new)")
    when = local(known.happened_at, zone)
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


# --- for scripts --------------------------------------------------------------------------------


def tell_json(past: "Past", found: "Iterator[Finding]") -> None:
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
