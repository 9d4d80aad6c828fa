"""What the labels of the sample data say is what the core decides, copy by copy."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from connectors import csvfile, ical, mime
from connectors.demo.company import ics, post
from connectors.demo.company.events import Gathering, gatherings
from connectors.demo.company.letters import Copy, Letter, letters
from connectors.demo.company.people import company
from daemon.demo.settings import third_parties
from rules import decide, match
from rules.model.decisions import Decision, Reason, RecordExchange, Verdict
from rules.model.people import (
    Contact,
    ContactId,
    Directory,
    PartyKind,
    ThirdParty,
    ThirdPartyId,
    User,
    UserId,
)
from rules.model.sightings import (
    AccountId,
    CalendarId,
    EventPlace,
    FolderId,
    MailPlace,
    Message,
    Sighting,
)
from rules.model.wire import HeaderRow
from rules.ruleset import builtin

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LUMEN = company()
LETTERS = letters(LUMEN, NOW.date())
COPIES = [(letter, copy) for letter in LETTERS for copy in letter.copies]
STAFF = {member.key: UserId(n) for n, member in enumerate(LUMEN.staff, 1)}
CODES = {ThirdPartyId(n): party.code for n, party in enumerate(LUMEN.parties, 1)}


@pytest.fixture(scope="module")
def directory() -> Directory:
    """Everybody, as the CSV file of the demo tells it."""
    rows = csvfile.read(third_parties(LUMEN).encode("utf-8-sig"))
    assert not [row.problem for row in rows if row.problem]
    parties, contacts = {}, []
    ids = {code: number for number, code in CODES.items()}
    for number, row in enumerate(rows, 1):
        told = row.fields
        kinds = frozenset(PartyKind(kind) for kind in told["kind"].split(";"))
        domains = tuple(filter(None, [told.get("domain", "")]))
        party = ids[told["code"]]
        parties[party] = ThirdParty(party, told["code"], told["name"], kinds, domains=domains)
        contacts.append(
            Contact(ContactId(number), party, told["contact"], (told["email"],), (told["phone"],))
        )
    users = [
        User(STAFF[m.key], m.person.name, m.person.email, aliases=m.aliases) for m in LUMEN.staff
    ]
    return match.index(1, users, parties.values(), contacts, [LUMEN.domain])


def judged(directory: Directory, letter: Letter, copy: Copy) -> Decision:
    """By headers alone, and without knowing its thread: the hardest case."""
    header = re.split(rb"\r\n\r\n", post.render(letter), maxsplit=1)[0] + b"\r\n\r\n"
    message = mime.headers(HeaderRow(1, header, received=letter.sent_at))
    role = LUMEN.member(copy.mailbox).role(copy.folder)
    place = MailPlace(FolderId(1), role, copy.folder, 1, 1, frozenset(copy.keywords))
    sighting = Sighting(AccountId(1), STAFF.get(copy.mailbox), place, message)
    assert isinstance(sighting.what, Message)
    return decide.message(builtin(), directory, sighting, (), NOW)


@pytest.mark.parametrize(("letter", "copy"), COPIES, ids=[f"{x.id}-{c.mailbox}" for x, c in COPIES])
def test_every_copy_is_judged_as_its_label_says(
    directory: Directory, letter: Letter, copy: Copy
) -> None:
    decision = judged(directory, letter, copy)
    assert decision.reason is letter.reason, decision.trace
    assert (decision.verdict is Verdict.RECORD) == letter.captured
    for effect in decision.effects:
        assert isinstance(effect, RecordExchange)
        draft = effect.draft
        assert {CODES[party] for party in draft.third_parties} == set(letter.parties)
        assert (draft.direction, draft.kind) == (letter.direction, letter.kind)


@pytest.mark.parametrize("event", gatherings(LUMEN, NOW.date()), ids=lambda event: event.id)
def test_every_event_is_judged_as_its_label_says(directory: Directory, event: Gathering) -> None:
    year = timedelta(days=366)
    for key in event.calendars:
        occurrences = ical.read(ics.render(event), event.zone, NOW - year, NOW + year)
        reasons: Counter[Reason] = Counter()
        for occurrence in occurrences:
            place = EventPlace(CalendarId(1), "Agenda", "/x.ics", '"1"')
            sighting = Sighting(AccountId(1), STAFF[key], place, occurrence)
            decision = decide.event(builtin(), directory, sighting, NOW)
            reasons[decision.reason] += 1
            for effect in decision.effects:
                assert isinstance(effect, RecordExchange)
                assert {CODES[p] for p in effect.draft.third_parties} == set(event.parties)
                assert effect.draft.mode == event.mode
        del reasons[Reason.SERIES]
        if event.reason is Reason.MATCHED:
            assert reasons[Reason.MATCHED] == event.held(NOW)
            assert reasons.keys() <= {Reason.MATCHED, Reason.NOT_YET}
        elif event.id == "plombier":
            assert reasons == {Reason.FOLLOW_UP: 1}
        else:
            assert reasons.keys() == {event.reason}
