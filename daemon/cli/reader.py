"""For whom a command reads: who has the machine sees everything, and may look as somebody else."""

from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.context import Trouble, words
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.store import Tx
    from rules.access import Scope

As = Annotated[
    str, typer.Option("--as", metavar="EMAIL", help=mark("Only what this user may see of it."))
]


def scope_of(tx: "Tx", email: str) -> "Scope":
    """What the user with this address may see; without one, everything. Raises Trouble."""
    from daemon.store import people
    from rules import access

    if not email:
        return access.OPERATOR
    user = people.user_by_email(tx, email)
    if user is None:
        _ = words()
        hint = _("nobody of us has the address {email}: add it to [[users]]")
        raise Trouble(hint.format(email=email))
    return access.scope(user, people.groups(tx))
