"""All the mail and all the events that many programs wrote, through the starter set of rules: each
has a decision with its reason, and none stops the others."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors import ical, mime
from connectors.errors import Unreadable
from rules import adopt, decide, identity, match
from rules.language import read
from rules.model.decisions import Reason, Verdict
from rules.model.facts import Surroundings
from rules.model.people import Contact, ContactId, ThirdParty, ThirdPartyId, User, UserId
from rules.model.sightings import (
    AccountId,
    CalendarId,
    EventPlace,
    FolderId,
    FolderRole,
    MailPlace,
    Message,
    Sighting,
)
from rules.ruleset import builtin, sealed

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
AROUND = Surroundings("Europe/Paris", live_since=LONG_AGO)
# Of each file: a daily event without an end has thousands.
OCCURRENCES = 10
STARTER_SET = Path(__file__).parents[3] / "rules" / "examples"


def starter_set(language):
    loaded = read((p.name, p.read_text()) for p in sorted((STARTER_SET / language).glob("*.yaml")))
    assert loaded.is_good, loaded.problems
    return sealed(replace(builtin(), rules=loaded.rules))


def directory_of(emails):
    """Every other address is a contact's, and one in ten is ours: so all ways are gone."""
    known = sorted({identity.key(e) for e in emails if "@" in e})
    contacts = [
        Contact(ContactId(n), ThirdPartyId(n % 50), f"Contact {n}", (email,))
        for n, email in enumerate(known)
        if n % 2
    ]
    users = [User(UserId(n), f"User {n}", email) for n, email in enumerate(known) if n % 10 == 0]
    parties = [ThirdParty(ThirdPartyId(n), f"CU-{n}", f"Party {n}") for n in range(50)]
    return match.index(1, users, parties, contacts, [])


def messages_of(corpus):
    for path in sorted((corpus / "mail").rglob("*")):
        if path.is_file() and path.suffix in (".eml", ".msg", ".txt", ".mbox", ""):
            try:
                yield mime.parse(path.read_bytes())
            except Unreadable:
                continue


def events_of(corpus):
    for path in sorted((corpus / "ics").rglob("*")):
        if path.is_file():
            try:
                found = ical.read(path.read_bytes(), "Europe/Paris", LONG_AGO, NOW)
            except Unreadable:
                continue
            yield from found[:OCCURRENCES]


@pytest.fixture(scope="module")
def everything(corpus):
    """Mail and events, read once for both languages."""
    return list(messages_of(corpus)), list(events_of(corpus))


def judged(ruleset, directory, owner, what):
    """The decision, as the arrows would come to it, and the rules that fired."""
    if isinstance(what, Message):
        place = MailPlace(FolderId(1), FolderRole.INBOX, "INBOX", 1, 1, received=NOW)
        sighting = Sighting(AccountId(1), owner, place, what)
        bare = replace(sighting, what=replace(what, body=None, attachments=(), invites=None))
        decision = decide.message(ruleset, directory, bare, (), NOW, around=AROUND)
        return decide.text(decision, what)
    place = EventPlace(CalendarId(1), "Agenda", "/1.ics", '"1"')
    sighting = Sighting(AccountId(1), owner, place, what)
    if adopt.sign(ruleset, directory, sighting, AROUND, NOW) is not None:
        found = adopt.adopt(ruleset, directory, sighting, NOW, LONG_AGO, around=AROUND)
        return found if not hasattr(found, "key") else None
    return decide.event(ruleset, directory, sighting, NOW, around=AROUND)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_everything_is_decided_with_a_reason(everything, language, record_property):
    ruleset = starter_set(language)
    mail, events = everything
    directory = directory_of(a.email for what in (*mail, *events) for a in match.participants(what))
    owner = next(iter(directory.users))
    reasons = Counter()
    fired = Counter()
    for what in (*mail, *events):
        decision = judged(ruleset, directory, owner, what)
        if decision is None:
            reasons["a follow-up"] += 1
            continue
        assert isinstance(decision.reason, Reason)
        assert decision.rules == ruleset.fingerprint
        assert decision.trace or decision.reason is Reason.FOLLOW_UP
        reasons[f"{decision.verdict}: {decision.reason}"] += 1
        fired.update(step.answer for step in decision.trace if step.question == "rule")
    told = ", ".join(f"{n} {reason}" for reason, n in reasons.most_common())
    record_property("told", f"corpus, {language}: {len(mail)} mails, {len(events)} events: {told}")
    told = ", ".join(f"{n} {rule}" for rule, n in fired.most_common())
    record_property("told", f"corpus, {language}: rules that fired: {told}")
    assert len(mail) > 1000
    assert len(events) > 500
    assert reasons[f"{Verdict.RECORD}: {Reason.MATCHED}"] > 100
    assert fired
