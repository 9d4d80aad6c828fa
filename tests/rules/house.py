"""The small company that the tests of the core talk about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rules import match
from rules.model.decisions import Decision, RecordExchange, Verdict
from rules.model.exchanges import Draft
from rules.model.followups import Assignee, FollowUp, FollowUpId, Reminder
from rules.model.people import (
    Address,
    Contact,
    ContactId,
    EntityId,
    Level,
    ThirdParty,
    ThirdPartyId,
    User,
    UserId,
)
from rules.model.sightings import (
    AccountId,
    Answer,
    Attendee,
    CalendarId,
    Component,
    Event,
    EventPlace,
    FolderId,
    FolderRole,
    MailPlace,
    Message,
    Sighting,
    When,
)
from rules.ruleset import builtin

RULES = builtin()
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
"""A Tuesday, half past nine in Paris."""

NADIA, MARC, FORMER = UserId(1), UserId(2), UserId(3)
ACME, ACME_LYON, VENDOME, GONE, TWIN = (ThirdPartyId(n) for n in range(1, 6))
SYLVIE, JEAN, CABINET_A, CABINET_B, SECRET, DESK_1, DESK_2, LEFT = (
    ContactId(n) for n in range(1, 9)
)

USERS = (
    User(
        NADIA,
        "Nadia Kaci",
        "nadia@maison.fr",
        aliases=("nadia.kaci@gmail.com", "n.kaci@maison.fr"),
        timezone="Europe/Paris",
        language="fr",
    ),
    User(MARC, "Marc Petit", "marc@maison.fr", timezone="America/New_York"),
    User(FORMER, "Zoé Former", "zoe@elsewhere.example", active=False),
)

THIRD_PARTIES = (
    ThirdParty(ACME, "CU1804-0001", "Acme", domains=("acme.fr",), entity=EntityId(1)),
    ThirdParty(ACME_LYON, "CU1804-0002", "Acme Lyon", domains=("lyon.acme.fr",)),
    ThirdParty(
        VENDOME,
        "CU1804-0003",
        "SAS VENDÔME",
        former_names=("Établissements Nation",),
        domains=("vendome.example", "Société-Vendôme.fr", "orange.fr"),
        entity=EntityId(2),
    ),
    ThirdParty(GONE, "CU1804-0004", "Gone", domains=("gone.example",), active=False),
    ThirdParty(TWIN, "CU1804-0005", "Twin", domains=("twins.example",)),
    ThirdParty(ThirdPartyId(6), "CU1804-0006", "Twin Two", domains=("twins.example",)),
)

CONTACTS = (
    Contact(SYLVIE, ACME, "Sylvie TOLERI", ("Sylvie@Acme.fr",)),
    Contact(JEAN, VENDOME, "Jean Dupont", ("jean.dupont@orange.fr", "jean@vendome.example")),
    Contact(CABINET_A, ACME, "Claude Cabinet", ("conseil@cabinet.example",)),
    Contact(CABINET_B, VENDOME, "Claude Cabinet", ("conseil@cabinet.example",)),
    Contact(SECRET, ACME, "Doctor Acme", ("doctor@acme.fr",), level=Level.NOTHING),
    Contact(DESK_1, ACME, "Desk One", ("desk@acme.fr",)),
    Contact(DESK_2, ACME, "Desk Two", ("desk@acme.fr",)),
    Contact(LEFT, VENDOME, "Left Long Ago", ("left@vendome.example",), active=False),
)

DIRECTORY = match.index(7, USERS, THIRD_PARTIES, CONTACTS, ["maison.fr"])


def to(*emails: str) -> tuple[Address, ...]:
    return tuple(Address(e) for e in emails)


def mail(
    from_: str = "sylvie@acme.fr", to_: str | tuple[str, ...] = "nadia@maison.fr", **more: object
) -> Message:
    recipients = (to_,) if isinstance(to_, str) else to_
    fields = {
        "message_id": "one@acme.fr",
        "subject": "Devis",
        "date": NOW - timedelta(hours=1),
        "from_": to(from_) if from_ else (),
        "to": to(*recipients),
    } | more
    return Message(**fields)  # type: ignore[arg-type]


def seen(
    message: Message,
    role: FolderRole = FolderRole.INBOX,
    *,
    owner: UserId | None = NADIA,
    name: str = "INBOX",
    level: Level = Level.EVERYTHING,
    **place: object,
) -> Sighting:
    where = MailPlace(FolderId(1), role, name, uidvalidity=1, uid=1)
    received = {"received": NOW - timedelta(minutes=50)} | place
    return Sighting(AccountId(1), owner, replace(where, **received), message, level)


def meeting(*guests: str, summary: str = "Réunion", **more: object) -> Event:
    start = NOW - timedelta(days=1)
    fields = {
        "uid": "meeting-1",
        "component": Component.VEVENT,
        "summary": summary,
        "when": When(start, start + timedelta(hours=1), zone="Europe/Paris"),
        "organizer": Address("nadia@maison.fr") if guests else None,
        "attendees": tuple(Attendee(Address(g), Answer.ACCEPTED) for g in guests),
    } | more
    return Event(**fields)  # type: ignore[arg-type]


def in_calendar(
    event: Event,
    *,
    owner: UserId | None = NADIA,
    dedicated: bool = False,
    name: str = "Agenda",
    level: Level = Level.EVERYTHING,
) -> Sighting:
    place = EventPlace(CalendarId(1), name, "/cal/1.ics", '"1"', dedicated)
    return Sighting(AccountId(1), owner, place, event, level)


def follow_up(**more: object) -> FollowUp:
    start = NOW + timedelta(days=2)
    fields = {
        "id": FollowUpId(1),
        "key": "k",
        "uid": "u",
        "title": "Relance Acme",
        "when": When(start, zone="Europe/Paris"),
        "assignees": (Assignee(NADIA, owner=True),),
        "third_party": ACME,
        "reminders": (Reminder(),),
    } | more
    return FollowUp(**fields)  # type: ignore[arg-type]


def draft_of(decision: Decision) -> Draft:
    assert decision.verdict is Verdict.RECORD, decision
    return next(e.draft for e in decision.effects if isinstance(e, RecordExchange))
