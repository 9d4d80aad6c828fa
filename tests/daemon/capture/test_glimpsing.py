"""What a glimpse tells of an object is what reading and judging all of it says, whatever stands in
it: nothing that would be kept is overlooked."""

import re
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import ical
from connectors.errors import Unreadable
from rules import adopt, decide, match
from rules.glimpse import Glimpse, Glimpsed
from rules.model.decisions import Reason, Verdict
from rules.model.facts import NOWHERE
from rules.model.people import Contact, ContactId, Level, ThirdParty, ThirdPartyId, User, UserId
from rules.model.rules import AdoptEvent, AssignThirdParty, Ignore, KeepPrivate
from rules.model.sightings import AccountId, CalendarId, EventPlace, Sighting
from rules.ruleset import builtin
from tests.daemon.capture.desk import MIDDAY
from tests.rules.ruled import rule, rules

PLACE = EventPlace(CalendarId(1), "work", "/c/a.ics", '"1"')
RULES = builtin()
YEAR = timedelta(days=366)


def directory(contacts=("jean@mistral.example",), domains=("mistral.example",)):
    people = [
        Contact(ContactId(n), ThirdPartyId(1), f"C{n}", emails=(email,))
        for n, email in enumerate(contacts, 1)
    ]
    party = ThirdParty(ThirdPartyId(1), "CU-1", "Brasserie Mistral", domains=tuple(domains))
    ann = User(UserId(1), "Ann", "ann@lumen.example", timezone="Europe/Paris")
    return match.index(1, [ann], [party], people, ["lumen.example"])


KNOWN = directory()


def glimpsed(data, known=KNOWN, ruleset=RULES, place=PLACE):
    """The reason that a glimpse gives; None: it can't tell."""
    glimpse = Glimpse(ruleset, known, place)
    seen = ical.glance(data)
    if seen is None or not glimpse.tells:
        return None
    return glimpse.reason(Glimpsed(seen.titles, seen.categories, seen.people))


def judged(data, known=KNOWN, ruleset=RULES, place=PLACE, now=MIDDAY):
    """What is found by reading all of it: the sign of a follow-up, or the reasons of all that is
    not merely one occurrence after another."""
    found = Counter()
    events = ical.read(data, "Europe/Paris", now - YEAR, now + YEAR)
    for event in events:
        sighting = Sighting(AccountId(1), UserId(1), place, event, Level.EVERYTHING)
        if sign := adopt.sign(ruleset, known, sighting, NOWHERE, now):
            found[sign] += 1
            continue
        decision = decide.event(ruleset, known, sighting, now)
        if decision.reason is not Reason.SERIES:
            kept = decision.verdict is not Verdict.IGNORE or decision.effects
            found["kept" if kept else decision.reason] += 1
    return found, {event.uid for event in events}


def check(data, known=KNOWN, ruleset=RULES, place=PLACE):
    """Whether a glimpse was enough."""
    reason = glimpsed(data, known, ruleset, place)
    if reason is None:
        return False
    found, uids = judged(data, known, ruleset, place)
    assert found.keys() <= {reason}, (reason, found, data)
    assert uids <= {ical.glance(data).uid}
    return True


TITLES = st.sampled_from(
    (
        "",
        "Point",
        "Mistral",
        "Relance Mistral",
        "relancé",
        "RELANCE: x",
        "Re\r\n lance Mistral",
        "x\\nRelance",
        "\u2028Relance",
        "Follow-up",
        "Appel Mistral",
        "Phone x",
        "Vu #relance hier",
        "EXC-12",
        "suite PR2303-0107",
        "[perso] dentiste",
        "busy",
        "Occupé",
        "Rendez-vous\\, Lyon",
    )
)
PEOPLE = st.sampled_from(
    (
        "ATTENDEE:mailto:jean@mistral.example",
        "ATTENDEE:MAILTO:Jean+x@MISTRAL.example",
        'ATTENDEE;CN="a:b";PARTSTAT=ACCEPTED:mailto:paul@mistral.example',
        "ATTENDEE;PARTSTAT=DECLINED:mailto:ann@lumen.example",
        "ATTENDEE;CN=Ann:mailto:ann@lumen.example",
        "ATTENDEE:mailto:zoe@nowhere.example",
        "ORGANIZER;CN=Jean:mailto:jean@mistral.example",
        "organizer:mailto:zoe@nowhere.example",
        "ATTENDEE;EMAIL=jean@mistral.example:/principals/jean/",
        "ATTENDEE:jean@mistral.example",
        "ATTENDEE:mailto:jean%40mistral.example",
        'ATTENDEE;CN="x:mailto:jean@mistral.example',
        "ATTEN\r\n DEE:mailto:jean@mistral.example",
        "ATTENDEE:mailto:jean@mis\r\n\ttral.example",
        "ATTENDEE :mailto:jean@mistral.example",
        "ATTENDEE;X=1;CN=^'q^':mailto:jean@mistral.example",
        "X-A:1\x0bATTENDEE:mailto:jean@mistral.example",
    )
)
MORE = st.sampled_from(
    (
        "CATEGORIES:Work,Relance",
        "CATEGORIES:x\\,Follow-up",
        "CATEGORIES;LANGUAGE=fr:RELANCE",
        "CLASS:PUBLIC",
        "CLASS:PRIVATE",
        "class:confidential",
        "STATUS:CANCELLED",
        "STATUS:CONFIRMED",
        "DESCRIPTION:EXC-12",
        "LOCATION:Lyon",
        "TRANSP:TRANSPARENT",
        "UID:another",
        "X-SUIVI-FOLLOW-UP:k",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT5M\r\n"
        "ATTENDEE:mailto:jean@mistral.example\r\nEND:VALARM",
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:-\r\nEND:VALARM",
        "END:VEVENT\r\nBEGIN:VTODO\r\nUID:one\r\nSUMMARY:Relance\r\nEND:VTODO\r\n"
        "BEGIN:VEVENT\r\nUID:one",
    )
)
RULE_SETS = st.sampled_from(
    (
        RULES,
        rules(rule("a", AdoptEvent())),
        rules(rule("b", Ignore())),
        rules(rule("c", KeepPrivate(Level.NOTHING))),
        rules(rule("d", AssignThirdParty("CU-1"))),
    )
)


@st.composite
def objects(draw):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:one"]
    body = ["DTSTAMP:20240101T000000Z", f"DTSTART:{MIDDAY - timedelta(days=3):%Y%m%dT%H%M%SZ}"]
    body += [f"SUMMARY:{draw(TITLES)}", *draw(st.lists(PEOPLE, max_size=3))]
    body += draw(st.lists(MORE, max_size=3))
    lines += draw(st.permutations(body))
    lines += ["END:VEVENT", "END:VCALENDAR", ""]
    return draw(st.sampled_from(["\r\n", "\n"])).join(lines).encode()


@given(objects(), RULE_SETS, st.sampled_from([PLACE, EventPlace(CalendarId(1), "Perso", "/p", "")]))
def test_a_glimpse_says_what_judging_all_of_it_says(data, ruleset, place):
    # What can't be read is nobody's as far as can be seen, and is quarantined where a glimpse can't
    # tell.
    with suppress(Unreadable):
        check(data, KNOWN, ruleset, place)


def test_a_glimpse_is_enough_for_most_of_a_calendar():
    plain = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20240101T000000Z\r\n{}\r\n"
    plain += "END:VEVENT\r\nEND:VCALENDAR\r\n"
    start = "DTSTART;TZID=Europe/Paris:20240102T090000\r\nSUMMARY:Point"
    strangers = "\r\nATTENDEE;CN=Zoe:mailto:zoe@nowhere.example"
    ours = "\r\nATTENDEE;CN=Ann:mailto:ann@lumen.example"
    assert glimpsed(plain.format(start).encode()) is Reason.NO_THIRD_PARTY
    assert glimpsed(plain.format(start + ours).encode()) is Reason.INTERNAL
    assert glimpsed(plain.format(start + ours + strangers).encode()) is Reason.NO_THIRD_PARTY
    weekly = start + strangers + "\r\nRRULE:FREQ=WEEKLY"
    assert glimpsed(plain.format(weekly).encode()) is Reason.NO_THIRD_PARTY
    known = start + "\r\nATTENDEE;CN=Jean:mailto:jean@mistral.example"
    assert glimpsed(plain.format(known).encode()) is None
    dedicated = EventPlace(CalendarId(1), "work", "/c/a.ics", "", dedicated=True)
    assert glimpsed(plain.format(start).encode(), place=dedicated) is None
    seen = ical.glance(plain.format(start).encode())
    assert seen.modified == datetime(2024, 1, 1, tzinfo=UTC)


def test_of_the_corpus_nothing_that_would_be_kept_is_overlooked(corpus):
    """With every third address of it known as a contact, and some companies by their domains."""
    files = sorted((corpus / "ics").rglob("*.ics"))
    texts = {path: path.read_bytes() for path in files}
    addresses = sorted({a for data in texts.values() for a in _addresses(data)})
    known = directory(addresses[::3], sorted({a.rpartition("@")[2] for a in addresses[::7]}))
    told = unreadable = 0
    for path, data in texts.items():
        if len(data) > 64 * 1024:
            continue
        try:
            told += check(data, known)
        except Unreadable:
            unreadable += 1
        except AssertionError as error:
            pytest.fail(f"{path.name}: {error}")
    assert told > len(files) // 10
    assert unreadable < 5


def _addresses(data):
    return (
        m[0].decode().lower()
        for m in re.finditer(rb"(?i)(?<=mailto:)[a-z0-9._-]+@[a-z0-9.-]+[a-z]", data)
    )
