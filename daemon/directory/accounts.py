"""Mailboxes and calendars that are set up in suivi: made and changed by who configures. Their
passwords come in and never go out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import SecretStr, ValidationError

from daemon.config import Calendar, Mailbox
from daemon.directory.acting import Actor, Conflict, Missing, Unfit
from daemon.i18n import mark
from daemon.store import Tx, accounts, people, setups
from daemon.store.setups import Setup
from rules.access import Action

KINDS: Mapping[str, type[Mailbox] | type[Calendar]] = {"mail": Mailbox, "calendar": Calendar}

Seal = Callable[[str], str]
"""Makes of a secret what may be stored."""


def setup_of(tx: Tx, actor: Actor, number: int, kind: str) -> Setup:
    """One account that was set up here. Raises Missing, NotAllowed."""
    actor.needs(tx, Action.CONFIGURE)
    found = setups.get(tx, number)
    if found is None or found.kind != kind:
        raise Missing(mark("there is no such account here; those of the file are changed there"))
    return found


def add(
    tx: Tx,
    actor: Actor,
    kind: str,
    name: str,
    options: Mapping[str, Any],
    password: SecretStr,
    seal: Seal,
) -> Setup:
    """A new account. Raises Conflict where one is called so, Unfit for what it can't be."""
    actor.needs(tx, Action.CONFIGURE)
    if any(one.kind == kind and one.name == name for one in accounts.watched(tx)):
        raise Conflict(mark("there is an account of this name"))
    if any(one.kind == kind and one.name == name for one in setups.setups(tx)):
        raise Conflict(mark("there is an account of this name"))
    _check(tx, kind, name, options)
    sealed = seal(password.get_secret_value())
    made = setups.add(tx, Setup(0, kind, name, dict(options), sealed))
    actor.note(tx, f"create {kind} account", f"account {name}")
    return made


def change(
    tx: Tx,
    actor: Actor,
    before: Setup,
    changes: Mapping[str, Any],
    password: SecretStr | None,
    seal: Seal,
) -> Setup:
    """Change these options of an account, and the password where one is given. Raises Unfit."""
    actor.needs(tx, Action.CONFIGURE)
    wanted = {**before.options, **changes}
    _check(tx, before.kind, before.name, wanted)
    changed = sorted(key for key in wanted if wanted[key] != before.options.get(key))
    sealed = before.sealed
    if password is not None:
        sealed, changed = seal(password.get_secret_value()), [*changed, "password"]
    if not changed:
        return before
    setups.change(tx, replace(before, options=wanted, sealed=sealed))
    accounts.try_now(tx, before.kind, before.name)
    actor.note(tx, f"change {', '.join(changed)}", f"account {before.name}")
    found = setups.get(tx, before.id)
    assert found is not None  # noqa: S101  it was written in this transaction
    return found


def drop(tx: Tx, actor: Actor, setup: Setup) -> None:
    """It is read no more; what was seen in it stays."""
    actor.needs(tx, Action.CONFIGURE)
    setups.drop(tx, setup.id)
    actor.note(tx, f"remove {setup.kind} account", f"account {setup.name}")


def _check(tx: Tx, kind: str, name: str, options: Mapping[str, Any]) -> None:
    """Raises Unfit, without any value, for what no account of the file could be either."""
    try:
        KINDS[kind].model_validate({**options, "name": name, "password": "x"})
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
        raise Unfit(mark("can't be used: {wrong}"), wrong=wrong) from error
    owner = options.get("owner")
    if owner is not None and people.user_by_main_email(tx, owner) is None:
        raise Unfit(mark("the owner of an account is one of the users"))
