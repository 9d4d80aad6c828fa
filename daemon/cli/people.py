"""Third parties: from a CSV file, and whom staff write with most."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.context import Trouble, built, ready_store, settings, words
from daemon.cli.output import Json, as_json, plain, table, tell_troubles
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.store import Tx
    from rules.model.people import ThirdPartyId
    from rules.model.wire import ImportRow

# A spreadsheet of every third party of a large company is some megabytes.
_LARGEST = 64 * 1024 * 1024


def add(app: typer.Typer) -> None:
    """These commands."""
    imports = typer.Typer(no_args_is_help=True, help=mark("Bring data in from files."))
    imports.command("third-parties", help=mark("Third parties and contacts from a CSV file."))(
        import_third_parties
    )
    # One command must not become the group itself.
    imports.callback()(_group)
    app.add_typer(imports, name="import")
    suggest = typer.Typer(no_args_is_help=True, help=mark("Ideas from what the mailboxes hold."))
    suggest.command(
        "third-parties",
        help=mark("The outside domains and people that staff write with most; nothing is stored."),
    )(suggest_third_parties)
    suggest.callback()(_group)
    app.add_typer(suggest, name="suggest")


def _group() -> None:
    """Keeps a group a group though it has one command."""


@dataclass(slots=True)
class _Result:
    """What an import did, or would do."""

    third_parties: int = 0
    new: int = 0
    contacts: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _DryRun(Exception):
    """Ends the transaction of a dry run."""


def _end(*, dry_run: bool) -> None:
    if dry_run:
        raise _DryRun


def import_third_parties(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=mark("Say what would be done."))
    ] = False,
    json: Json = False,
) -> None:
    """`suivi import third-parties FILE.csv`: safe to repeat; a bad line stops no other."""
    from connectors import csvfile

    _ = words()
    if file.stat().st_size > _LARGEST:
        raise Trouble(_("{file} is too large for a list of third parties").format(file=file))
    rows = csvfile.read(file.read_bytes())
    result = _Result()
    with ready_store(context) as opened, suppress(_DryRun), opened.write() as tx:
        _put_all(tx, rows, result)
        _end(dry_run=dry_run)
    if json:
        as_json(result)
    else:
        _tell(result, dry_run=dry_run)
    for problem in (*result.notes, *result.problems):
        typer.echo(f"suivi: {file.name}:{plain(problem)}", err=True)
    if result.problems:
        raise typer.Exit(1)


def _tell(result: _Result, *, dry_run: bool) -> None:
    _ = words()
    done = (
        _("Would be imported: {parties} third parties ({new} new), {contacts} contacts.")
        if dry_run
        else _("Imported: {parties} third parties ({new} new), {contacts} contacts.")
    )
    typer.echo(done.format(parties=result.third_parties, new=result.new, contacts=result.contacts))


def _put_all(tx: "Tx", rows: Sequence["ImportRow"], result: _Result) -> None:
    from daemon.store import people

    entities = {entity.code: entity.id for entity in people.entities(tx)}
    known = {party.code for party in people.third_parties(tx)}
    seen: dict[str, ThirdPartyId] = {}
    for row in rows:
        entity = row.fields.get("entity")
        if row.problem:
            # Of the header line it is a note: a column that is not read harms nothing.
            told = result.notes if row.line == 1 else result.problems
            told.append(f"{row.line}: {row.problem}")
            continue
        if entity and entity not in entities:
            result.problems.append(f"{row.line}: there is no entity '{entity}'")
            continue
        code = row.fields.get("code") or _code(row.fields["name"])
        party = _put_party(tx, row, code, entities.get(entity) if entity else None)
        if code not in seen:
            result.third_parties += 1
            result.new += code not in known
        seen[code] = party
        result.contacts += _put_contact(tx, row, party)


def _put_party(tx: "Tx", row: "ImportRow", code: str, entity: int | None) -> "ThirdPartyId":
    from daemon.store import people
    from rules.model.people import EntityId, PartyKind, ThirdParty, ThirdPartyId

    name = row.fields.get("name")
    if name is None:
        # A further line of a third party may give its code only.
        known = next((p for p in people.find_third_party(tx, code) if p.code == code), None)
        name = known.name if known else code
    return people.put_third_party(
        tx,
        ThirdParty(
            id=ThirdPartyId(0),
            code=code,
            name=name,
            kinds=frozenset(PartyKind(kind) for kind in _several(row, "kind")),
            former_names=_several(row, "former"),
            domains=_several(row, "domain"),
            entity=EntityId(entity) if entity else None,
            tags=_several(row, "tags"),
        ),
    )


def _put_contact(tx: "Tx", row: "ImportRow", party: "ThirdPartyId") -> int:
    from daemon.store import people
    from rules.model.people import Contact, ContactId

    emails = _several(row, "email")
    name = row.fields.get("contact") or (emails[0] if emails else "")
    if not name:
        return 0
    people.put_contact(tx, Contact(ContactId(0), party, name, emails, _several(row, "phone")))
    return 1


def _several(row: "ImportRow", key: str) -> tuple[str, ...]:
    return tuple(filter(None, row.fields.get(key, "").split(";")))


def _code(name: str) -> str:
    """A code for a line that has none: the same name always gets the same."""
    from rules.words import words as words_of

    return "-".join(words_of(name)).upper() or name


def suggest_third_parties(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=mark("How many at most."))] = 20,
    json: Json = False,
) -> None:
    """`suivi suggest third-parties`"""
    _ = words()
    suggestions = built(settings(context, servers=True), looks_only=True).suggest(limit)
    if json:
        as_json(suggestions.found)
    else:
        columns = (_("domain or person"), _("received"), _("sent"), _("people"))
        rows = [(s.name, s.received, s.sent, ", ".join(s.people)) for s in suggestions.found]
        table(columns, rows)
    tell_troubles(suggestions.troubles)
    if suggestions.troubles:
        raise typer.Exit(1)
