"""Reminders: what stands in the ledger, and what an admin does about one."""

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import reach
from daemon.cli.context import Trouble, ready_store, store, words
from daemon.cli.exchanges import person
from daemon.cli.output import Json, as_json, plain, table
from daemon.cli.refs import By, open_follow_ups
from daemon.cli.shown import local, who
from daemon.i18n import mark, of_environment

if TYPE_CHECKING:
    from daemon.store import Tx
    from daemon.store.ledger_desk import Line
    from rules.model.followups import LedgerEntry

Id = Annotated[int, typer.Argument(metavar="ID", min=1, help=mark("As `list` shows it."))]


class Shown(StrEnum):
    """Which reminders are listed: a state of the ledger, or several."""

    OPEN = "open"
    ALL = "all"
    DUE = "due"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SENT = "sent"
    VOID = "void"


def add(app: typer.Typer) -> None:
    """These commands."""
    group = typer.Typer(no_args_is_help=True, help=mark("The ledger of reminders."))
    group.command("list", help=mark("Reminders by state, those of the nearest time first."))(listed)
    group.command("due", help=mark("What is to be sent by now, or within so many hours."))(due)
    group.command("retry", help=mark("Try one now that failed or waits after a failure."))(retry)
    group.command("void", help=mark("One is not to be sent any more."))(void)
    app.add_typer(group, name="reminders")


def listed(
    context: typer.Context,
    *,
    state: Annotated[Shown, typer.Option(help=mark("Only those in this state."))] = Shown.OPEN,
    user: Annotated[str, typer.Option(metavar="EMAIL", help=mark("Only those of this user."))] = "",
    follow_up: Annotated[
        str,
        typer.Option(
            metavar="FU-12",
            help=mark("Only those of this follow-up."),
            autocompletion=open_follow_ups,
        ),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=10000, help=mark("How many at most."))] = 50,
    json: Json = False,
) -> None:
    """`suivi reminders list`"""
    from daemon.store import follow_ups
    from daemon.store.ledger_desk import OPEN, lines
    from rules.model.followups import LedgerState

    _ = words()
    several = {Shown.OPEN: OPEN, Shown.ALL: frozenset(LedgerState)}
    states = several.get(state) or frozenset({LedgerState(state)})
    with store(context) as (_loaded, opened), opened.read() as tx:
        of = follow_ups.by_ref(tx, follow_up) if follow_up else None
        if follow_up and of is None:
            raise Trouble(_("there is no follow-up {ref}").format(ref=plain(follow_up)))
        found = lines(
            tx,
            states=states,
            recipient=person(tx, user).id if user else None,
            of=of.id if of else None,
            limit=limit,
        )
        _show(tx, found, json=json)


def due(
    context: typer.Context,
    *,
    within: Annotated[
        float, typer.Option(metavar="HOURS", min=0, help=mark("Also those of the coming hours."))
    ] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10000, help=mark("How many at most."))] = 50,
    json: Json = False,
) -> None:
    """`suivi reminders due`"""
    from daemon import clock
    from daemon.store.ledger_desk import lines

    until = clock.now() + timedelta(hours=min(within, 24 * 366 * 10))
    with store(context) as (_loaded, opened), opened.read() as tx:
        _show(tx, lines(tx, until=until, limit=limit), json=json)


def retry(context: typer.Context, number: Id, *, by: By, json: Json = False) -> None:
    """`suivi reminders retry ID --by EMAIL`"""
    from daemon import clock
    from daemon.store import audit, ledger_desk

    _ = words()
    now = clock.now()
    with ready_store(context) as opened, opened.write() as tx:
        entry = _allowed(tx, number, by)
        if not ledger_desk.again(tx, entry.id, now):
            hint = _("reminder {id} is {state}: only one that failed, or waits after a failure")
            raise Trouble(hint.format(id=entry.id, state=entry.state))
        audit.note(tx, by, "retry reminder", f"reminder {entry.id}", now)
        found = _again(tx, entry)
    reach.daemon(context)
    _say(found, _("Reminder {id} is tried again now."), json=json)


def void(
    context: typer.Context,
    number: Id,
    *,
    why: Annotated[str, typer.Option(help=mark("Why; kept with it."))],
    by: By,
    json: Json = False,
) -> None:
    """`suivi reminders void ID --why TEXT --by EMAIL`"""
    from daemon import clock
    from daemon.store import audit, ledger, ledger_desk

    _ = words()
    now = clock.now()
    with ready_store(context) as opened, opened.write() as tx:
        entry = _allowed(tx, number, by)
        if entry.state not in ledger_desk.OPEN:
            hint = _("reminder {id} is {state} already")
            raise Trouble(hint.format(id=entry.id, state=entry.state))
        ledger.void(tx, entry.id, f"{by}: {' '.join(why.split())[:500]}")
        audit.note(tx, by, "void reminder", f"reminder {entry.id}", now)
        found = _again(tx, entry)
    _say(found, _("Reminder {id} will not be sent."), json=json)


def _again(tx: "Tx", entry: "LedgerEntry") -> "LedgerEntry":
    from daemon.store import ledger

    return ledger.get(tx, entry.id) or entry


def _say(entry: "LedgerEntry", text: str, *, json: bool) -> None:
    if json:
        as_json(_told(entry))
    else:
        typer.echo(text.format(id=entry.id))


def _allowed(tx: "Tx", number: int, by: str) -> "LedgerEntry":
    """The entry, which this user may act on: an admin, or whoever may edit the follow-up."""
    from daemon.store import follow_ups, ledger, people
    from rules import access
    from rules.access import Action
    from rules.model.followups import LedgerId

    _ = words()
    user = person(tx, by)
    entry = ledger.get(tx, LedgerId(number)) if number < 2**63 else None
    of = follow_ups.get(tx, entry.due.follow_up) if entry is not None else None
    if entry is None or of is None:
        raise Trouble(_("there is no reminder {id}").format(id=number))
    groups = people.groups(tx)
    admin = access.may(user, groups, Action.CONFIGURE)
    if not admin and not access.may(user, groups, Action.EDIT_FOLLOW_UP, access.facts_of(of)):
        raise Trouble(_("{email} has no right to do this").format(email=user.email))
    return entry


def _show(tx: "Tx", found: "tuple[Line, ...]", *, json: bool) -> None:
    from daemon.store import people

    if json:
        as_json(
            [
                {
                    **_told(line.entry),
                    "title": line.title,
                    "void_reason": line.void_reason,
                    "sent_at": line.sent_at,
                }
                for line in found
            ]
        )
        return
    from daemon.reasons import said

    _, language = words(), of_environment()
    users = people.users(tx)
    columns = (_("id"), _("when"), _("state"), _("who"), _("follow-up"), _("title"), _("why"))
    rows = [
        (
            line.entry.id,
            local(line.entry.due.at, users[line.entry.due.recipient].timezone),
            line.entry.state,
            who(users, [line.entry.due.recipient]),
            f"FU-{line.entry.due.follow_up}",
            line.title,
            said(line.void_reason or "", language=language) or line.entry.last_error,
        )
        for line in found
    ]
    table(columns, rows)


def _told(entry: "LedgerEntry") -> dict[str, Any]:
    """As scripts read it; never the mail, which holds signed links."""
    return {
        "id": entry.id,
        "follow_up": f"FU-{entry.due.follow_up}",
        "at": entry.due.at,
        "state": entry.state,
        "recipient": entry.due.recipient,
        "before_minutes": entry.due.before.total_seconds() / 60,
        "attempts": entry.attempts,
        "next_try": entry.next_try,
        "last_error": entry.last_error,
        "message_id": entry.message_id,
    }
