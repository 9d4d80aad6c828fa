"""Third parties and contacts from an uploaded file: preview, then the same again for real."""

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

from fastapi import Body, Query
from pydantic import BaseModel, Field

from connectors import csvfile, vcard
from connectors.errors import Unreadable
from daemon.directory import importing, parties
from daemon.i18n import mark
from daemon.web.api.acting import acting
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.ids import LARGEST_ID
from daemon.web.problems import Problem
from daemon.web.route import Route
from rules.model.people import ThirdPartyId
from rules.model.wire import ImportRow

LARGEST = 16 * 1024 * 1024
"""What is taken of a file, in bytes."""

Into = Annotated[
    int | None,
    Query(ge=1, le=LARGEST_ID, description="All contacts of the file are this third party's."),
]
DryRun = Annotated[bool, Query(description="Say what would be done, and do nothing.")]
Csv = Annotated[bytes, Body(media_type="text/csv")]
Vcards = Annotated[bytes, Body(media_type="text/vcard")]


class ImportLine(BaseModel):
    """A row of the file, and what became of it."""

    line: int
    became: importing.Became
    third_party: str = Field(description="Its code.")
    contact: str
    problem: str


class Imported(BaseModel):
    """What an import did, or would do."""

    third_parties: int
    new: int
    contacts: int
    lines: list[ImportLine]


class _DryRun(Exception):
    """Ends the transaction of a preview."""


def from_csv(
    house: InHouse, caller: Caller, data: Csv, into: Into = None, dry_run: DryRun = False
) -> Imported:
    """Third parties and contacts from a CSV file. The same again changes nothing; a bad row stops
    no other."""
    return _imported(house, caller, _read(csvfile.read, data), into, dry_run=dry_run)


def from_vcards(
    house: InHouse, caller: Caller, data: Vcards, into: Into = None, dry_run: DryRun = False
) -> Imported:
    """The same from vCards: an organisation (ORG) is a third party, a person a contact of it."""
    return _imported(house, caller, _read(vcard.read, data), into, dry_run=dry_run)


def _read(reader: Callable[[bytes], tuple[ImportRow, ...]], data: bytes) -> tuple[ImportRow, ...]:
    try:
        return reader(data)
    except Unreadable as error:
        raise Problem(422, mark("the file can't be read: {why}"), why=str(error)) from error


def _imported(
    house: InHouse,
    caller: Caller,
    rows: tuple[ImportRow, ...],
    into: int | None,
    *,
    dry_run: bool,
) -> Imported:
    with suppress(_DryRun), house.store.write() as tx:
        who = acting(caller)
        party = None if into is None else parties.party_of(tx, who, ThirdPartyId(into))
        report = importing.put_all(tx, who, rows, party)
        if dry_run:
            raise _DryRun
        who.note(tx, f"import {report.third_parties} third parties", "third parties")
    if not dry_run:
        house.machine.wake()
    return Imported(
        third_parties=report.third_parties,
        new=report.new,
        contacts=report.contacts,
        lines=[
            ImportLine(
                line=one.line,
                became=one.became,
                third_party=one.third_party,
                contact=one.contact,
                problem=one.problem,
            )
            for one in report.lines
        ],
    )


ROUTES = (
    Route(
        "POST", "/api/v1/imports/csv", from_csv, Imported, problems=(401, 403, 404), body=LARGEST
    ),
    Route(
        "POST",
        "/api/v1/imports/vcards",
        from_vcards,
        Imported,
        problems=(401, 403, 404),
        body=LARGEST,
    ),
)
