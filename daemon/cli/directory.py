"""Third parties and contacts: list, put in, change, merge."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.acting import For, acting, wake
from daemon.cli.context import Trouble, words
from daemon.cli.exchanges import third_party
from daemon.cli.output import Json, as_json, plain, table
from daemon.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.directory.merging import Merged

Party = Annotated[str, typer.Argument(metavar="PARTY", help=mark("Its code or name."))]
Number = Annotated[int, typer.Argument(metavar="ID", min=1, help=mark("As `list` shows it."))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=mark("Say what would be done."))]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help=mark("The address."))]
IsActive = Annotated[
    bool | None, typer.Option("--active/--inactive", help=mark("Whether it is in use."))
]
_MOST = 100_000
_LEVELS = ("nothing", "happened", "subject", "everything")


def add(app: typer.Typer) -> None:
    """These commands."""
    party = typer.Typer(no_args_is_help=True, help=mark("Third parties."))
    party.command("list", help=mark("Those with these words, or all."))(parties)
    party.command("put", help=mark("One of this code, with these facts beside what is known."))(
        put_party
    )
    party.command("merge", help=mark("Make one and another one, with all that hangs on them."))(
        merge_parties
    )
    app.add_typer(party, name="third-party")
    contact = typer.Typer(no_args_is_help=True, help=mark("Contacts of third parties."))
    contact.command("list", help=mark("Those of a third party."))(contacts)
    contact.command("put", help=mark("A contact, with these facts beside what is known."))(
        put_contact
    )
    contact.command("drop-address", help=mark("Take an address, and what came by it, away."))(
        drop_address
    )
    contact.command("merge", help=mark("Make one contact and another one."))(merge_contacts)
    app.add_typer(contact, name="contact")


def parties(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help=mark("Words to look for."))] = "",
    *,
    by: For = "",
    json: Json = False,
) -> None:
    """`suivi third-party list [TEXT]`"""
    from daemon.store import party_list, people
    from rules import access

    _ = words()
    with acting(context, by) as (tx, who):
        scope = access.scope(who.user, people.groups(tx)) if by else access.OPERATOR
        wanted = party_list.PartyFilter(text or None)
        found = party_list.third_parties(tx, scope, wanted, 0, _MOST)
    if json:
        as_json(found)
        return
    said = {True: _("yes"), False: _("no")}
    rows = [
        (x.code, x.name, ", ".join(sorted(x.kinds)), ", ".join(x.domains), said[x.active])
        for x in found
    ]
    table((_("code"), _("name"), _("kinds"), _("domains"), _("active")), rows)


def put_party(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help=mark("Its code."))],
    *,
    name: Annotated[str, typer.Option(help=mark("What it is called."))] = "",
    kind: Annotated[
        list[str], typer.Option(help=mark("customer, prospect or supplier; several."))
    ] = [],  # noqa: B006  typer copies it
    domain: Annotated[
        list[str], typer.Option(help=mark("A domain whose mail is captured; several."))
    ] = [],  # noqa: B006
    active: IsActive = None,
    by: For = "",
) -> None:
    """`suivi third-party put CODE --name … --kind … --domain …`"""
    from daemon.directory import parties
    from daemon.store import people
    from rules.model.people import PartyKind, ThirdParty, ThirdPartyId

    _ = words()
    kinds = frozenset(PartyKind(_one_of(one, list(PartyKind))) for one in kind)
    with acting(context, by) as (tx, who):
        known = people.party_by_code(tx, code)
        before = known or ThirdParty(ThirdPartyId(0), code, name or code)
        wanted = replace(
            before,
            name=name or before.name,
            kinds=before.kinds | kinds,
            domains=tuple(dict.fromkeys((*before.domains, *(d.lower() for d in domain)))),
            active=before.active if active is None else active,
        )
        put = parties.add_party if known is None else parties.edit_party
        put(tx, who, wanted)
    wake(context)
    typer.echo(_("Done."))


def merge_parties(
    context: typer.Context,
    gone: Party,
    kept: Annotated[str, typer.Argument(metavar="INTO", help=mark("The one that is kept."))],
    *,
    dry_run: DryRun = False,
    by: For = "",
    json: Json = False,
) -> None:
    """`suivi third-party merge PARTY INTO`: done twice, it is done."""
    from daemon.directory import merging

    with acting(context, by) as (tx, who):
        one, other = third_party(tx, gone).id, third_party(tx, kept).id
        done = merging.merge_parties(tx, who, one, other, dry_run=dry_run)
    if not dry_run:
        wake(context)
    _tell(done, json=json)


def contacts(context: typer.Context, party: Party, *, by: For = "", json: Json = False) -> None:
    """`suivi contact list PARTY`"""
    from daemon.directory import parties
    from daemon.store import people

    _ = words()
    with acting(context, by) as (tx, who):
        of = parties.party_of(tx, who, third_party(tx, party).id)
        found = people.contacts(tx, of.id)
    if json:
        as_json(found)
        return
    rows = [
        (x.id, x.name, ", ".join(x.emails), ", ".join(x.phones), x.level.name.lower())
        for x in found
    ]
    table((_("id"), _("name"), _("addresses"), _("phones"), _("visible")), rows)


def put_contact(
    context: typer.Context,
    party: Party,
    name: Annotated[str, typer.Argument(metavar="NAME", help=mark("What they are called."))],
    *,
    email: Annotated[
        list[str], typer.Option(help=mark("An address; its past mail is captured; several."))
    ] = [],  # noqa: B006  typer copies it
    phone: Annotated[list[str], typer.Option(help=mark("A phone number; several."))] = [],  # noqa: B006
    level: Annotated[
        str, typer.Option(help=mark("nothing, happened, subject or everything may be seen."))
    ] = "",
    active: IsActive = None,
    by: For = "",
) -> None:
    """`suivi contact put PARTY NAME --email … --phone …`"""
    from daemon.directory import parties
    from daemon.store import people
    from daemon.store.text import folded
    from rules.model.people import Contact, ContactId, Level

    _ = words()
    with acting(context, by) as (tx, who):
        of = parties.party_of(tx, who, third_party(tx, party).id)
        known = next(
            (c for c in people.contacts(tx, of.id) if folded(c.name) == folded(name)), None
        )
        before = known or Contact(ContactId(0), of.id, name)
        wanted = replace(
            before,
            emails=tuple(dict.fromkeys((*before.emails, *email))),
            phones=tuple(dict.fromkeys((*before.phones, *phone))),
            level=before.level if not level else Level[_one_of(level, _LEVELS).upper()],
            active=before.active if active is None else active,
        )
        put = parties.add_contact if known is None else parties.edit_contact
        put(tx, who, wanted)
    wake(context)
    typer.echo(_("Done."))


def drop_address(
    context: typer.Context,
    number: Number,
    email: Email,
    *,
    unlink: Annotated[
        bool, typer.Option("--unlink", help=mark("What came by it leaves the contact, too."))
    ] = False,
    dry_run: DryRun = False,
    by: For = "",
    json: Json = False,
) -> None:
    """`suivi contact drop-address ID EMAIL`: with --dry-run, what would be unlinked."""
    from daemon.directory import parties
    from rules.model.people import ContactId

    _ = words()
    with acting(context, by) as (tx, who):
        contact = ContactId(number)
        found = parties.came_by(tx, who, contact, email)
        if not dry_run:
            parties.drop_address(tx, who, contact, email, unlink=unlink)
    if not dry_run:
        wake(context)
    if json:
        as_json(found)
        return
    told = _(
        "{unlinked} exchanges came by it; {leaving} leave the third party, {deleted} of these are"
        " deleted; of {unknown} it is not known."
    )
    typer.echo(
        told.format(
            unlinked=len(found.exchanges),
            leaving=len(found.leaving),
            deleted=len(found.deleted),
            unknown=found.unknown,
        )
    )


def merge_contacts(
    context: typer.Context,
    gone: Number,
    kept: Annotated[int, typer.Argument(metavar="INTO", min=1, help=mark("The one kept."))],
    *,
    dry_run: DryRun = False,
    by: For = "",
    json: Json = False,
) -> None:
    """`suivi contact merge ID INTO`"""
    from daemon.directory import merging
    from rules.model.people import ContactId

    with acting(context, by) as (tx, who):
        done = merging.merge_contacts(tx, who, ContactId(gone), ContactId(kept), dry_run=dry_run)
    _tell(done, json=json)


def _one_of(word: str, known: "Sequence[str]") -> str:
    """Raises Trouble for any other word."""
    _ = words()
    if word not in known:
        text = _("'{word}' is none of: {known}")
        raise Trouble(text.format(word=plain(word), known=", ".join(known)))
    return word


def _tell(done: "Merged[Any]", *, json: bool) -> None:
    _ = words()
    if json:
        as_json(done)
        return
    moved = ", ".join(f"{number} {what}" for what, number in done.moved.items())
    typer.echo(_("{name}: {moved}").format(name=done.kept.name, moved=moved or _("nothing moves")))
