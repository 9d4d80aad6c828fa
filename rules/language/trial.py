"""Examples are tried: what do the rules make of them, and is that what their author expects?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta

from rules import firing, match
from rules.language.desk import Desk
from rules.language.outcome import outcome
from rules.language.parse import Written
from rules.language.samples import Example, Expected, Party, Person, Sample
from rules.model.decisions import Match
from rules.model.exchanges import Direction
from rules.model.facts import Facts, Surroundings
from rules.model.people import (
    Address,
    Contact,
    ContactId,
    Directory,
    Group,
    GroupId,
    ThirdParty,
    ThirdPartyId,
    User,
    UserId,
)
from rules.model.rules import Rule, Thing, ThreadState
from rules.model.sightings import (
    AccountId,
    Attendee,
    Body,
    CalendarId,
    Component,
    Event,
    EventPlace,
    FolderId,
    FolderRole,
    MailKind,
    MailPlace,
    Message,
    Sighting,
    When,
)
from rules.ruleset import RuleSet
from rules.words import fold

VIDEO_SIGNS = RuleSet().video_signs

_ACCOUNT = AccountId(1)

# What tells the kind of a message (rules.mailkind).
_SIGNS: Mapping[MailKind, Mapping[str, str]] = {
    MailKind.HUMAN: {},
    MailKind.AUTO_REPLY: {"auto-submitted": "auto-replied"},
    MailKind.BOUNCE: {"content-type": "multipart/report; report-type=delivery-status"},
    MailKind.NEWSLETTER: {"list-unsubscribe": "<https://example.example/leave>"},
    MailKind.LIST: {"list-id": "<list.example.example>"},
    MailKind.INVITATION: {"content-type": "text/calendar; method=REQUEST"},
    MailKind.READ_RECEIPT: {
        "content-type": "multipart/report; report-type=disposition-notification"
    },
    MailKind.MACHINE: {"auto-submitted": "auto-generated"},
}


@dataclass(frozen=True, slots=True)
class Trial:
    """Examples of a rule, and the desk of its file."""

    desk: Desk
    written: Written
    examples: tuple[Example, ...]


def try_all(rules: tuple[Rule, ...], trials: Iterable[Trial]) -> None:
    """Tries the examples of a set of rules; those that fail are told."""
    wanted = [trial for trial in trials if trial.examples]
    if not wanted:
        return
    compiled = firing.compiled(rules)
    positions = {rule.name: i for i, rule in enumerate(rules)}
    for trial in wanted:
        trial.desk.rule = trial.written.name
        for example in trial.examples:
            _try(compiled, positions[trial.written.name], example, trial.desk)
        trial.desk.rule = ""


def _try(compiled: firing.Compiled, position: int, example: Example, desk: Desk) -> None:
    facts = facts_of(example.sample)
    item = compiled.item(facts)
    fired = firing.by_text(compiled, item, firing.by_headers(compiled, item))
    if (position in fired) != example.fires:
        _told(compiled, position, facts, example, desk)
        return
    so_far = [compiled.rules[i] for i in fired if i <= position]
    came_out = outcome(so_far, facts)
    for expected in example.gives:
        got = came_out.get(expected.word, frozenset())
        if not _meets(expected, got):
            shown = ", ".join(sorted(got)) or "none"
            desk.wrong(expected.node, "example-gives", word=expected.word, got=shown)


def _meets(expected: Expected, got: frozenset[str]) -> bool:
    if expected.some:
        return bool(got)
    return {fold(text) for text in got} == {fold(text) for text in expected.values}


def _told(
    compiled: firing.Compiled, position: int, facts: Facts, example: Example, desk: Desk
) -> None:
    """Why a rule did not fire, or that it should not have."""
    if not example.fires:
        desk.wrong(example.fires_node, "example-fires")
        return
    tried = firing.explained(compiled, facts, has_text=True)[position]
    if tried.outcome is firing.Outcome.STOPPED:
        desk.wrong(example.node, "example-stopped", other=tried.by)
        return
    failed = tried.failed[0] if tried.failed else None
    word = failed.word if failed else "when"
    line = failed.place.line if failed else tried.rule.place.line
    desk.wrong(example.node, "example-missed", condition=word, line=str(line))


# --- from a sample to what rules are asked about -------------------------------------------------


def facts_of(sample: Sample) -> Facts:
    """The sample as rules see it, with a directory of its own."""
    people = (*sample.from_, *sample.to, *sample.cc)
    parties = _parties(sample, people)
    directory = _directory(people, parties)
    start = sample.date.replace(tzinfo=UTC)
    return Facts(
        sighting=_sighting(sample, directory),
        directory=directory,
        around=Surroundings(
            holidays=frozenset({sample.date.date()}) if sample.holiday else frozenset(),
            accounts={_ACCOUNT: sample.account},
            live_since=start - timedelta(days=1),
        ),
        direction=sample.direction or _direction(sample),
        matches=_matches(sample, directory),
        happened_at=start,
        now=start + sample.age,
        video_signs=VIDEO_SIGNS,
    )


def _direction(sample: Sample) -> Direction:
    ours = any(person.user for person in sample.from_)
    return Direction.OUTBOUND if ours else Direction.INBOUND


def _parties(sample: Sample, people: tuple[Person, ...]) -> tuple[Party, ...]:
    """Those it names; else those that its people belong to; else the ordinary one."""
    if sample.parties is not None:
        return sample.parties
    codes = dict.fromkeys(person.third_party for person in people if person.third_party)
    return tuple(Party(code, code) for code in codes) or (Party(),)


def _directory(people: tuple[Person, ...], parties: tuple[Party, ...]) -> Directory:
    codes = dict.fromkeys(p.third_party for p in people if p.third_party)
    known = {party.code: party for party in parties}
    known |= {code: Party(code, code) for code in codes if code not in known}
    ids = {code: ThirdPartyId(i) for i, code in enumerate(known, start=1)}
    names = dict.fromkeys(name for person in people for name in person.groups)
    groups = {name: GroupId(i) for i, name in enumerate(names, start=1)}
    return match.index(
        version=1,
        users=_once(
            User(
                UserId(i),
                person.email,
                person.email,
                groups=frozenset(groups[name] for name in person.groups),
            )
            for i, person in enumerate(people, start=1)
            if person.user
        ),
        third_parties=[
            ThirdParty(ids[p.code], p.code, p.name, p.kinds, tags=p.tags) for p in known.values()
        ],
        contacts=[
            _contact(ContactId(i), ids[person.third_party or parties[0].code], person)
            for i, person in enumerate(people, start=1)
            if not person.user and (person.third_party or parties)
        ],
        own_domains=(),
        groups=[Group(number, name) for name, number in groups.items()],
    )


def _contact(number: ContactId, party: ThirdPartyId, person: Person) -> Contact:
    return Contact(number, party, person.email, (person.email,))


def _once(users: Iterable[User]) -> list[User]:
    """Each address once: the same person may write and get a copy."""
    return list({user.email: user for user in users}.values())


def _matches(sample: Sample, directory: Directory) -> tuple[Match, ...]:
    if sample.parties == ():
        return ()
    contacts = {c.third_party: c.id for c in directory.contacts.values()}
    return tuple(
        Match(party, contacts.get(party), sample.matched_by) for party in directory.third_parties
    )


def _sighting(sample: Sample, directory: Directory) -> Sighting:
    owner = next(iter(directory.users), None)
    if sample.thing is Thing.EVENT:
        at = EventPlace(CalendarId(1), sample.calendar, "/1.ics", "1")
        return Sighting(_ACCOUNT, owner, at, _event(sample))
    place = MailPlace(
        folder=FolderId(1),
        role=FolderRole.INBOX,
        name=sample.folder,
        uidvalidity=1,
        uid=1,
        keywords=frozenset(sample.keywords),
    )
    return Sighting(_ACCOUNT, owner, place, _message(sample))


def _message(sample: Sample) -> Message:
    signs = _SIGNS[sample.mail_kind] if sample.mail_kind else {}
    return Message(
        message_id="1@example.example",
        subject=sample.subject,
        date=sample.date.replace(tzinfo=UTC),
        from_=_addresses(sample.from_),
        to=_addresses(sample.to),
        cc=_addresses(sample.cc),
        in_reply_to=("0@example.example",) if sample.thread is ThreadState.REPLY else (),
        headers={**signs, **sample.headers},
        size=sample.size,
        body=Body(sample.text),
        attachments=sample.attachments,
    )


def _event(sample: Sample) -> Event:
    start = sample.date.replace(tzinfo=UTC)
    organizer = _addresses(sample.from_)
    return Event(
        uid="1",
        component=Component.VEVENT,
        summary=sample.subject,
        when=When(start, start + sample.duration),
        description=sample.text,
        location=sample.location,
        class_=sample.class_.upper(),
        categories=sample.categories,
        organizer=organizer[0] if organizer else None,
        attendees=tuple(Attendee(address) for address in _addresses(sample.to)),
    )


def _addresses(people: tuple[Person, ...]) -> tuple[Address, ...]:
    return tuple(Address(person.email) for person in people)
