"""Participants whom several third parties claim: what waits, and deciding it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.acting import For, acting, wake
from daemon.cli.context import Trouble, words
from daemon.cli.exchanges import third_party
from daemon.cli.output import Json, as_json, table
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.directory.questions import Asked

_MOST = 10_000


def add(app: typer.Typer) -> None:
    """These commands."""
    group = typer.Typer(
        no_args_is_help=True, help=mark("Participants whom several third parties claim.")
    )
    group.command("list", help=mark("What waits for a person, oldest first."))(listed)
    group.command("decide", help=mark("Say whose a participant is; or `--neither`."))(decide)
    group.command("remembered", help=mark("Addresses of which it is decided whose they are."))(
        remembered
    )
    group.command("forget", help=mark("Take back what was decided of an address."))(forget)
    app.add_typer(group, name="ambiguities")


def listed(context: typer.Context, *, by: For = "", json: Json = False) -> None:
    """`suivi ambiguities list`"""
    from daemon.directory import questions

    _ = words()
    with acting(context, by) as (tx, who):
        found = questions.listed(tx, who, 0, _MOST)
    if json:
        as_json([_told(one) for one in found])
        return
    columns = (_("id"), _("account"), _("place"), _("by"), _("candidates"), _("since"))
    rows = [
        (
            one.id,
            one.account,
            one.place,
            one.by,
            ", ".join(f"{party.code} {party.name}" for party in one.candidates),
            f"{one.asked_at:%Y-%m-%d %H:%M}",
        )
        for one in found
    ]
    table(columns, rows)


def decide(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help=mark("As `list` shows it."))],
    party: Annotated[
        str | None,
        typer.Argument(metavar="[PARTY]", help=mark("Code or name of one of the candidates.")),
    ] = None,
    *,
    neither: Annotated[
        bool, typer.Option("--neither", help=mark("None of the candidates."))
    ] = False,
    remember: Annotated[
        bool,
        typer.Option("--remember", help=mark("So is all of that address from now on.")),
    ] = False,
    by: For = "",
) -> None:
    """`suivi ambiguities decide ID PARTY|--neither`: the same again changes nothing."""
    from daemon.directory import questions

    _ = words()
    if (party is None) != neither:
        raise Trouble(_("say which third party it is, or --neither"))
    with acting(context, by) as (tx, who):
        chosen = None if party is None else third_party(tx, party).id
        questions.decide(tx, who, number, chosen, remember=remember)
    wake(context)
    typer.echo(_("Decided; the message is judged again by that."))


def remembered(context: typer.Context, *, by: For = "", json: Json = False) -> None:
    """`suivi ambiguities remembered`"""
    from daemon.directory import questions

    _ = words()
    with acting(context, by) as (tx, who):
        found = questions.remembered(tx, who)
    if json:
        as_json([{"email": r.key, "third_party": p.code, "at": r.at} for r, p in found])
        return
    table((_("address"), _("third party")), [(r.key, f"{p.code} {p.name}") for r, p in found])


def forget(
    context: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help=mark("The address."))],
    *,
    by: For = "",
) -> None:
    """`suivi ambiguities forget EMAIL`"""
    from daemon.directory import questions

    _ = words()
    with acting(context, by) as (tx, who):
        questions.forget(tx, who, email)
    wake(context)
    typer.echo(_("Of this address nothing is decided any more."))


def _told(one: "Asked") -> dict[str, Any]:
    return {
        "id": one.id,
        "account": one.account,
        "place": one.place,
        "by": one.by,
        "candidates": [{"code": p.code, "name": p.name} for p in one.candidates],
        "contacts": [contact.name for contact in one.contacts],
        "asked_at": one.asked_at,
    }
