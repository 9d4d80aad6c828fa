"""Follow-ups: what is coming and what is overdue, and one in full."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import follow_up_acts, follow_up_add
from daemon.cli.context import Trouble, store, words
from daemon.cli.exchanges import person, third_party
from daemon.cli.output import Json, as_json, plain, table
from daemon.cli.reader import As, scope_of
from daemon.cli.refs import Ref
from daemon.cli.shown import local, who
from daemon.i18n import mark, of_environment

if TYPE_CHECKING:
    from daemon.store import Tx
    from daemon.store.follow_ups import Closing, FieldChange
    from rules.model.followups import FollowUp

    Why = Callable[[Closing | FieldChange], str]


def add(app: typer.Typer) -> None:
    """These commands."""
    app.command("follow-ups", help=mark("What is to be done, the overdue ones first."))(show)
    group = typer.Typer(no_args_is_help=True, help=mark("One follow-up: add it, act on it."))
    group.command("add", help=mark("Open a follow-up; it appears in its owner's calendar."))(
        follow_up_add.add
    )
    group.command("list", help=mark("What is to be done, the overdue ones first."))(show)
    group.command("show", help=mark("All of one follow-up: history, reminders, calendars."))(one)
    follow_up_acts.add(group)
    app.add_typer(group, name="follow-up")


def show(
    context: typer.Context,
    *,
    user: Annotated[str, typer.Option(metavar="EMAIL", help=mark("Only those of this user."))] = "",
    party: Annotated[
        str, typer.Option("--with", metavar="NAME", help=mark("Third party, by name or code."))
    ] = "",
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help=mark("How many of the coming ones."))
    ] = 20,
    overdue_days: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS", min=0, help=mark("Overdue ones no older than this; default: no limit.")
        ),
    ] = None,
    reader: As = "",
    json: Json = False,
) -> None:
    """`suivi follow-ups`, `suivi follow-up list`"""
    from daemon import clock
    from daemon.store import follow_up_list, follow_ups, people
    from rules.model.followups import State

    _ = words()
    now = clock.now()
    with store(context) as (_settings, opened), opened.read() as tx:
        wanted = follow_up_list.Wanted(
            user=person(tx, user).id if user else None,
            third_party=third_party(tx, party).id if party else None,
            state=State.TO_DO,
        )
        scope = scope_of(tx, reader)
        keys = follow_up_list.coming(tx, scope, wanted, now, overdue_days=overdue_days, ahead=limit)
        several = follow_ups.several(tx, (number for _at, number in keys))
        found = [several[number] for _at, number in keys]
        parties = {known.id: known.name for known in people.third_parties(tx)}
        users = people.users(tx)
    if json:
        as_json([told(f) for f in found])
        return
    columns = (_("when"), _("reference"), _("third party"), _("title"), _("who"), _("state"))
    rows = [
        (
            local(f.when.start, f.when.zone),
            f.ref,
            parties.get(f.third_party, "") if f.third_party else "",
            f.title,
            who(users, [a.user for a in f.assignees]),
            _("overdue") if f.when.start < now else _("coming"),
        )
        for f in found
    ]
    table(columns, rows)


def told(follow_up: "FollowUp") -> dict[str, Any]:
    """As scripts read it, with its reference."""
    return {"ref": follow_up.ref, **asdict(follow_up)}


def one(context: typer.Context, ref: Ref, *, json: Json = False) -> None:
    """`suivi follow-up show FU-12`"""
    from daemon.store import follow_ups

    _ = words()
    with store(context) as (_settings, opened), opened.read() as tx:
        found = follow_ups.by_ref(tx, ref)
        if found is None:
            raise Trouble(_("there is no follow-up {ref}").format(ref=plain(ref)))
        facts = _facts(tx, found)
        why = _why(tx)
        lines = _lines(tx, found, why)
    if json:
        as_json(facts)
        return
    table((found.ref, found.title), lines)
    zone = found.when.zone
    changes = [
        (local(c.at, zone), c.by, why(c), c.field, c.old or "–", c.new or "–")
        for c in facts["history"]
    ]
    if changes:
        heads = (_("when"), _("who"), _("why"), _("field"), _("before"), _("after"))
        table(heads, changes, _("history"))
    mails = [(e.id, local(e.due.at, zone), e.state, e.last_error) for e in facts["reminders"]]
    if mails:
        table((_("id"), _("when"), _("state"), _("why")), mails, _("reminders"))


def _facts(tx: "Tx", found: "FollowUp") -> dict[str, Any]:
    from daemon.store import follow_ups, ledger

    copies = follow_ups.copies(tx, found.id)
    return {
        "follow_up": told(found),
        "closings": follow_ups.closings(tx, found.id),
        "history": follow_ups.history(tx, found.id),
        # Never the mail itself, which holds signed links.
        "reminders": [replace(e, mail=None) for e in ledger.of(tx, found.id)],
        "calendars": [
            {"user": c.user, "href": c.href, "state": c.state, "reason": c.reason} for c in copies
        ],
    }


def _lines(tx: "Tx", found: "FollowUp", why: "Why") -> list[tuple[str, str]]:
    from daemon.store import exchanges, follow_ups, people

    _ = words()
    party = people.get_third_party(tx, found.third_party) if found.third_party else None
    contact = people.get_contact(tx, found.contact) if found.contact else None
    exchange = exchanges.get(tx, found.exchange) if found.exchange else None
    closings = follow_ups.closings(tx, found.id)
    lines = (
        (_("when"), local(found.when.start, found.when.zone)),
        (_("state"), state(found)),
        (_("who"), who(people.users(tx), [a.user for a in found.assignees])),
        (_("third party"), party.name if party else ""),
        (_("contact"), contact.name if contact else ""),
        (_("follows from"), exchange.ref if exchange else ""),
        (_("place"), found.place),
        (_("description"), found.description),
        *((closed(c.state), why(c)) for c in closings if c.undone_at is None),
        *((_("taken back"), f"{why(c)} ({c.undone_by})") for c in closings if c.undone_at),
        *((_("calendar"), c.state) for c in follow_ups.copies(tx, found.id)),
    )
    return [(name, value) for name, value in lines if value]


def _why(tx: "Tx") -> "Why":
    """How reasons are said, in the language of who types."""
    from daemon import reasons
    from daemon.store import lists

    language = of_environment()
    modes = lists.named(tx, "mode", language)
    return lambda one: reasons.said(one.reason, one.facts, language, modes)


def state(found: "FollowUp") -> str:
    """Its progress, in the language of who types."""
    _ = words()
    return {"to_do": _("to do"), "done": _("done"), "not_needed": _("not needed")}[found.state]


def closed(state: str) -> str:
    """How an exchange closed it: because it answered, or because nothing else was waited for."""
    _ = words()
    return _("withdrawn by") if state == "not_needed" else _("closed by")
