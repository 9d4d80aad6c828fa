"""What could not be read or stored, and what an admin does about it (spec §11)."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.context import Trouble, ready_store, store, words
from daemon.cli.exchanges import person
from daemon.cli.output import Json, as_json, plain, table
from daemon.cli.refs import By
from daemon.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.store import Tx
    from daemon.store.quarantine import Item

Id = Annotated[int, typer.Argument(metavar="ID", min=1, help=mark("As `list` shows it."))]


def add(app: typer.Typer) -> None:
    """These commands."""
    group = typer.Typer(
        no_args_is_help=True, help=mark("Messages and events that can't be read or stored.")
    )
    group.command("list", help=mark("All that is in quarantine, oldest first."))(listed)
    group.command("show", help=mark("One of them, with all that is known."))(show)
    group.command("retry", help=mark("The next sync tries it again; `--all`: all of them."))(retry)
    group.command("drop", help=mark("One is tried no more; `suivi reconcile` says why."))(drop)
    app.add_typer(group, name="quarantine")


def listed(context: typer.Context, *, json: Json = False) -> None:
    """`suivi quarantine list`"""
    from daemon.store import quarantine

    _ = words()
    with store(context) as (_loaded, opened), opened.read() as tx:
        found = quarantine.items(tx)
    if json:
        as_json([_told(item) for item in found])
        return
    columns = (_("id"), _("place"), _("step"), _("why"), _("since"), _("attempts"), _("next try"))
    rows = [
        (i.id, i.place, i.step, i.reason, _moment(i.since), i.attempts, _moment(i.next_try))
        for i in found
    ]
    table(columns, rows)


def show(context: typer.Context, number: Id, *, json: Json = False) -> None:
    """`suivi quarantine show ID`"""
    _ = words()
    with store(context) as (_loaded, opened), opened.read() as tx:
        item = _item(tx, number)
    if json:
        as_json(_told(item))
        return
    for name, value in (
        (_("account"), item.account),
        (_("place"), item.place),
        (_("step"), item.step),
        (_("why"), item.reason),
        (_("since"), _moment(item.since)),
        (_("attempts"), item.attempts),
        (_("last tried"), _moment(item.at)),
        (_("next try"), "–" if item.dropped else _moment(item.next_try)),
        (_("dropped"), item.dropped or ""),
    ):
        if value:
            typer.echo(f"{name}: {plain(value)}")


def retry(
    context: typer.Context,
    number: Annotated[
        int | None, typer.Argument(metavar="ID", min=1, help=mark("As `list` shows it."))
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help=mark("All of them."))] = False,
    by: By,
) -> None:
    """`suivi quarantine retry ID|--all --by EMAIL`"""
    from daemon import clock
    from daemon.capture.retry import again
    from daemon.store import audit, quarantine

    _ = words()
    if (number is None) != everything:
        raise Trouble(_("say which one, or --all"))
    now = clock.now()
    with _allowed(context, by) as tx:
        items = quarantine.items(tx) if number is None else (_item(tx, number),)
        for item in items:
            again(tx, item, now)
            audit.note(tx, by, "retry quarantine", f"quarantine {item.id}", now)
    typer.echo(_("{number} are tried again at the next sync.").format(number=len(items)))


def drop(
    context: typer.Context,
    number: Id,
    *,
    why: Annotated[str, typer.Option(help=mark("Why; kept with it."))],
    by: By,
) -> None:
    """`suivi quarantine drop ID --why TEXT --by EMAIL`"""
    from daemon import clock
    from daemon.store import audit, quarantine

    _ = words()
    now = clock.now()
    reason = " ".join(why.split())[:500]
    if not reason:
        raise Trouble(_("say why: it stays beside the message"))
    with _allowed(context, by) as tx:
        item = _item(tx, number)
        quarantine.drop(tx, item.id, f"{by}: {reason}", now)
        audit.note(tx, by, "drop quarantine", f"quarantine {item.id}", now)
    typer.echo(_("{id} is tried no more.").format(id=number))


@contextmanager
def _allowed(context: typer.Context, by: str) -> "Iterator[Tx]":
    """A transaction for a user who may do this: an admin."""
    from daemon.store import people
    from rules import access
    from rules.access import Action

    _ = words()
    with ready_store(context) as opened, opened.write() as tx:
        user = person(tx, by)
        if not access.may(user, people.groups(tx), Action.CONFIGURE):
            raise Trouble(_("{email} has no right to do this").format(email=user.email))
        yield tx


def _item(tx: "Tx", number: int) -> "Item":
    from daemon.store import quarantine

    _ = words()
    item = quarantine.get(tx, number) if number < 2**63 else None
    if item is None:
        raise Trouble(_("{id} is not in quarantine").format(id=number))
    return item


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _told(item: "Item") -> dict[str, Any]:
    """As scripts read it."""
    return {
        "id": item.id,
        "account": item.account,
        "place": item.place,
        "uidvalidity": item.spot.uidvalidity,
        "uid": item.spot.uid,
        "step": item.step,
        "reason": item.reason,
        "since": item.since,
        "last_tried": item.at,
        "next_try": item.next_try,
        "attempts": item.attempts,
        "dropped": item.dropped,
    }
