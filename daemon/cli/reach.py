"""What a command changed reaches calendars at once: through the daemon, or without one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from daemon.cli.context import built, settings, words
from daemon.cli.output import plain

if TYPE_CHECKING:
    from rules.model.followups import FollowUp
    from rules.model.people import UserId


def calendars(context: typer.Context, changed: "Iterable[FollowUp]") -> None:
    """The running daemon is told; without one, the calendars of the owners are written here.
    A calendar that can't be written is said on stderr; what changed is stored all the same."""
    calendars_of(context, (f.owner for f in changed))


def calendars_of(context: typer.Context, owners: "Iterable[UserId | None]") -> None:
    """The same, of follow-ups of these users."""
    users = frozenset(owner for owner in owners if owner is not None)
    if not users or daemon(context):
        return
    _ = words()
    hint = _("not in the calendar yet: {why}")
    for trouble in _here(context, users):
        typer.echo(f"suivi: {hint.format(why=plain(trouble))}", err=True)


def daemon(context: typer.Context) -> bool:
    """Tell the daemon that there is something to write; False when none runs."""
    from daemon.control import ControlError, NoDaemon, ask

    try:
        ask(settings(context).control_socket, "follow-ups")
    except NoDaemon:
        return False
    except ControlError as error:
        # It finds out by itself within seconds.
        typer.echo(f"suivi: {plain(error)}", err=True)
    return True


def _here(context: typer.Context, users: "frozenset[UserId]") -> tuple[str, ...]:
    from daemon.config import ConfigError

    try:
        suivi = built(settings(context, servers=True), looks_only=True)
    except ConfigError as error:
        return (str(error).splitlines()[0],)
    return suivi.write_calendars(users)
