"""Third parties and contacts from files: row by row, safe to repeat, a bad row stops no other.

Existing third parties are found by code, also by one that was merged away, else by exact name; what
is known is added to and nothing is taken away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from daemon.directory.acting import Actor
from daemon.store import Tx, merging, people
from daemon.store.text import folded
from daemon.store.third_parties import (
    contact_with_more,
    insert_contacts,
    insert_parties,
    update_contact,
    update_party,
    with_more,
)
from rules import identity
from rules.access import Action
from rules.model.people import (
    Contact,
    ContactId,
    EntityId,
    PartyKind,
    ThirdParty,
    ThirdPartyId,
)
from rules.model.wire import ImportRow
from rules.words import words


class Became(StrEnum):
    """What became of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    PROBLEM = "problem"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the report: the line of the file, what became of it, of whom it is, and what is
    wrong with it. A note harms nothing."""

    line: int
    became: Became
    third_party: str = ""
    contact: str = ""
    problem: str = ""


@dataclass(slots=True)
class Report:
    """What an import did, or would do: third parties, new ones, contacts, and each row."""

    third_parties: int = 0
    new: int = 0
    contacts: int = 0
    lines: list[Line] = field(default_factory=list)


def put_all(
    tx: Tx, actor: Actor, rows: Iterable[ImportRow], into: ThirdParty | None = None
) -> Report:
    """Take over all rows that are good; with `into` as its contacts. Raises NotAllowed."""
    actor.needs(tx, Action.CONFIGURE)
    return _Import(tx, into).run(rows)


class _Import:
    """One import under way, on all that was known at its beginning; stored at its end, for
    thousands of rows in few statements."""

    def __init__(self, tx: Tx, into: ThirdParty | None) -> None:
        self._tx = tx
        self._into = into
        self._entities: Mapping[str, EntityId] = {e.code: e.id for e in people.entities(tx)}
        self._parties: dict[str, ThirdParty] = {}
        self._contacts: dict[str, list[Contact]] = {}
        self._names: dict[str, str | None] = {}
        stored = people.third_parties(tx)
        for party in stored:
            self._keep(party)
        codes = {party.id: party.code for party in stored}
        for contact in people.contacts(tx):
            self._contacts.setdefault(codes[contact.third_party], []).append(contact)
        self._led = {
            code: codes[party] for code, party in merging.former_codes(tx).items() if party in codes
        }
        self._before = dict(self._parties)
        self._contacts_before = {c.id: c for some in self._contacts.values() for c in some}

    def run(self, rows: Iterable[ImportRow]) -> Report:
        report = Report()
        # A dict, for third parties are numbered in the order of the file.
        seen: dict[str, None] = {}
        for row in rows:
            line, code = self._row(row)
            report.lines.append(line)
            report.contacts += bool(code and line.contact)
            if code and code not in seen:
                seen[code] = None
                report.third_parties += 1
                report.new += code not in self._before
        self._store(seen)
        return report

    def _row(self, row: ImportRow) -> tuple[Line, str]:
        """A row of the report, and the code of its third party."""
        fields, entity = row.fields, row.fields.get("entity")
        problem = row.problem
        if not problem and entity and entity not in self._entities:
            problem = f"there is no entity '{entity}'"
        if not problem and self._into is None and not (fields.get("code") or fields.get("name")):
            problem = "it names no third party"
        if problem:
            # Of the header line it is a note: a column that is not read harms nothing.
            became = Became.NOTE if row.line == 1 else Became.PROBLEM
            return Line(row.line, became, problem=problem), ""
        code, became = self._party(row)
        contact, is_changed = self._contact(row, code)
        if is_changed and became is Became.SAME:
            became = Became.CHANGED
        return Line(row.line, became, code, contact), code

    def _party(self, row: ImportRow) -> tuple[str, Became]:
        if self._into is not None:
            return self._into.code, Became.SAME
        named = row.fields.get("code") or self._code(row.fields["name"])
        code = named if named in self._parties else self._led.get(named, named)
        known, entity = self._parties.get(code), row.fields.get("entity")
        # A further line of a third party may give its code only.
        name = row.fields.get("name") or (known.name if known else code)
        said = ThirdParty(
            id=ThirdPartyId(0),
            code=named,
            name=name,
            kinds=frozenset(PartyKind(kind) for kind in _several(row, "kind")),
            former_names=_several(row, "former"),
            domains=_several(row, "domain"),
            entity=self._entities[entity] if entity else None,
            tags=_several(row, "tags"),
        )
        if known is None:
            self._keep(said)
            return code, Became.NEW
        wanted = with_more(known, said)
        self._keep(wanted)
        return code, Became.SAME if wanted == known else Became.CHANGED

    def _keep(self, party: ThirdParty) -> None:
        self._parties[party.code] = party
        for name in map(folded, (party.name, *party.former_names)):
            # Two of one name are told apart by their codes only.
            same = self._names.get(name, party.code) == party.code
            self._names[name] = party.code if same else None

    def _code(self, name: str) -> str:
        """The code of the one so called, else one that the same name always gets."""
        return self._names.get(folded(name)) or "-".join(words(name)).upper() or name

    def _contact(self, row: ImportRow, code: str) -> tuple[str, bool]:
        """The name of the row's contact, if it has one, and whether they are new or other ones."""
        emails = _several(row, "email")
        name = row.fields.get("contact") or (emails[0] if emails else "")
        if not name:
            return "", False
        said = Contact(ContactId(0), ThirdPartyId(0), name, emails, _several(row, "phone"))
        theirs = self._contacts.setdefault(code, [])
        place = next((n for n, one in enumerate(theirs) if _is_same(one, said)), None)
        if place is None:
            theirs.append(said)
            return name, True
        wanted = contact_with_more(
            theirs[place], replace(said, third_party=theirs[place].third_party)
        )
        changed, theirs[place] = wanted != theirs[place], wanted
        return name, changed

    def _store(self, codes: Iterable[str]) -> None:
        touched = [self._parties[code] for code in codes]
        new = [party for party in touched if party.id == 0]
        ids = {party.code: party.id for party in touched}
        ids |= dict(zip([p.code for p in new], insert_parties(self._tx, new), strict=True))
        other = [p for p in touched if p.id != 0 and p != self._before[p.code]]
        for party in other:
            update_party(self._tx, party)
        people_ = [
            replace(one, third_party=ids[code])
            for code in ids
            for one in self._contacts.get(code, ())
        ]
        insert_contacts(self._tx, [one for one in people_ if one.id == 0])
        stored = self._contacts_before
        changed = [one for one in people_ if one.id != 0 and one != stored[one.id]]
        for one in changed:
            update_contact(self._tx, one)
        if new or other or changed or any(one.id == 0 for one in people_):
            people.directory_changed(self._tx)


def _is_same(one: Contact, said: Contact) -> bool:
    """By any of the addresses; without an address the name has to do."""
    if not said.emails:
        return folded(one.name) == folded(said.name)
    keys = {identity.key(email) for email in said.emails}
    return not keys.isdisjoint(identity.key(email) for email in one.emails)


def _several(row: ImportRow, key: str) -> tuple[str, ...]:
    return tuple(filter(None, row.fields.get(key, "").split(";")))
