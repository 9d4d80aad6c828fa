"""Exchanges: a phone call in one line, one in full, and the history of a third party."""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import exchange_acts, hand, reach, times
from daemon.cli.context import Trouble, store, words
from daemon.cli.output import Json, as_json, plain, table
from daemon.cli.reader import As, scope_of
from daemon.cli.shown import local, who
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.sheet.entry import Entry
    from daemon.sheet.follow_up_entry import FollowUpEntry
    from daemon.store import Tx
    from rules.model.exchanges import Exchange, ExchangeKey
    from rules.model.people import ThirdParty, User
    from rules.model.sightings import When


def add(app: typer.Typer) -> None:
    """These commands."""
    group = typer.Typer(no_args_is_help=True, help=mark("Exchanges."))
    group.command("add", help=mark("Record a dealing that left no mail, and its follow-up."))(
        add_exchange
    )
    exchange_acts.add(group)
    app.add_typer(group, name="exchange")
    app.command(help=mark("What was dealt with a third party, newest first."))(history)


def add_exchange(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=mark("What was said."))] = "",
    *,
    party: Annotated[
        str, typer.Option("--with", metavar="NAME", help=mark("Third party, by name or code."))
    ],
    inbound: Annotated[bool, typer.Option("--in/--out", help=mark("Who began: they, or we."))],
    by: Annotated[str, typer.Option("--by", metavar="EMAIL", help=mark("Who of us had it."))],
    mode: Annotated[
        str, typer.Option(help=mark("phone, meeting, sms, other: a code of the list."))
    ] = "phone",
    subject: Annotated[str, typer.Option(help=mark("A short title."))] = "",
    at: Annotated[
        str, typer.Option(metavar="TIME", help=mark("When, if not now: 2026-11-24 09:30."))
    ] = "",
    follow_up: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help=mark("Call back then: 'tuesday 10am', '+3d', '2026-11-24 10:00'."),
        ),
    ] = "",
    title: Annotated[str, typer.Option(help=mark("Title of the follow-up."))] = "",
    contacts: Annotated[
        list[str] | None,
        typer.Option("--contact", metavar="EMAIL", help=mark("Of whom there; may be repeated.")),
    ] = None,
    purpose: Annotated[str | None, typer.Option(help=mark("A code of the list."))] = None,
    products: Annotated[
        list[str] | None,
        typer.Option("--product", metavar="CODE", help=mark("A code of the list.")),
    ] = None,
    elements: Annotated[
        list[str] | None,
        typer.Option("--element", metavar="TYPE:REF", help=mark("Such as quote:PR2303-0107.")),
    ] = None,
    collaborators: Annotated[
        list[str] | None,
        typer.Option("--collaborator", metavar="EMAIL", help=mark("Who of us helped.")),
    ] = None,
    project: Annotated[str | None, typer.Option(help=mark("The project."))] = None,
    confidential: Annotated[
        str, typer.Option(metavar="TEXT", help=mark("What only some may read."))
    ] = "",
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME", help=mark("A group that may read it, too.")),
    ] = None,
    key: Annotated[
        str, typer.Option(help=mark("Your own key: the same key is recorded once."))
    ] = "",
    json: Json = False,
) -> None:
    """`suivi exchange add`: exchange and follow-up in one transaction; safe to repeat."""
    from daemon.sheet import exchanges, follow_ups
    from daemon.sheet.entry import Secret

    _ = words()
    with hand.writing(context, by) as writer:
        user, now = writer.user, writer.now
        known = third_party(writer.tx, party)
        happened_at = times.past(at, user) if at else now
        entry = replace(
            _entry(known, happened_at, mode, subject, text, inbound=inbound),
            contacts=tuple(_contact(writer.tx, known, email) for email in contacts or ()),
            purpose=purpose,
            products=tuple(products or ()),
            elements=tuple(map(exchange_acts.element_of, elements or ())),
            collaborators=tuple(collaborators or ()),
            project=project,
            confidential=Secret(confidential, None, tuple(groups or ())) if confidential else None,
        )
        keys = (_key(known, user, entry, key),)
        exchange = exchanges.create(writer, entry, keys)
        opened_follow_up = None
        if follow_up:
            when = times.ahead(writer.tx, follow_up, now, user)
            planned = _planned(exchange, known, when, title)
            # Of one exchange recorded twice the follow-up is one, too.
            named = f"exchange:{exchange.ref}"
            opened_follow_up = follow_ups.create(writer, planned, named)
        shown = {"exchange": exchange, "follow_up": opened_follow_up}
    if opened_follow_up is not None:
        reach.daemon(context)
    if json:
        as_json(shown)
        return
    typer.echo(
        _("Recorded {ref}: {mode} with {party}, by {user}.").format(
            ref=exchange.ref, mode=mode, party=plain(known.name), user=plain(user.name)
        )
    )
    if opened_follow_up is not None:
        typer.echo(
            _("Follow-up on {when}: {title}").format(
                when=local(opened_follow_up.when.start, user.timezone),
                title=plain(opened_follow_up.title),
            )
        )


def person(tx: "Tx", email: str) -> "User":
    """The user with this address. Raises Trouble."""
    from daemon.store import people

    _ = words()
    user = people.user_by_email(tx, email)
    if user is None:
        raise Trouble(
            _("nobody of us has the address {email}: add it to [[users]]").format(email=email)
        )
    return user


def third_party(tx: "Tx", text: str) -> "ThirdParty":
    """The one third party that `text` means. Raises Trouble, with the candidates."""
    from daemon.store import people

    _ = words()
    found = people.find_third_party(tx, text)
    if len(found) == 1:
        return found[0]
    if not found:
        hint = _("no third party is called '{text}': `suivi import third-parties` brings them in")
        raise Trouble(hint.format(text=text))
    names = ", ".join(f"{p.name} ({p.code})" for p in found[:8])
    hint = _("'{text}' may mean {names}: give the code")
    raise Trouble(hint.format(text=text, names=names))


def _contact(tx: "Tx", party: "ThirdParty", email: str) -> int:
    from daemon.store import people
    from rules import identity

    _ = words()
    for contact in people.contacts(tx, party.id):
        if identity.key(email) in {identity.key(known) for known in contact.emails}:
            return contact.id
    hint = _("{party} has no contact with the address {email}")
    raise Trouble(hint.format(party=plain(party.name), email=plain(email)))


def _entry(
    party: "ThirdParty",
    happened_at: datetime,
    mode: str,
    subject: str,
    text: str,
    *,
    inbound: bool,
) -> "Entry":
    from daemon.sheet.entry import Entry
    from rules.model.exchanges import Direction

    return Entry(
        direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
        mode=mode,
        third_parties=(party.id,),
        happened_at=happened_at,
        subject=subject or text.split("\n")[0][:120],
        comment=text,
    )


def _key(party: "ThirdParty", user: "User", entry: "Entry", key: str) -> "ExchangeKey":
    """Typed twice within a minute it is one, as when a script is run again."""
    from rules.model.exchanges import ExchangeKey, KeyKind

    minute = entry.happened_at.strftime("%Y-%m-%dT%H:%M%z") if entry.happened_at else ""
    inbound = str(entry.direction == "inbound")
    said = (party.code, user.email, entry.mode, inbound, minute, entry.subject, entry.comment)
    derived = f"cli:{hashlib.sha256(chr(0).join(said).encode()).hexdigest()}"
    return ExchangeKey(KeyKind.API, key or derived)


def _planned(
    exchange: "Exchange", party: "ThirdParty", when: "When", title: str
) -> "FollowUpEntry":
    from daemon.sheet.follow_up_entry import FollowUpEntry

    return FollowUpEntry(
        start=when.start,
        end=when.end,
        all_day=when.all_day,
        zone=when.zone,
        title=title,
        third_party=party.id,
        exchange=exchange.ref,
        description=exchange.comment,
    )


def _way(exchange: "Exchange") -> str:
    _ = words()
    if exchange.undelivered:
        return _("outbound, came back")
    return {"inbound": _("inbound"), "outbound": _("outbound")}[exchange.direction]


def history(
    context: typer.Context,
    party: Annotated[str, typer.Argument(metavar="THIRD-PARTY", help=mark("By name or code."))],
    *,
    text: Annotated[str, typer.Option(metavar="WORDS", help=mark("Only with these words."))] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help=mark("How many at most."))] = 50,
    reader: As = "",
    json: Json = False,
) -> None:
    """`suivi history THIRD-PARTY`"""
    from daemon.store import exchange_list, exchanges, follow_up_list, follow_ups, people
    from rules import access
    from rules.model.followups import State

    _ = words()
    with store(context) as (loaded, opened), opened.read() as tx:
        scope = scope_of(tx, reader)
        known = third_party(tx, party)
        wanted = exchange_list.Wanted(third_party=known.id, text=text or None)
        keys = exchange_list.page(tx, scope, wanted, limit=limit)
        stored = exchanges.in_order(tx, (number for _at, number in keys))
        found = [access.as_seen(one, scope) for one in stored]
        to_do = follow_up_list.Wanted(third_party=known.id, state=State.TO_DO)
        numbers = [number for _at, number in follow_up_list.page(tx, scope, to_do, limit=None)]
        several = follow_ups.several(tx, numbers)
        coming = [several[number] for number in numbers]
        users = people.users(tx)
    if json:
        as_json({"third_party": known, "exchanges": found, "follow_ups": coming})
        return
    zone = loaded.company.timezone
    columns = (_("when"), _("reference"), _("direction"), _("mode"), _("who"), _("subject"))
    rows: list[tuple[Any, ...]] = [
        (
            local(e.happened_at, zone),
            e.ref,
            _way(e),
            e.mode,
            who(users, [e.author] if e.author else e.mailbox_owners),
            e.subject,
        )
        for e in found
    ]
    table(columns, rows, f"{plain(known.name)} ({plain(known.code)})")
    if coming:
        waiting = [(local(f.when.start, f.when.zone), f.title) for f in coming]
        table((_("follow-up"), _("title")), waiting)
