"""What is done to follow-ups at the command line, as a user with their rights."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import reach, times
from daemon.cli.context import Trouble, ready_store, words
from daemon.cli.exchanges import person
from daemon.cli.output import Json, as_json, plain
from daemon.cli.refs import By, Ref, Refs
from daemon.cli.shown import local
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.store import Tx
    from rules.model.followups import Command, FollowUp
    from rules.model.people import User

    Asked = Callable[[Tx, FollowUp, User, datetime], Command]


def add(group: typer.Typer) -> None:
    """These commands."""
    group.command("done", help=mark("It is done."))(done)
    group.command("not-needed", help=mark("It need not be done any more."))(not_needed)
    group.command("postpone", help=mark("Put it off, or give it another time."))(postpone)
    group.command("reopen", help=mark("It is to be done again."))(reopen)
    group.command("undo", help=mark("Take back that it was closed."))(undo)


def done(context: typer.Context, refs: Refs, *, by: By, json: Json = False) -> None:
    """`suivi follow-up done FU-12 --by EMAIL`"""
    from rules.model.followups import Command, Verb

    _act(context, refs, by, lambda *_: Command(Verb.DONE), json=json)


def not_needed(context: typer.Context, refs: Refs, *, by: By, json: Json = False) -> None:
    """`suivi follow-up not-needed FU-12 --by EMAIL`"""
    from rules.model.followups import Command, Verb

    _act(context, refs, by, lambda *_: Command(Verb.NOT_NEEDED), json=json)


def reopen(context: typer.Context, refs: Refs, *, by: By, json: Json = False) -> None:
    """`suivi follow-up reopen FU-12 --by EMAIL`"""
    from rules.model.followups import Command, Verb

    _act(context, refs, by, lambda *_: Command(Verb.REOPEN), json=json)


def undo(context: typer.Context, refs: Refs, *, by: By, json: Json = False) -> None:
    """`suivi follow-up undo FU-12 --by EMAIL`: as reopen, but complains about an open one."""
    from rules.model.followups import Command, State, Verb

    def take_back(_tx: "Tx", found: "FollowUp", _user: "User", _now: datetime) -> "Command":
        _ = words()
        if found.state is State.TO_DO:
            raise Trouble(_("{ref} is open: nothing is to be taken back").format(ref=found.ref))
        return Command(Verb.REOPEN)

    _act(context, refs, by, take_back, json=json)


def postpone(
    context: typer.Context,
    ref: Ref,
    when: Annotated[
        str,
        typer.Argument(
            metavar="WHEN",
            help=mark(
                "'tomorrow 9am', 'mardi 10h', '+3 working days', '2026-12-01 10:00'. A day of the "
                "week is the next one after today."
            ),
        ),
    ],
    *,
    by: By,
    json: Json = False,
) -> None:
    """`suivi follow-up postpone FU-12 'mardi 10h' --by EMAIL`"""
    from rules.model.followups import Command, Verb

    def to_then(tx: "Tx", found: "FollowUp", user: "User", now: datetime) -> "Command":
        return Command(Verb.POSTPONE, times.ahead(tx, when, now, user, found.when))

    _act(context, [ref], by, to_then, json=json)


def _act(context: typer.Context, refs: list[str], by: str, asked: "Asked", *, json: bool) -> None:
    """All of them or none; then their calendars."""
    from daemon import clock

    now = clock.now()
    with ready_store(context) as opened, opened.write() as tx:
        user = person(tx, by)
        found = {f.id: f for f in (_named(tx, ref) for ref in refs)}
        changed = [_one(tx, f, user, asked, now) for f in found.values()]
    reach.calendars(context, changed)
    if json:
        from daemon.cli.followups import told

        as_json([told(f) for f in changed])
        return
    from daemon.cli.followups import state

    for f in changed:
        when = local(f.when.start, user.timezone)
        typer.echo(f"{f.ref} {when} {plain(f.title)}: {state(f)}")


def _named(tx: "Tx", ref: str) -> "FollowUp":
    from daemon.store import follow_ups

    _ = words()
    found = follow_ups.by_ref(tx, ref)
    if found is None:
        raise Trouble(_("there is no follow-up {ref}").format(ref=plain(ref)))
    return found


def _one(tx: "Tx", found: "FollowUp", user: "User", asked: "Asked", now: datetime) -> "FollowUp":
    from daemon.store import audit, follow_ups, people
    from rules import access, merge, replies

    _ = words()
    facts = access.facts_of(found)
    if not access.may(user, people.groups(tx), access.Action.EDIT_FOLLOW_UP, facts):
        raise Trouble(_("{email} has no right to do this").format(email=user.email))
    command = asked(tx, found, user, now)
    after = merge.apply(found, replies.apply(found, command, now))
    if after == found:
        return found
    audit.note(tx, user.email, f"command: {command.verb}", found.ref, now)
    return follow_ups.change(tx, after, user.email, command.verb, now, found.revision)
