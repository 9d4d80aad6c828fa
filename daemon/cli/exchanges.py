"""Exchanges: a phone call in one line, and the history of a third party."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import reach, times
from daemon.cli.context import Trouble, ready_store, store, words
from daemon.cli.output import Json, as_json, plain, table
from daemon.cli.shown import local, who
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.store import Tx
    from rules.model.exchanges import Draft, Exchange
    from rules.model.followups import FollowUp
    from rules.model.people import ThirdParty, User
    from rules.model.sightings import When


def add(app: typer.Typer) -> None:
    """These commands."""
    group = typer.Typer(no_args_is_help=True, help=mark("Exchanges."))
    group.command("add", help=mark("Record a dealing that left no mail, and its follow-up."))(
        add_exchange
    )
    group.callback()(_group)
    app.add_typer(group, name="exchange")
    app.command(help=mark("What was dealt with a third party, newest first."))(history)


def _group() -> None:
    """Keeps a group a group though it has one command."""


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
    key: Annotated[
        str, typer.Option(help=mark("Your own key: the same key is recorded once."))
    ] = "",
    json: Json = False,
) -> None:
    """`suivi exchange add`: exchange and follow-up in one transaction; safe to repeat."""
    from daemon import clock
    from daemon.store import exchanges, people

    _ = words()
    now = clock.now()
    with ready_store(context) as opened, opened.write() as tx:
        user = person(tx, by)
        _allowed(tx, user, follow_up=bool(follow_up))
        known = third_party(tx, party)
        happened_at = times.past(at, user) if at else now
        draft = _draft(known, user, happened_at, mode, subject, text, key, inbound=inbound)
        exchange = exchanges.add(tx, draft, now)
        opened_follow_up = None
        if follow_up:
            when = times.ahead(tx, follow_up, now, user)
            opened_follow_up = _open(tx, exchange, known, user, when, title, now)
        shown = {"exchange": exchange, "follow_up": opened_follow_up}
        users = people.users(tx)
    if opened_follow_up is not None:
        reach.daemon(context)
    if json:
        as_json(shown)
        return
    typer.echo(
        _("Recorded {ref}: {mode} with {party}, by {user}.").format(
            ref=exchange.ref, mode=mode, party=plain(known.name), user=who(users, [user.id])
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


def _allowed(tx: "Tx", user: "User", *, follow_up: bool) -> None:
    from daemon.store import people
    from rules import access

    _ = words()
    wanted = [access.Action.CREATE_EXCHANGE]
    if follow_up:
        wanted.append(access.Action.CREATE_FOLLOW_UP)
    groups = people.groups(tx)
    if not all(access.may(user, groups, action, None) for action in wanted):
        raise Trouble(_("{email} has no right to do this").format(email=user.email))


def _draft(
    party: "ThirdParty",
    user: "User",
    happened_at: datetime,
    mode: str,
    subject: str,
    text: str,
    key: str,
    *,
    inbound: bool,
) -> "Draft":
    from rules.model.exchanges import Direction, Draft, ExchangeKey, KeyKind, Source

    # Typed twice within a minute it is one, as when a script is run again.
    minute = happened_at.strftime("%Y-%m-%dT%H:%M%z")
    said = "\x00".join((party.code, user.email, mode, str(inbound), minute, subject, text))
    derived = f"cli:{hashlib.sha256(said.encode()).hexdigest()}"
    return Draft(
        keys=(ExchangeKey(KeyKind.API, key or derived),),
        third_parties=(party.id,),
        contacts=(),
        direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
        mode=mode,
        happened_at=happened_at,
        source=Source.PERSON,
        subject=subject or text.split("\n")[0][:120],
        comment=text,
        entity=party.entity or next(iter(sorted(user.entities)), None),
        author=user.id,
        recorder=user.id,
    )


def _open(
    tx: "Tx",
    exchange: "Exchange",
    party: "ThirdParty",
    user: "User",
    when: "When",
    title: str,
    now: datetime,
) -> "FollowUp":
    from daemon.i18n import translator
    from daemon.store import follow_ups, installation
    from rules import identity
    from rules.model.followups import Assignee, FollowUpDraft

    # In the language of whose calendar it goes to.
    _ = translator(user.language)
    key = f"exchange:{exchange.ref}"
    draft = FollowUpDraft(
        key=key,
        title=title or _("Follow-up: {party}").format(party=party.name),
        when=when,
        assignees=(Assignee(user.id, owner=True),),
        third_party=party.id,
        exchange=exchange.id,
        creator=user.id,
        entity=exchange.entity,
        description=exchange.comment,
        uid=identity.follow_up_uid(key),
    )
    live_since = installation.get(tx).live_since
    return follow_ups.open(tx, draft, now, live_since)[0]


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
    json: Json = False,
) -> None:
    """`suivi history THIRD-PARTY`"""
    from daemon.store import exchanges, follow_ups, people

    _ = words()
    with store(context) as (loaded, opened), opened.read() as tx:
        known = third_party(tx, party)
        found = exchanges.history(tx, third_party=known.id, text=text or None, limit=limit)
        coming = follow_ups.open_ones(tx, known.id)
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
