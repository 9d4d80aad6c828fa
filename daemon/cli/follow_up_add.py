"""`suivi follow-up add`: a follow-up in one line, safe to repeat."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import hand, reach, times
from daemon.cli.context import words
from daemon.cli.exchanges import third_party
from daemon.cli.output import Json, as_json, plain
from daemon.cli.refs import By
from daemon.cli.shown import local, who
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.sheet.follow_up_entry import FollowUpEntry
    from daemon.store import Tx
    from rules.model.people import User
    from rules.model.sightings import When


def add(
    context: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help=mark("What is to be done."))],
    *,
    when: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help=mark(
                "'tomorrow 9am', 'mardi 10h', '+3 working days', '2026-12-01 10:00'. A day of the "
                "week is the next one after today."
            ),
        ),
    ],
    by: By,
    party: Annotated[
        str, typer.Option("--with", metavar="NAME", help=mark("Third party, by name or code."))
    ] = "",
    assignees: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="EMAIL",
            help=mark("Whose it is, the owner first; default: yours."),
        ),
    ] = None,
    exchange: Annotated[
        str, typer.Option(metavar="EXC-12", help=mark("The exchange that it follows from."))
    ] = "",
    remind: Annotated[
        list[int] | None,
        typer.Option(
            metavar="MINUTES", min=0, help=mark("Reminders, minutes before; may be repeated.")
        ),
    ] = None,
    description: Annotated[str, typer.Option(help=mark("Some words more."))] = "",
    place: Annotated[str, typer.Option(help=mark("Where."))] = "",
    all_day: Annotated[
        bool, typer.Option("--all-day", help=mark("A day without an hour."))
    ] = False,
    priority: Annotated[
        int, typer.Option(min=0, max=9, help=mark("1 is the highest; 0: none."))
    ] = 0,
    project: Annotated[str | None, typer.Option(help=mark("The project."))] = None,
    repeats: Annotated[
        str | None,
        typer.Option(
            metavar="RRULE",
            help=mark("How it repeats (RFC 5545): FREQ=MONTHLY;BYDAY=1MO, every first Monday."),
        ),
    ] = None,
    key: Annotated[str, typer.Option(help=mark("Your own key: the same key is opened once."))] = "",
    json: Json = False,
) -> None:
    """`suivi follow-up add TITLE --when …`"""
    from daemon.sheet import follow_ups
    from daemon.sheet.follow_up_entry import FollowUpEntry, Remind, Whose
    from daemon.store import follow_ups as stored

    _ = words()
    with hand.writing(context, by) as writer:
        user = writer.user
        known = third_party(writer.tx, party) if party else None
        time = _time(writer.tx, when, writer.now, user, all_day=all_day)
        entry = FollowUpEntry(
            start=time.start,
            end=time.end,
            all_day=time.all_day,
            zone=time.zone,
            title=title,
            third_party=known.id if known else None,
            exchange=exchange or None,
            assignees=tuple(map(Whose, assignees or [by])),
            place=place,
            description=description,
            priority=priority,
            project=project,
            reminders=tuple(map(Remind, sorted(set(remind)))) if remind else None,
            repeats=repeats,
        )
        named = _key(entry, user, key)
        new = stored.by_key(writer.tx, named) is None
        found = follow_ups.create(writer, entry, named)
        whose = who(writer.users, [a.user for a in found.assignees])
    reach.calendars(context, [found])
    if json:
        from daemon.cli.followups import told

        as_json({"follow_up": told(found), "new": new})
        return
    typer.echo(
        _("{ref} on {when}: {title} ({who})").format(
            ref=found.ref,
            when=local(found.when.start, user.timezone),
            title=plain(found.title),
            who=whose,
        )
    )


def _time(tx: "Tx", text: str, now: datetime, user: "User", *, all_day: bool) -> "When":
    from rules.model.sightings import When

    # What is all day stays so, as when one is put off by days.
    current = When(now, all_day=True, zone=user.timezone) if all_day else None
    return times.ahead(tx, text, now, user, current)


def _key(entry: "FollowUpEntry", user: "User", key: str) -> str:
    """Typed twice it is one, as when a script is run again."""
    about = (str(entry.third_party), (entry.exchange or "").upper())
    said = "\x00".join((entry.title, entry.start.isoformat(), user.email, *about))
    return f"cli:{hashlib.sha256((key or said).encode()).hexdigest()}"
