"""Tokens of users: what programs call the API with."""

from datetime import timedelta
from typing import Annotated

import typer

from daemon.cli.context import Trouble, ready_store, say, settings, words
from daemon.cli.output import Json, as_json, table
from daemon.cli.shown import local
from daemon.i18n import mark
from rules.logins import Scope, fit_together

Email = Annotated[str, typer.Argument(metavar="EMAIL", help=mark("Whose."))]


def add(group: typer.Typer) -> None:
    """These commands."""
    tokens = typer.Typer(no_args_is_help=True, help=mark("What programs call the API with."))
    tokens.command("create", help=mark("Make a token; it is shown this once."))(create)
    tokens.command("list", help=mark("The tokens that there are."))(listed)
    tokens.command("revoke", help=mark("A token opens nothing any more."))(revoke)
    group.add_typer(tokens, name="token")
    text = mark(
        "The secret address of a calendar of their follow-ups, for programs to subscribe to."
    )
    group.command("feed", help=text)(feed)


def create(
    context: typer.Context,
    email: Email,
    *,
    name: Annotated[str, typer.Option(help=mark("What it is for."))],
    scope: Annotated[
        list[Scope], typer.Option(help=mark("What it may do; may be given more than once."))
    ],
    days: Annotated[int, typer.Option(min=1, max=3650, help=mark("How long it is good."))] = 365,
) -> None:
    """`suivi user token create EMAIL --name NAME --scope read`"""
    _ = words()
    if not fit_together(scope):
        raise Trouble(_("a token for feed is for nothing else"))
    say(_made(context, email, name, scope, days))


def feed(
    context: typer.Context,
    email: Email,
    *,
    name: Annotated[str, typer.Option(help=mark("What it is for."))],
    days: Annotated[int, typer.Option(min=1, max=3650, help=mark("How long it is good."))] = 3650,
) -> None:
    """`suivi user feed EMAIL --name NAME`"""
    http = settings(context, quiet=True).http
    told = _made(context, email, name, [Scope.FEED], days)
    here = f"http://{http.listen}"
    say(f"{(http.public_url or here).rstrip('/')}/feeds/{told}.ics")


def _made(context: typer.Context, email: str, name: str, scope: list[Scope], days: int) -> str:
    """A new token; which one it is, and until when it is good, is said beside."""
    from daemon import clock
    from daemon.cli.users import WHO, a_user
    from daemon.logins import secret
    from daemon.store import audit, tokens

    _ = words()
    zone = settings(context, quiet=True).company.timezone
    now = clock.now()
    until = now + timedelta(days=days)
    told: str = secret.new(secret.TOKEN)
    with ready_store(context) as opened, opened.write() as tx:
        user = a_user(tx, email)
        if not user.active:
            text = _("{email} has left: there is no way in for them")
            raise Trouble(text.format(email=user.email))
        number = tokens.add(tx, user.id, name, secret.hashed(told), set(scope), now, until)
        audit.note(tx, WHO, "create token", f"token {number}", now)
    text = _("Token {number} is good until {until}; it is shown this once:")
    # Beside the token on stdout, so that a script gets the token alone.
    typer.echo(text.format(number=number, until=local(until, zone)), err=True)
    return told


def listed(
    context: typer.Context,
    email: Annotated[
        str, typer.Argument(metavar="[EMAIL]", help=mark("Whose; without it, all."))
    ] = "",
    *,
    json: Json = False,
) -> None:
    """`suivi user token list`"""
    from daemon.cli.users import a_user
    from daemon.store import people, tokens

    _ = words()
    zone = settings(context, quiet=True).company.timezone
    with ready_store(context) as opened, opened.read() as tx:
        whose = a_user(tx, email).id if email else None
        users = people.users(tx)
        found = tokens.all_of(tx, whose)
    if json:
        as_json(
            [
                {
                    "id": one.id,
                    "user": users[one.user].email,
                    "name": one.name,
                    "scopes": sorted(one.scopes),
                    "expires_at": one.expires_at,
                    "used_at": one.used_at,
                }
                for one in found
            ]
        )
        return
    columns = ("id", _("user"), _("name"), _("for"), _("good until"), _("last used"))
    rows = [
        (
            one.id,
            users[one.user].email,
            one.name,
            ", ".join(sorted(one.scopes)),
            local(one.expires_at, zone) if one.expires_at else "–",
            local(one.used_at, zone) if one.used_at else "–",
        )
        for one in found
    ]
    table(columns, rows)


def revoke(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help=mark("Its number in the list."))],
) -> None:
    """`suivi user token revoke ID`"""
    from daemon import clock
    from daemon.cli.users import WHO
    from daemon.store import audit, tokens

    _ = words()
    with ready_store(context) as opened, opened.write() as tx:
        found = tokens.get(tx, number)
        if found is None:
            raise Trouble(_("there is no token {number}").format(number=number))
        if found.revoked_at is None:
            tokens.revoke(tx, number, clock.now())
            audit.note(tx, WHO, "revoke token", f"token {number}", clock.now())
    say(_("Token {number} opens nothing any more.").format(number=number))
