"""`suivi follow-up add`: a follow-up in one line, safe to repeat."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import reach, times
from daemon.cli.context import Trouble, ready_store, words
from daemon.cli.exchanges import person, third_party
from daemon.cli.output import Json, as_json, plain
from daemon.cli.refs import By
from daemon.cli.shown import local, who
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.store import Tx
    from rules.model.exchanges import Exchange
    from rules.model.followups import FollowUpDraft
    from rules.model.people import EntityId, ThirdParty, User
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
    key: Annotated[str, typer.Option(help=mark("Your own key: the same key is opened once."))] = "",
    json: Json = False,
) -> None:
    """`suivi follow-up add TITLE --when …`"""
    from daemon import clock
    from daemon.store import exchanges, follow_ups, installation, people

    _ = words()
    now = clock.now()
    with ready_store(context) as opened, opened.write() as tx:
        user = person(tx, by)
        known = third_party(tx, party) if party else None
        source = exchanges.by_ref(tx, exchange) if exchange else None
        if exchange and source is None:
            raise Trouble(_("there is no exchange {ref}").format(ref=plain(exchange)))
        draft = _draft(
            title,
            _time(tx, when, now, user, all_day=all_day),
            user,
            [person(tx, email) for email in assignees or [by]],
            known,
            source,
            [timedelta(minutes=m) for m in remind or ()],
            description=description,
            place=place,
            key=key,
        )
        _allowed(tx, user, draft, source)
        found, new = follow_ups.open(tx, draft, now, installation.get(tx).live_since)
        users = people.users(tx)
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
            who=who(users, [a.user for a in found.assignees]),
        )
    )


def _time(tx: "Tx", text: str, now: datetime, user: "User", *, all_day: bool) -> "When":
    from rules.model.sightings import When

    # What is all day stays so, as when one is put off by days.
    current = When(now, all_day=True, zone=user.timezone) if all_day else None
    return times.ahead(tx, text, now, user, current)


def _draft(
    title: str,
    when: "When",
    user: "User",
    assignees: "list[User]",
    party: "ThirdParty | None",
    source: "Exchange | None",
    before: list[timedelta],
    *,
    description: str,
    place: str,
    key: str,
) -> "FollowUpDraft":
    from rules.model.followups import Assignee, FollowUpDraft, Reminder

    about = party.id if party is not None else None
    if about is None and source is not None and len(source.third_parties) == 1:
        about = source.third_parties[0]
    # Typed twice it is one, as when a script is run again.
    ref = source.ref if source is not None else ""
    said = "\x00".join((title, when.start.isoformat(), user.email, str(about), ref))
    derived = hashlib.sha256((key or said).encode()).hexdigest()
    reminders = tuple(Reminder(b) for b in sorted(set(before)))
    draft = FollowUpDraft(
        key=f"cli:{derived}",
        title=title,
        when=when,
        assignees=tuple(Assignee(u.id, owner=n == 0) for n, u in enumerate(assignees)),
        third_party=about,
        exchange=source.id if source is not None else None,
        creator=user.id,
        entity=_entity(user, party, source),
        description=description,
        place=place,
    )
    return replace(draft, reminders=reminders) if reminders else draft


def _entity(
    user: "User", party: "ThirdParty | None", source: "Exchange | None"
) -> "EntityId | None":
    if party is not None and party.entity is not None:
        return party.entity
    if source is not None and source.entity is not None:
        return source.entity
    return next(iter(sorted(user.entities)), None)


def _allowed(tx: "Tx", user: "User", draft: "FollowUpDraft", source: "Exchange | None") -> None:
    from daemon.store import people
    from rules import access
    from rules.access import Action

    _ = words()
    groups = people.groups(tx)
    facts = access.FollowUpFacts(draft.entity, user.id, frozenset(a.user for a in draft.assignees))
    may = access.may(user, groups, Action.CREATE_FOLLOW_UP)
    if facts.assignees != {user.id}:
        may = may and access.may(user, groups, Action.ASSIGN_FOLLOW_UP, facts)
    if source is not None:
        may = may and access.may(user, groups, Action.SEE_EXCHANGE, access.facts_of(source))
    if not may:
        raise Trouble(_("{email} has no right to do this").format(email=user.email))
