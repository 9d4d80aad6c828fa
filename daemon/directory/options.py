"""Options, set for all, an entity or a user: by who configures; what is one's own by oneself."""

from daemon.directory.acting import Actor, Missing, Unfit
from daemon.i18n import Told, mark
from daemon.options import OPTIONS, Option
from daemon.store import Tx, options, people
from rules.access import Action
from rules.options import Scope

PERSONAL = frozenset(
    {
        "all_day_at",
        "button",
        "coming_days",
        "coming_next",
        "digest",
        "digest_at",
        "digest_every_day",
        "reminder_before",
        "reminder_template",
        "reminders",
        "respect_working_hours",
        "short_comments",
        "tell_away",
        "tell_closed",
        "working_hours",
    }
)
"""What each user may set for themselves: how they are told, when they work, what pages show."""


def option_of(key: str) -> Option:
    """The option of a name. Raises Missing."""
    if key not in OPTIONS:
        raise Missing(mark("there is no such option"))
    return OPTIONS[key]


def put(tx: Tx, actor: Actor, key: str, scope: Scope, value: str | None) -> bool:
    """Set an option as people write it, or take it back with None; False when it stood like that.
    Raises Missing, NotAllowed, Unfit."""
    option = option_of(key)
    own = scope.user is not None and scope.user == actor.id and actor.user.active
    if not (own and key in PERSONAL):
        actor.needs(tx, Action.CONFIGURE)
    if scope.user is not None and people.get_user(tx, scope.user) is None:
        raise Missing(mark("there is no such user"))
    try:
        wanted = None if value is None else option.kind.parse(value)
    except Told as error:
        raise Unfit(error.text, **error.details) from error
    changed = options.put(tx, key, scope, wanted, by=actor.id, now=actor.at, plans=option.plans)
    if changed:
        actor.note(tx, "set option" if wanted is not None else "unset option", _named(key, scope))
    return changed


def _named(key: str, scope: Scope) -> str:
    if scope.user is not None:
        return f"option {key} of user {scope.user}"
    return f"option {key}" + (f" of entity {scope.entity}" if scope.entity is not None else "")
