"""What rules would make of one mail or event, step by step (spec §7)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.context import Trouble, words
from daemon.cli.context import store as opening
from daemon.cli.output import Json, as_json, plain, tell_troubles
from daemon.cli.rules_past import Rules, rules_of
from daemon.cli.shown import who
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.app.trial import Tested, Trying
    from daemon.config import Settings
    from daemon.store import Store
    from rules.firing import Tried
    from rules.model.decisions import Decision
    from rules.model.exchanges import Draft
    from rules.model.rules import Place, Test


def add(group: typer.Typer) -> None:
    """These commands."""
    group.command(
        help=mark(
            "Show step by step what the rules would make of a mail or event: a file (.eml, .ics), "
            "or a message that a mailbox has. Nothing is stored."
        )
    )(test)


def test(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|MESSAGE-ID", help=mark("A file with a mail or events, or a Message-ID.")
        ),
    ],
    *,
    rules: Rules = None,
    account: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=mark("As if the file lay in this configured mailbox or calendar account."),
        ),
    ] = None,
    folder: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=mark("As if it lay in this folder or calendar.")),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help=mark("Show rules too that are about something else."))
    ] = False,
    json: Json = False,
) -> None:
    """`suivi rules test FILE|MESSAGE-ID`"""
    is_file = Path(what).is_file()
    with opening(context, servers=not is_file) as (loaded, store):
        trying = _trying(loaded, store, rules, account, folder)
        found, troubles = _in_file(trying, what) if is_file else _in_mailboxes(trying, what)
        if json:
            as_json([_row(store, one) for one in found])
        else:
            for one in found:
                _tell(store, one, every=every)
    if troubles:
        tell_troubles(troubles)
        raise typer.Exit(1)


Found = tuple["list[Tested]", list[str]]
"""What was tried, and what could not be asked."""


def _in_file(trying: "Trying", file: str) -> Found:
    from connectors.errors import Unreadable
    from daemon.app.trial import NotTried

    _ = words()
    try:
        return list(trying.file(Path(file))), []
    except Unreadable as error:
        raise Trouble(_("{file}: can't be read: {why}").format(file=file, why=error)) from error
    except NotTried as error:
        raise Trouble(str(error)) from error


def _in_mailboxes(trying: "Trying", message_id: str) -> Found:
    _ = words()
    troubles: list[str] = []
    found = list(trying.message_id(_id(message_id), troubles.append))
    if not found:
        hint = _("nothing is known of {text}, and no mailbox has it").format(text=message_id)
        raise Trouble("; ".join(troubles) or hint)
    return found, troubles


def _id(what: str) -> str:
    _ = words()
    if "@" not in what:
        raise Trouble(_("{file}: there is no such file, nor is it a Message-ID").format(file=what))
    return what


def _trying(
    loaded: "Settings", store: "Store", rules: Path | None, account: str | None, folder: str | None
) -> "Trying":
    from daemon.app.past import servers_of
    from daemon.app.rules import options_of, own_domains
    from daemon.app.secret import master_key
    from daemon.app.trial import Trying
    from daemon.rulebook import Rulebook

    ruleset = rules_of(loaded, store, rules)
    zone = loaded.company.timezone
    rulebook = Rulebook(store, ruleset, own_domains(loaded), options_of(loaded), zone)
    login = servers_of(loaded, ruleset).mailbox
    secret = master_key(loaded)
    return Trying(loaded, store, rulebook.in_force(), secret, login, account, folder)


# --- for people ---------------------------------------------------------------------------------


def _tell(store: "Store", one: "Tested", *, every: bool) -> None:
    _ = words()
    trial = one.trial
    typer.echo(typer.style(plain(one.what) or _("(no subject)"), bold=True))
    told = _("  as in {place} of {account}") if one.account else _("  as in {place} of no account")
    where = told.format(place=plain(one.place), account=plain(one.account))
    if one.owner:
        where += f" ({plain(one.owner)})"
    if one.guessed:
        where += _("; --account and --folder say otherwise")
    typer.echo(where)
    for step in trial.decision.trace:
        if step.question != "rule":
            evidence = f" – {plain(step.evidence)}" if step.evidence else ""
            typer.echo(f"  {plain(step.question)}: {plain(step.answer)}{evidence}")
    for line in _candidates(store, one):
        typer.echo(f"  {line}")
    for line in _rules(trial.tried, every=every):
        typer.echo(f"  {line}")
    verdict = f"{trial.decision.verdict} ({trial.decision.reason})"
    colour = {"record": "green", "ignore": "red"}.get(trial.decision.verdict, "yellow")
    typer.echo(f"  → {typer.style(verdict, fg=colour)}")
    for name, value in _outcome(store, one).items():
        typer.echo(f"    {name}: {plain(_flat(value))}")


def _candidates(store: "Store", one: "Tested") -> Iterator[str]:
    from daemon.app.trial import codes
    from rules import trying

    _ = words()
    names, either = codes(store, one.trial), _(" or ")
    for address, result in one.trial.candidates:
        known = [names.get(party, str(party)) for party in trying.parties(result)]
        by = getattr(result, "by", "")
        said = f"{either.join(known)} ({by})" if known else _("nobody that we know")
        yield plain(f"{address.email}: {said}")


_COLOURS = {"fired": ("✓", "green"), "missed": ("✗", "yellow")}


def _rules(tried: "Sequence[Tried]", *, every: bool) -> Iterator[str]:
    from rules.firing import Outcome
    from rules.trying import just_missed

    _ = words()
    left_out = 0
    for one in tried:
        if one.outcome is Outcome.MISSED and not every and not just_missed(one):
            left_out += 1
            continue
        sign, colour = _COLOURS.get(one.outcome, ("·", None))
        shown = plain(f"'{one.rule.name}' ({_place(one.rule.place)})")
        yield f"{typer.style(sign, fg=colour)} {shown}: {plain(_said(one))}"
    if left_out:
        yield _("{number} rules are about something else: --all shows them").format(number=left_out)


def _said(one: "Tried") -> str:
    from rules.firing import Outcome

    _ = words()
    if one.outcome is Outcome.FIRED:
        return _("fires, and ends the rules after it") if one.rule.stop else _("fires")
    if one.outcome is Outcome.STOPPED:
        return _("not asked, for '{rule}' ended the rules").format(rule=one.by)
    if one.outcome is Outcome.NOT_ASKED:
        return _("not asked, for the text is not read")
    failed = ", ".join(f"{test.word} ({_place(test.place)})" for test in one.failed[:5])
    return _("does not fire, for {conditions}").format(conditions=failed)


def _place(place: "Place") -> str:
    return f"{place.file}:{place.line}:{place.column}"


def _flat(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


# --- what would be recorded ---------------------------------------------------------------------


def _outcome(store: "Store", one: "Tested") -> dict[str, Any]:
    """What would be stored, by names of fields; nothing that is empty."""
    from rules.model.decisions import AwaitReply, OpenFollowUp, RecordExchange

    told: dict[str, Any] = {}
    for effect in one.trial.decision.effects:
        if isinstance(effect, RecordExchange):
            told |= _exchange(store, effect.draft)
        elif isinstance(effect, OpenFollowUp):
            told.setdefault("follow_ups", []).append(_planned(effect.draft))
        elif isinstance(effect, AwaitReply):
            told.setdefault("waits_for_reply", []).append(effect.rule)
    if one.trial.adopted is not None:
        told["adopted"] = _planned(one.trial.adopted)
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def _planned(draft: Any) -> str:
    return f"{draft.title} ({draft.when.start.isoformat()})"


def _exchange(store: "Store", draft: "Draft") -> dict[str, Any]:
    from daemon.store import people

    with store.read() as tx:
        parties = [people.get_third_party(tx, party) for party in draft.third_parties]
        users = people.users(tx)
    helpers = [users[user].name for user in draft.collaborators if user in users]
    return {
        "third_parties": [f"{party.name} ({party.code})" for party in parties if party],
        "direction": draft.direction.value,
        "mode": draft.mode,
        "purpose": draft.purpose,
        "level": draft.level.name.lower(),
        "kind": draft.kind.value if draft.kind else None,
        "author": who(users, [draft.author] if draft.author else []),
        "collaborators": helpers,
        "products": list(draft.products),
        "tags": list(draft.tags),
        "elements": [f"{e.type} {e.ref}" for e in (*draft.elements, *draft.elements_in_text)],
        "confidential": True if draft.confidential else None,
    }


# --- for scripts --------------------------------------------------------------------------------


def _row(store: "Store", one: "Tested") -> dict[str, Any]:
    """One trial: where it was tried, the steps, the candidates, every rule, and what would be
    recorded; described in docs/reference/rules-commands.md."""
    from daemon.app.trial import codes
    from rules import trying

    names = codes(store, one.trial)
    decision: Decision = one.trial.decision
    return {
        "account": one.account,
        "place": one.place,
        "owner": one.owner,
        "guessed": one.guessed,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "steps": decision.trace,
        "candidates": [
            {
                "address": address.email,
                "third_parties": [names.get(p, str(p)) for p in trying.parties(result)],
                "by": getattr(result, "by", None),
            }
            for address, result in one.trial.candidates
        ],
        "rules": [
            {
                "name": tried.rule.name,
                "place": _place(tried.rule.place),
                "outcome": tried.outcome,
                "just_missed": trying.just_missed(tried),
                "failed": [_failed(test) for test in tried.failed],
                "stopped_by": tried.by,
            }
            for tried in one.trial.tried
        ],
        "outcome": _outcome(store, one),
    }


def _failed(test: "Test") -> dict[str, str]:
    return {"word": test.word, "place": _place(test.place)}
