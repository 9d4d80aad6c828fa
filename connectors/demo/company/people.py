"""The people of the sample company, read from people.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from rules.model.people import PartyKind
from rules.model.sightings import FolderRole


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an address; `party` is the code of the third party they belong to."""

    key: str
    name: str
    email: str
    phone: str = ""
    party: str | None = None
    timezone: str = "Europe/Paris"
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Staff:
    """A mailbox of the company: a colleague's, or the shared one (no `calendar`)."""

    person: Person
    aliases: tuple[str, ...] = ()
    language: str = "fr"
    calendar: str = ""
    folders: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What the data calls them, and their login on the demo's servers."""
        return self.person.key

    @property
    def calendar_path(self) -> str:
        """Where their calendar lives on the demo's server."""
        return f"/{self.key}/{self.calendar.lower()}/"

    def role(self, folder: str) -> FolderRole:
        """What a folder of this mailbox is for."""
        for role, name in self.folders.items():
            if name == folder:
                return ROLES.get(role, FolderRole.OTHER)
        return FolderRole.INBOX


ROLES = {
    "sent": FolderRole.SENT,
    "archive": FolderRole.ARCHIVE,
    "drafts": FolderRole.DRAFTS,
    "junk": FolderRole.JUNK,
}


@dataclass(frozen=True, slots=True)
class Party:
    """A third party with its contacts; without a domain only exact addresses match it."""

    code: str
    name: str
    kinds: frozenset[PartyKind]
    domain: str
    contacts: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """Everybody."""

    name: str
    domain: str
    timezone: str
    command_address: str
    staff: tuple[Staff, ...]
    shared: Staff
    parties: tuple[Party, ...]
    others: tuple[Person, ...]

    @property
    def mailboxes(self) -> tuple[Staff, ...]:
        """The colleagues' mailboxes and the shared one."""
        return (*self.staff, self.shared)

    def person(self, key: str) -> Person:
        """Whoever the data calls so; KeyError for a misspelt name."""
        return self._by_key()[key]

    def member(self, key: str) -> Staff:
        """A mailbox of the company by its key."""
        return next(m for m in self.mailboxes if m.key == key)

    def party(self, code: str) -> Party:
        """A third party by its code."""
        return next(p for p in self.parties if p.code == code)

    def _by_key(self) -> dict[str, Person]:
        ours = [m.person for m in self.mailboxes]
        theirs = [c for p in self.parties for c in p.contacts]
        return {p.key: p for p in (*ours, *theirs, *self.others)}


@cache
def company() -> Company:
    """Atelier Lumen."""
    data = tomllib.loads(files(__package__).joinpath("people.toml").read_text("utf-8"))
    head = data["company"]
    return Company(
        name=head["name"],
        domain=head["domain"],
        timezone=head["timezone"],
        command_address=head["command_address"],
        staff=tuple(_staff(row) for row in data["staff"]),
        shared=_staff(data["shared"]),
        parties=tuple(_party(row) for row in data["third_party"]),
        others=tuple(Person(o["key"], o["name"], o["email"]) for o in data["other"]),
    )


def _staff(row: dict[str, object]) -> Staff:
    given = dict(row)
    aliases, folders = given.pop("aliases", ()), given.pop("folders")
    language, calendar = given.pop("language", "fr"), given.pop("calendar", "")
    return Staff(
        person=Person(**given),  # type: ignore[arg-type]  # the file's own names
        aliases=tuple(aliases),  # type: ignore[arg-type]
        language=str(language),
        calendar=str(calendar),
        folders=dict(folders),  # type: ignore[call-overload]
    )


def _party(row: dict[str, object]) -> Party:
    zone = str(row.get("timezone", "Europe/Paris"))
    contacts: list[dict[str, str]] = row["contacts"]  # type: ignore[assignment]
    kinds: list[str] = row["kinds"]  # type: ignore[assignment]
    return Party(
        code=str(row["code"]),
        name=str(row["name"]),
        kinds=frozenset(PartyKind(kind) for kind in kinds),
        domain=str(row.get("domain", "")),
        contacts=tuple(
            Person(**person, party=str(row["code"]), timezone=zone) for person in contacts
        ),
    )
