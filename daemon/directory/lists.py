"""Modes, purposes and products: put into the lists, changed, and retired by who configures.

None is ever deleted: old exchanges and rules name them, and stay readable and in force.
"""

from collections.abc import Mapping

from daemon.directory.acting import Actor, Conflict, Missing, Unfit
from daemon.i18n import LANGUAGES, mark
from daemon.store import Tx, lists
from daemon.store.lists import Item
from rules.access import Action

NAMES = ("mode", "purpose", "product")


def item_of(tx: Tx, name: str, code: str) -> Item:
    """One entry, retired or not. Raises Missing."""
    found = next((one for one in lists.items(tx, name) if one.code == code), None)
    if found is None:
        raise Missing(mark("there is no such entry in the list"))
    return found


def add(
    tx: Tx, actor: Actor, name: str, code: str, labels: Mapping[str, str], position: int | None
) -> Item:
    """A new entry, at its end unless said otherwise. Raises Conflict where one has the code."""
    actor.needs(tx, Action.CONFIGURE)
    _check(labels)
    known = lists.items(tx, name)
    if any(one.code == code for one in known):
        raise Conflict(mark("there is an entry of this code in the list"))
    last = max((one.position for one in known), default=-1)
    lists.put(tx, name, code, labels, last + 1 if position is None else position)
    actor.note(tx, f"add to list of {name}s", f"{name} {code}")
    return item_of(tx, name, code)


def edit(
    tx: Tx,
    actor: Actor,
    name: str,
    before: Item,
    labels: Mapping[str, str] | None = None,
    position: int | None = None,
    *,
    retired: bool | None = None,
) -> Item:
    """Change what is given of an entry; a retired one is not offered any more."""
    actor.needs(tx, Action.CONFIGURE)
    wanted = before.labels if labels is None else labels
    _check(wanted)
    retired_at = before.retired_at
    if retired is not None:
        retired_at = (before.retired_at or actor.at) if retired else None
    place = before.position if position is None else position
    if (wanted, place, retired_at) == (before.labels, before.position, before.retired_at):
        return before
    lists.put(tx, name, before.code, wanted, place, retired_at)
    did = "change list entry"
    if retired_at != before.retired_at:
        did = "retire list entry" if retired_at else "offer list entry again"
    actor.note(tx, did, f"{name} {before.code}")
    return item_of(tx, name, before.code)


def _check(labels: Mapping[str, str]) -> None:
    if not labels or not labels.keys() <= set(LANGUAGES):
        raise Unfit(mark("an entry has a label in en, fr, or both"))
    if any(not label.strip() for label in labels.values()):
        raise Unfit(mark("a label is not empty"))
