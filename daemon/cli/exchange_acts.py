"""What is done to one exchange at the command line, as a user with their rights."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import hand, reach
from daemon.cli.context import Trouble, settings, words
from daemon.cli.output import Json, as_json, plain, table
from daemon.cli.refs import By
from daemon.cli.shown import local, who
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.sheet.writer import Writer
    from rules.model.exchanges import Exchange, LinkedElement

Ref = Annotated[str, typer.Argument(metavar="EXC-12", help=mark("Its reference."))]
Refs = Annotated[list[str], typer.Argument(metavar="EXC-12…", help=mark("References."))]
Element = Annotated[
    str, typer.Argument(metavar="TYPE:REF", help=mark("Such as quote:PR2303-0107."))
]
ADDRESSES = mark("An address; may be repeated.")


def add(group: typer.Typer) -> None:
    """These commands."""
    group.command("show", help=mark("All of one exchange."))(show)
    group.command("edit", help=mark("Change fields of it; what is not given stays."))(edit)
    group.command("clone", help=mark("A new one, now, that says the same."))(clone)
    group.command("delete", help=mark("Delete for good: no mailbox brings it back."))(delete)
    group.command("link", help=mark("It is about this quote, order, invoice, ticket…"))(link)
    group.command("unlink", help=mark("It is not about this one; no rule links it again."))(unlink)
    group.command("mail", help=mark("Send a mail from it, in one's own name."))(mail)


def show(
    context: typer.Context,
    ref: Ref,
    *,
    by: By,
    confidential: Annotated[
        bool,
        typer.Option(
            "--confidential", help=mark("Its confidential comment too, which the audit notes.")
        ),
    ] = False,
    json: Json = False,
) -> None:
    """`suivi exchange show EXC-12 --by EMAIL`"""
    from daemon.sheet import confidential as secrets
    from daemon.sheet import exchanges

    with (hand.writing if confidential else hand.reading)(context, by) as writer:
        found = exchanges.see(writer, ref)
        comment = secrets.read(writer, found) if confidential else None
        lines = _lines(writer, found)
        attached = exchanges.attached(writer, found)
    if json:
        more = {"confidential": comment} if confidential else {}
        as_json({"exchange": found, "attachments": attached, **more})
        return
    _ = words()
    lines += [(_("attachment"), name) for name in attached]
    if comment is not None:
        lines.append((_("confidential comment"), comment.text))
    table((found.ref, found.subject), [(name, value) for name, value in lines if value])


def _lines(writer: "Writer", found: "Exchange") -> list[tuple[str, str]]:
    from daemon.store import people

    _ = words()
    parties = (people.get_third_party(writer.tx, one) for one in found.third_parties)
    contacts = (people.get_contact(writer.tx, one) for one in found.contacts)
    users = writer.users
    way = {"inbound": _("inbound"), "outbound": _("outbound")}[found.direction]
    return [
        (_("when"), local(found.happened_at, writer.user.timezone)),
        (_("third party"), ", ".join(f"{p.name} ({p.code})" for p in parties if p)),
        (_("contact"), ", ".join(c.name for c in contacts if c)),
        (_("direction"), way),
        (_("mode"), found.mode),
        (_("purpose"), found.purpose or ""),
        (_("author"), who(users, [found.author] if found.author else [])),
        (_("recorded by"), who(users, [found.recorder] if found.recorder else [])),
        (_("collaborators"), who(users, found.collaborators)),
        (_("products"), ", ".join(found.products)),
        (_("linked elements"), ", ".join(f"{e.type} {e.ref}" for e in found.elements)),
        (_("project"), found.project or ""),
        (_("state"), found.status),
        (_("text"), found.comment),
    ]


def edit(
    context: typer.Context,
    ref: Ref,
    text: Annotated[str | None, typer.Option(help=mark("What was said."))] = None,
    *,
    by: By,
    mode: Annotated[str | None, typer.Option(help=mark("A code of the list."))] = None,
    purpose: Annotated[str | None, typer.Option(help=mark("A code of the list."))] = None,
    subject: Annotated[str | None, typer.Option(help=mark("A short title."))] = None,
    project: Annotated[str | None, typer.Option(help=mark("The project."))] = None,
    author: Annotated[
        str | None, typer.Option(metavar="EMAIL", help=mark("Who of us had it."))
    ] = None,
    status: Annotated[str | None, typer.Option(help=mark("active or closed."))] = None,
    json: Json = False,
) -> None:
    """`suivi exchange edit EXC-12 --subject … --by EMAIL`"""
    from daemon.sheet import exchanges
    from daemon.sheet.writer import whatever

    options = {
        "comment": text,
        "mode": mode,
        "purpose": purpose,
        "subject": subject,
        "project": project,
        "author": author,
        "status": status,
    }
    given = {name: value for name, value in options.items() if value is not None}
    with hand.writing(context, by) as writer:
        changed = exchanges.change(writer, ref, whatever, given)
    _told(changed, json=json)


def clone(context: typer.Context, ref: Ref, *, by: By, json: Json = False) -> None:
    """`suivi exchange clone EXC-12 --by EMAIL`"""
    from daemon.sheet import exchanges

    with hand.writing(context, by) as writer:
        made = exchanges.clone(writer, ref)
    _told(made, json=json)


def delete(
    context: typer.Context,
    refs: Refs,
    *,
    by: By,
    reason: Annotated[str, typer.Option(help=mark("Why; kept with the tombstone."))] = "",
) -> None:
    """`suivi exchange delete EXC-12 EXC-13 --by EMAIL`: all of them or none."""
    from daemon.sheet import exchanges
    from daemon.sheet.writer import whatever

    _ = words()
    with hand.writing(context, by) as writer:
        gone = [exchanges.delete(writer, ref, whatever, reason) for ref in dict.fromkeys(refs)]
    for ref in gone:
        typer.echo(_("Deleted {ref}.").format(ref=ref))


def link(context: typer.Context, ref: Ref, element: Element, *, by: By, json: Json = False) -> None:
    """`suivi exchange link EXC-12 quote:PR2303-0107 --by EMAIL`"""
    from daemon.sheet import exchanges
    from daemon.sheet.writer import whatever

    named = element_of(element)
    with hand.writing(context, by) as writer:
        changed = exchanges.link(writer, ref, whatever, named)
    _told(changed, json=json)


def unlink(
    context: typer.Context, ref: Ref, element: Element, *, by: By, json: Json = False
) -> None:
    """`suivi exchange unlink EXC-12 quote:PR2303-0107 --by EMAIL`"""
    from daemon.sheet import exchanges
    from daemon.sheet.writer import whatever

    named = element_of(element)
    with hand.writing(context, by) as writer:
        changed = exchanges.unlink(writer, ref, whatever, named.type, named.ref)
    _told(changed, json=json)


def mail(
    context: typer.Context,
    ref: Ref,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=mark("What it says."))],
    *,
    to: Annotated[list[str], typer.Option("--to", metavar="EMAIL", help=ADDRESSES)],
    subject: Annotated[str, typer.Option(help=mark("Its subject."))],
    by: By,
    cc: Annotated[list[str] | None, typer.Option("--cc", metavar="EMAIL", help=ADDRESSES)] = None,
    key: Annotated[str, typer.Option(help=mark("Your own key: the same key is sent once."))] = "",
    json: Json = False,
) -> None:
    """`suivi exchange mail EXC-12 TEXT --to EMAIL --subject … --by EMAIL`"""
    from daemon.sheet import exchanges, letters
    from daemon.sheet.letters import Written
    from daemon.sheet.once import once

    _ = words()
    smtp = settings(context, quiet=True).smtp
    sender = smtp.sender if smtp is not None else None
    written = Written(tuple(to), subject, text, tuple(cc or ()))
    with hand.writing(context, by) as writer:
        asked = ["mail", ref.upper(), asdict(written)]
        answer, _new = once(
            writer,
            key or None,
            asked,
            lambda: {"ref": letters.send(writer, sender, ref, written, key or None).ref},
        )
        made = exchanges.see(writer, answer["ref"])
    if not reach.daemon(context):
        later = _("it leaves as soon as suivi runs")
        typer.echo(f"suivi: {later}", err=True)
    _told(made, json=json)


def element_of(text: str) -> "LinkedElement":
    """The element that TYPE:REF names. Raises Trouble."""
    from rules.model.exchanges import LinkedElement

    _ = words()
    type_, colon, ref = text.partition(":")
    if not (type_ and colon and ref):
        raise Trouble(_("name an element as TYPE:REF, such as quote:PR2303-0107"))
    return LinkedElement(type_, ref)


def _told(exchange: "Exchange", *, json: bool) -> None:
    if json:
        as_json({"exchange": exchange})
        return
    typer.echo(f"{exchange.ref} {exchange.mode} {plain(exchange.subject)}".rstrip())
