"""What is done to follow-ups at the command line, as a user with their rights."""

from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import hand, reach
from daemon.cli.context import Trouble, words
from daemon.cli.output import Json, as_json, plain
from daemon.cli.refs import By, Ref, Refs
from daemon.cli.shown import local
from daemon.i18n import mark

if TYPE_CHECKING:
    from rules.model.followups import FollowUp


def add(group: typer.Typer) -> None:
    """These commands."""
    group.command("done", help=mark("It is done."))(done)
    group.command("not-needed", help=mark("It need not be done any more."))(not_needed)
    group.command("postpone", help=mark("Put it off, or give it another time."))(postpone)
    group.command("reopen", help=mark("It is to be done again."))(reopen)
    group.command("undo", help=mark("Take back that it was closed."))(undo)
    group.command("edit", help=mark("Change fields of it; what is not given stays."))(edit)
    group.command("clone", help=mark("A new one, to do, that says the same."))(clone)
    group.command("delete", help=mark("Delete it, out of calendars and reminders too."))(delete)


def done(context: typer.Context, refs: Refs, *, by: By, json: Json = False) -> None:
    """`suivi follow-up done FU-12 --by EMAIL`"""
    _act(context, refs, by, "done", json=json)


def not_needed(context: typer.Context, refs: Refs, *, by: By, json: Json = False) -> None:
    """`suivi follow-up not-needed FU-12 --by EMAIL`"""
    _act(context, refs, by, "not_needed", json=json)


def reopen(context: typer.Context, refs: Refs, *, by: By, json: Json = False) -> None:
    """`suivi follow-up reopen FU-12 --by EMAIL`"""
    _act(context, refs, by, "reopen", json=json)


def undo(context: typer.Context, refs: Refs, *, by: By, json: Json = False) -> None:
    """`suivi follow-up undo FU-12 --by EMAIL`: as reopen, but complains about an open one."""
    _act(context, refs, by, "undo", json=json)


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
    _act(context, [ref], by, "postpone", when, json=json)


def edit(
    context: typer.Context,
    ref: Ref,
    *,
    by: By,
    title: Annotated[str | None, typer.Option(help=mark("What is to be done."))] = None,
    description: Annotated[str | None, typer.Option(help=mark("Some words more."))] = None,
    place: Annotated[str | None, typer.Option(help=mark("Where."))] = None,
    priority: Annotated[
        int | None, typer.Option(min=0, max=9, help=mark("1 is the highest; 0: none."))
    ] = None,
    percent: Annotated[
        int | None, typer.Option(min=0, max=100, help=mark("How much of it is done."))
    ] = None,
    project: Annotated[str | None, typer.Option(help=mark("The project."))] = None,
    assignees: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="EMAIL", help=mark("Whose it is, the owner first.")),
    ] = None,
    json: Json = False,
) -> None:
    """`suivi follow-up edit FU-12 --title … --by EMAIL`"""
    from daemon.sheet import follow_ups
    from daemon.sheet.follow_up_entry import Whose
    from daemon.sheet.writer import whatever

    options = {
        "title": title,
        "description": description,
        "place": place,
        "priority": priority,
        "percent": percent,
        "project": project,
        "assignees": tuple(map(Whose, assignees)) if assignees else None,
    }
    given = {name: value for name, value in options.items() if value is not None}
    with hand.writing(context, by) as writer:
        changed = follow_ups.change(writer, ref, whatever, given)
        zone = writer.user.timezone
    _told(context, [changed], zone, json=json)


def clone(context: typer.Context, ref: Ref, *, by: By, json: Json = False) -> None:
    """`suivi follow-up clone FU-12 --by EMAIL`"""
    from daemon.sheet import follow_ups

    with hand.writing(context, by) as writer:
        made = follow_ups.clone(writer, ref)
        zone = writer.user.timezone
    _told(context, [made], zone, json=json)


def delete(context: typer.Context, refs: Refs, *, by: By) -> None:
    """`suivi follow-up delete FU-12 --by EMAIL`: all of them or none."""
    from daemon.sheet import follow_ups
    from daemon.sheet.writer import whatever

    _ = words()
    with hand.writing(context, by) as writer:
        gone = [follow_ups.delete(writer, ref, whatever) for ref in dict.fromkeys(refs)]
    reach.calendars_of(context, (owner for _ref, owner in gone))
    for ref, _owner in gone:
        typer.echo(_("Deleted {ref}.").format(ref=ref))


def _act(
    context: typer.Context,
    refs: list[str],
    by: str,
    action: str,
    to: str | None = None,
    *,
    json: bool,
) -> None:
    """All of them or none; then their calendars."""
    from daemon.sheet import acts, follow_ups
    from daemon.sheet.writer import whatever
    from rules.model.followups import State

    _ = words()
    with hand.writing(context, by) as writer:
        for ref in refs if action == "undo" else ():
            found = follow_ups.find(writer, ref)
            if found.state is State.TO_DO:
                open_ = _("{ref} is open: nothing is to be taken back")
                raise Trouble(open_.format(ref=found.ref))
        changed = {f.id: f for f in (acts.act(writer, ref, whatever, action, to) for ref in refs)}
        zone = writer.user.timezone
    _told(context, list(changed.values()), zone, json=json)


def _told(context: typer.Context, changed: "list[FollowUp]", zone: str, *, json: bool) -> None:
    from daemon.cli.followups import state, told

    reach.calendars(context, changed)
    if json:
        as_json([told(f) for f in changed])
        return
    for f in changed:
        typer.echo(f"{f.ref} {local(f.when.start, zone)} {plain(f.title)}: {state(f)}")
