"""The sample company is deterministic, reserved, labelled completely, and as large as promised."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import icalendar
import pytest

from connectors.demo.company import ics, post
from connectors.demo.company.days import working_day
from connectors.demo.company.events import gatherings
from connectors.demo.company.letters import letters
from connectors.demo.company.people import company
from rules.model.decisions import Reason
from rules.model.sightings import FolderRole, MailKind

TODAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LUMEN = company()
LETTERS = letters(LUMEN, TODAY)
EVENTS = gatherings(LUMEN, TODAY)
A_WEEK_OF_DAYS = [TODAY + timedelta(days=n) for n in range(7)]
RESERVED = re.compile(r"@([\w-]+\.)*[\w-]+\.(example|invalid|test|localhost)$")


def test_the_company_is_as_large_as_promised() -> None:
    assert len(LUMEN.staff) == 3
    assert len(LUMEN.parties) == 12
    assert 145 <= len(LETTERS) <= 160
    assert len(EVENTS) == 20
    assert timedelta(weeks=5) < LETTERS[-1].sent_at - LETTERS[0].sent_at < timedelta(weeks=7)


def test_every_address_is_reserved() -> None:
    people = [m.person for m in LUMEN.mailboxes] + list(LUMEN.others)
    people += [c for p in LUMEN.parties for c in p.contacts]
    addresses = [p.email for p in people] + [a for m in LUMEN.mailboxes for a in m.aliases]
    written = [p.email for letter in LETTERS for p in (letter.from_, *letter.to, *letter.cc)]
    assert not [a for a in addresses + written if not RESERVED.search(a)]


def test_nothing_in_the_data_names_a_host_of_the_real_world() -> None:
    text = "".join(letter.text + str(letter.headers) for letter in LETTERS)
    text += "".join(event.location for event in EVENTS)
    hosts = re.findall(r"(?:https?://|@)([\w.-]+\.[a-z]{2,})", text)
    assert not [h for h in hosts if not h.endswith((".example", ".invalid"))]


@pytest.mark.parametrize("what", [letters, gatherings], ids=["letters", "events"])
def test_the_same_day_gives_the_same_data(what: type) -> None:
    assert what(LUMEN, TODAY) == what(LUMEN, TODAY)


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert [post.render(x) for x in LETTERS] == [post.render(x) for x in letters(LUMEN, TODAY)]


def test_every_captured_letter_names_third_parties_that_exist() -> None:
    codes = {p.code for p in LUMEN.parties}
    assert all(set(x.parties) <= codes and x.parties for x in LETTERS if x.captured)
    assert all(not x.parties for x in LETTERS if not x.captured)


def test_labels_agree_with_the_addresses() -> None:
    """A label is a statement about the letter; here it is checked against its addresses alone."""
    for letter in LETTERS:
        if not letter.captured:
            continue
        people = (letter.from_, *letter.to, *letter.cc)
        domains = {p.email.partition("@")[2].lower() for p in people}
        emails = {p.email for p in people}
        met = {
            p.code
            for p in LUMEN.parties
            if p.domain in domains or emails & {c.email for c in p.contacts}
        }
        assert met == set(letter.parties), letter.id


def test_letters_that_are_left_out_say_why_truthfully() -> None:
    known = {c.email for p in LUMEN.parties for c in p.contacts}
    ours = {m.person.email for m in LUMEN.mailboxes}
    for letter in LETTERS:
        emails = {p.email for p in (letter.from_, *letter.to, *letter.cc)}
        if letter.reason is Reason.INTERNAL:
            assert emails <= ours, letter.id
        if letter.reason is Reason.NO_THIRD_PARTY:
            assert not emails & known, letter.id
        if letter.reason is Reason.KEPT_OUT:
            # Of somebody known: without the mark it would be captured.
            assert emails & known, letter.id
        if letter.reason is Reason.DRAFT_OR_JUNK:
            roles = {LUMEN.member(c.mailbox).role(c.folder) for c in letter.copies}
            assert roles <= {FolderRole.DRAFTS, FolderRole.JUNK}, letter.id


def test_the_odd_ones_are_all_there() -> None:
    kinds = Counter(letter.kind for letter in LETTERS)
    assert min(kinds[k] for k in (MailKind.AUTO_REPLY, MailKind.BOUNCE, MailKind.LIST)) == 1
    assert kinds[MailKind.NEWSLETTER] >= 10
    assert sum(letter.broken_charset for letter in LETTERS) == 1
    assert sum(letter.message_id is None for letter in LETTERS) == 1
    assert sum(len(letter.parties) == 2 for letter in LETTERS) == 1
    assert any(len(letter.copies) == 2 and letter.captured for letter in LETTERS)


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.id)
def test_every_letter_is_a_message(letter: object) -> None:
    assert isinstance(letter, type(LETTERS[0]))
    message = message_from_bytes(post.render(letter), policy=default)
    assert message["Subject"] == letter.subject
    assert message["From"].addresses[0].addr_spec == letter.from_.email
    assert letter.copies


@pytest.mark.parametrize("today", A_WEEK_OF_DAYS, ids=str)
def test_on_any_day_of_the_week_nothing_is_half_over(today: date) -> None:
    """Or else the expected count could change while the demo runs."""
    midnight = datetime(today.year, today.month, today.day, tzinfo=UTC)
    day = (midnight, midnight + timedelta(hours=12), midnight + timedelta(hours=23))
    for event in gatherings(LUMEN, today):
        assert len({event.held(moment) for moment in day}) == 1, event.id
    assert max(x.sent_at for x in letters(LUMEN, today)) < midnight
    assert all(working_day(today, n).weekday() < 5 for n in range(-30, 13) if n)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.id)
def test_every_event_is_a_calendar_object(event: object) -> None:
    assert isinstance(event, type(EVENTS[0]))
    data = ics.render(event)
    assert max(map(len, data.split(b"\r\n"))) <= 75
    component = next(iter(icalendar.Calendar.from_ical(data).walk("VEVENT")))
    assert component["SUMMARY"] == event.summary
    assert component["UID"] == event.uid


def test_every_event_is_labelled() -> None:
    codes = {p.code for p in LUMEN.parties}
    for event in EVENTS:
        if event.reason is Reason.MATCHED:
            assert set(event.parties) <= codes and event.parties and event.mode
            assert event.held(NOON) > 0
        else:
            assert not event.parties


def test_a_moved_event_keeps_every_other_line() -> None:
    before = ics.phone_event("x", "Relance Belleroche", NOON, 30)
    after = ics.moved(before, NOON + timedelta(hours=2), 30)
    changed = set(before.split(b"\r\n")) ^ set(after.split(b"\r\n"))
    assert changed == {
        b"DTSTART:20261124T120000Z",
        b"DTEND:20261124T123000Z",
        b"DTSTART:20261124T140000Z",
        b"DTEND:20261124T143000Z",
    }
