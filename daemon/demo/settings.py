"""What an admin would write for this company: suivi.toml, a password, a list of third parties."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connectors.demo.company.people import Company, Staff
from rules.model.people import PartyKind

POLL_SECONDS = 2
TICK_SECONDS = 1

KINDS = {
    PartyKind.CUSTOMER: "client",
    PartyKind.PROSPECT: "prospect",
    PartyKind.SUPPLIER: "fournisseur",
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where the servers listen and the files lie."""

    folder: Path
    runtime: Path
    imap: int
    smtp: int
    caldav: str
    http: int
    password: str = field(repr=False)

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.folder / "suivi.toml"

    @property
    def state(self) -> Path:
        """The daemon's state directory."""
        return self.folder / "state"

    @property
    def third_parties(self) -> Path:
        """The spreadsheet that is imported."""
        return self.folder / "tiers.csv"

    @property
    def url(self) -> str:
        """Where pages and the API answer."""
        return f"http://127.0.0.1:{self.http}"


def write(company: Company, places: Places) -> None:
    """Write all files; passwords are readable by their owner only."""
    # systemd would make it (StateDirectory=).
    places.state.mkdir(mode=0o700)
    secret = places.folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(places.password, "utf-8")
    places.config.write_text(configuration(company, places), "utf-8")
    # With a byte order mark and semicolons, as a French spreadsheet saves it.
    places.third_parties.write_text(third_parties(company), "utf-8-sig", newline="")


def configuration(company: Company, places: Places) -> str:
    """suivi.toml, as one would write it for servers of one's own."""
    parts = [
        "# Written by `suivi demo`: a configuration like yours, for servers that live as long.",
        _table(None, {"state_dir": str(places.state), "runtime_dir": str(places.runtime)}),
        _table(
            "company",
            {
                "name": company.name,
                "domains": [company.domain],
                "language": "fr",
                "timezone": company.timezone,
            },
        ),
        _table("http", {"listen": f"127.0.0.1:{places.http}", "public_url": places.url}),
        _table("smtp", _smtp(company, places)),
        *(_table("[users]", _user(member)) for member in company.staff),
        *(_table("[mailboxes]", _mailbox(member, places)) for member in company.mailboxes),
        _table("[mailboxes]", _commands(company, places)),
        *(_table("[calendars]", _calendar(member, places)) for member in company.staff),
        "# Short, so that nobody has to wait in front of a demo.",
        _table("capture", {"poll_seconds": POLL_SECONDS}),
        _table("reminders", {"tick_seconds": TICK_SECONDS}),
        _table("observe", {"days": 3}),
    ]
    return "\n".join(parts)


def third_parties(company: Company) -> str:
    """One line a contact, as an accounting program exports them."""
    out = io.StringIO()
    rows = csv.writer(out, delimiter=";")
    rows.writerow(["Code tiers", "Nom", "Nature", "Domaine", "Contact", "Courriel", "Téléphone"])
    for party in company.parties:
        kinds = " et ".join(sorted(KINDS[kind] for kind in party.kinds))
        for contact in party.contacts:
            who = (contact.name, contact.email, contact.phone)
            rows.writerow([party.code, party.name, kinds, party.domain, *who])
    return out.getvalue()


def _smtp(company: Company, places: Places) -> dict[str, object]:
    return {
        "host": "127.0.0.1",
        "port": places.smtp,
        "security": "none",
        "from": company.command_address,
        "admin": company.staff[0].person.email,
    }


def _user(member: Staff) -> dict[str, object]:
    return {
        "name": member.person.name,
        "email": member.person.email,
        "aliases": list(member.aliases),
        "language": member.language,
        "timezone": member.person.timezone,
    }


def _mailbox(member: Staff, places: Places) -> dict[str, object]:
    watched = [member.folders[role] for role in ("archive", "private") if role in member.folders]
    owner = {"owner": member.person.email} if member.calendar else {}
    return {"name": member.key, **owner, **_imap(member.key, places), "folders": watched}


def _commands(company: Company, places: Places) -> dict[str, object]:
    address = company.command_address
    return {
        "name": "commands",
        "purpose": "commands",
        "address": address,
        **_imap(address.partition("@")[0], places),
    }


def _imap(login: str, places: Places) -> dict[str, object]:
    return {
        "host": "127.0.0.1",
        "port": places.imap,
        "security": "none",
        "user": login,
        "password_file": "password",
    }


def _calendar(member: Staff, places: Places) -> dict[str, object]:
    return {
        "name": member.key,
        "owner": member.person.email,
        "url": places.caldav,
        "user": member.key,
        "password_file": "password",
    }


def _table(name: str | None, values: Mapping[str, object]) -> str:
    head = [f"[{name}]"] if name else []
    return "\n".join([*head, *(f"{key} = {_value(value)}" for key, value in values.items()), ""])


def _value(value: object) -> str:
    """A TOML value; its basic strings are written as JSON's."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
