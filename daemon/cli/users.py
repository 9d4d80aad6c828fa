"""Users as who may come in: who there is, a new one, their password, and that they left."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import rights, tokens
from daemon.cli.context import Trouble, ready_store, say, settings, words
from daemon.cli.output import Json, as_json, plain, table
from daemon.cli.shown import local
from daemon.i18n import Told, mark

if TYPE_CHECKING:
    from datetime import datetime

    from daemon.config import Settings
    from daemon.store import Tx
    from rules.model.people import User

WHO = "command line"
"""What the audit trail calls whoever may open the database."""

Email = Annotated[str, typer.Argument(metavar="EMAIL", help=mark("Their email address."))]
Link = Annotated[
    bool, typer.Option("--link", help=mark("Make a link by which they choose it themselves."))
]
FromInput = Annotated[
    bool, typer.Option("--stdin", help=mark("Read it from standard input: one line."))
]


def add(app: typer.Typer) -> None:
    """These commands."""
    group = typer.Typer(no_args_is_help=True, help=mark("Users, their passwords and tokens."))
    group.command("list", help=mark("Who there is, and how they may come in."))(listed)
    group.command("add", help=mark("A new user, and a link to choose a password."))(new)
    group.command("first", help=mark("A link by which the first administrator is made."))(first)
    group.command("passwd", help=mark("Give a user another password."))(passwd)
    group.command("deactivate", help=mark("A user has left: nothing lets them in any more."))(
        deactivate
    )
    tokens.add(group)
    rights.add_to(group)
    app.add_typer(group, name="user")


@dataclass(frozen=True, slots=True)
class _Listed:
    """A user, and what lets them in."""

    id: int
    name: str
    email: str
    active: bool
    rights: tuple[str, ...]
    password: bool
    sessions: int
    tokens: int


def listed(context: typer.Context, *, json: Json = False) -> None:
    """`suivi user list`"""
    from daemon.store import passwords, people, sessions
    from daemon.store import tokens as stored
    from rules import access

    _ = words()
    with ready_store(context) as opened, opened.read() as tx:
        groups = people.groups(tx)
        found = [
            _Listed(
                user.id,
                user.name,
                user.email,
                user.active,
                tuple(sorted(access.rights_of(user, groups))),
                passwords.hash_of(tx, user.id) is not None,
                len(sessions.of(tx, user.id)),
                len(stored.all_of(tx, user.id)),
            )
            for user in people.users(tx).values()
        ]
    if json:
        as_json(found)
        return
    said = {True: _("yes"), False: _("no")}
    columns = (_("email"), _("name"), _("active"), _("rights"), _("password"), _("tokens"))
    rows = [
        (u.email, u.name, said[u.active], len(u.rights), said[u.password], u.tokens) for u in found
    ]
    table(columns, rows)


def new(
    context: typer.Context,
    email: Email,
    *,
    name: Annotated[str, typer.Option(help=mark("Their name."))],
    admin: Annotated[bool, typer.Option("--admin", help=mark("They may do everything."))] = False,
    language: Annotated[str, typer.Option(help=mark("en or fr; without it, the company's."))] = "",
    timezone: Annotated[
        str, typer.Option(help=mark("Such as Europe/Paris; without it, the company's."))
    ] = "",
) -> None:
    """`suivi user add EMAIL --name NAME`: who is known already stays as they are."""
    from pydantic import ValidationError

    from daemon.app.members import STAFF_RIGHTS
    from daemon.config.settings import Staff
    from daemon.store import audit, people
    from rules.model.people import Right

    _ = words()
    loaded = settings(context, quiet=True)
    company = loaded.company
    try:
        wanted = Staff.model_validate(
            {
                "name": name,
                "email": email,
                "language": language or company.language,
                "timezone": timezone or company.timezone,
            }
        )
    except ValidationError as error:
        problem = error.errors()[0]
        raise Trouble(f"{problem['loc'][0]}: {problem['msg']}") from error
    now = _now()
    with ready_store(context) as opened, opened.write() as tx:
        if people.user_by_main_email(tx, wanted.email) is not None:
            text = _("there is already a user {email}: `suivi user passwd` gives them a password")
            raise Trouble(text.format(email=wanted.email))
        entities = [e.id for e in people.entities(tx) if e.code == company.entity]
        number = people.put_user(
            tx,
            name=wanted.name,
            email=wanted.email,
            entities=entities,
            rights=Right if admin else STAFF_RIGHTS,
            language=wanted.language or company.language,
            timezone=wanted.timezone or company.timezone,
        )
        audit.note(tx, WHO, "add user", f"user {number}", now)
        link = _invited(tx, loaded, people.get_user(tx, number), now)
    say(_("{email} is a user from now on.").format(email=wanted.email))
    _tell(link, loaded.company.timezone)


def first(context: typer.Context) -> None:
    """`suivi user first`: whoever follows the link becomes the administrator; it is good once, for
    a day, and only while no administrator has a password."""
    from daemon.store import passwords

    _ = words()
    loaded = settings(context, quiet=True)
    with ready_store(context) as opened, opened.write() as tx:
        if passwords.admin_can_enter(tx):
            raise Trouble(
                _("an administrator has a password already: `suivi user passwd` gives a new one")
            )
        link = _invited(tx, loaded, None, _now())
    _tell(link, loaded.company.timezone)


def passwd(
    context: typer.Context, email: Email, *, link: Link = False, stdin: FromInput = False
) -> None:
    """`suivi user passwd EMAIL`: it is typed unseen, never an argument; all sessions end."""
    from daemon.logins import choosing
    from daemon.logins.desk import Desk
    from daemon.logins.passwords import Hasher

    _ = words()
    loaded = settings(context, quiet=True)
    with ready_store(context) as opened:
        with opened.write() as tx:
            user = a_user(tx, email)
            made = _invited(tx, loaded, user, _now()) if link else None
        if made is not None:
            _tell(made, loaded.company.timezone)
            return
        desk = Desk(opened, Hasher())
        try:
            choosing.choose(desk, user, _typed(from_input=stdin), WHO, _now(), None)
        except Told as told:
            raise Trouble(told.told(_)) from told
    say(_("{email} has another password; all their sessions have ended.").format(email=user.email))


def deactivate(context: typer.Context, email: Email) -> None:
    """`suivi user deactivate EMAIL`: sessions, tokens and links end at once."""
    from daemon.directory.acting import Refusal
    from daemon.directory.staff import nobody_locked_out
    from daemon.logins.leaving import leave
    from rules import identity

    _ = words()
    loaded = settings(context, quiet=True)
    if any(s.admin and identity.key(s.email) == identity.key(email) for s in loaded.users):
        text = _("{email} is an administrator by {file}: take `admin = true` out of it first")
        raise Trouble(text.format(email=email, file=loaded.path))
    with ready_store(context) as opened, opened.write() as tx:
        user = a_user(tx, email)
        try:
            with nobody_locked_out(tx):
                leave(tx, user, WHO, _now())
        except Refusal as refused:
            raise Trouble(plain(refused.told(_))) from refused
    say(_("{email} comes in no more.").format(email=user.email))


def a_user(tx: "Tx", email: str) -> "User":
    """The user of this address. Raises Trouble."""
    from daemon.store import people

    user = people.user_by_main_email(tx, email)
    if user is None:
        _ = words()
        text = _("there is no user {email}: `suivi user list` names them")
        raise Trouble(plain(text.format(email=email)))
    return user


def _invited(tx: "Tx", loaded: "Settings", user: "User | None", now: "datetime") -> str:
    from daemon.logins import choosing

    if user is not None and not user.active:
        _ = words()
        text = _("{email} has left: there is no way in for them")
        raise Trouble(text.format(email=user.email))
    told = choosing.invite(tx, user.id if user is not None else None, WHO, now)
    here = f"http://{loaded.http.listen}"
    return f"{(loaded.http.public_url or here).rstrip('/')}/welcome/{told}"


def _tell(link: str, zone: str) -> None:
    from daemon.logins import choosing

    _ = words()
    until = local(_now() + choosing.GOOD_FOR, zone)
    text = _("This link is good once, until {until}; whoever has it comes in:")
    # Beside the link on stdout, so that a script gets the link alone.
    typer.echo(text.format(until=until), err=True)
    say(link)


def _typed(*, from_input: bool) -> str:
    _ = words()
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Trouble(_("there is no terminal to ask at: give it by --stdin, or use --link"))
    typed: str = typer.prompt(_("Password"), hide_input=True, confirmation_prompt=True)
    return typed


def _now() -> "datetime":
    from daemon import clock

    return clock.now()
