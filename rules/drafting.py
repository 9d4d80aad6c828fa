"""What an exchange looks like that was captured: every field that can be known, filled."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from rules import identity, match
from rules.item import Item, is_video
from rules.model.decisions import Match
from rules.model.exchanges import Direction, Draft, ExchangeKey, Source
from rules.model.people import (
    Address,
    AddressKey,
    ContactId,
    Directory,
    EntityId,
    Standing,
    ThirdPartyId,
    UserId,
)
from rules.model.sightings import (
    Attachment,
    Event,
    FolderRole,
    MailKind,
    MailPlace,
    Message,
    Sighting,
    When,
)
from rules.ruleset import RuleSet
from rules.words import fold, harmless, one_line, words

MOST_ATTACHMENTS = 200

# No mail is older than this; a Date before it is a clock that was not set.
_FIRST_MAIL = datetime(1982, 8, 1, tzinfo=UTC)

_LOOK_AT = 20_000

N = TypeVar("N", bound=int)

# In Python 3.11 a member of an enum takes a quarter of a microsecond to be found, a name nothing.
_INBOUND, _MAIL = Direction.INBOUND, Source.MAIL


def of_mail(
    ruleset: RuleSet, item: Item, place: MailPlace, mail: Message, matches: tuple[Match, ...]
) -> Draft:
    """The exchange of which this mail is a copy, without its text."""
    facts = item.facts
    sighting, directory = facts.sighting, facts.directory
    way = facts.direction or _INBOUND
    author = _mail_author(directory, sighting.owner, place, mail, way)
    parties = _parties(matches)
    keys: tuple[ExchangeKey, ...] = (identity.message_key(mail),)
    if place.emailid:
        keys = (*keys, identity.emailid_key(f"account:{sighting.account}", place.emailid))
    return Draft(
        keys=keys,
        third_parties=parties,
        contacts=_contacts(matches),
        addresses=_addresses(matches, match.people(directory, mail)),
        direction=way,
        mode=ruleset.mail_mode,
        happened_at=facts.happened_at,
        source=_MAIL,
        subject=one_line(mail.subject),
        kind=item.mail_kind,
        entity=_entity(directory, parties, sighting.owner),
        author=author,
        collaborators=_ascending([u for u in item.users("participant") if u != author]),
        mailbox_owner=sighting.owner,
        message_id=identity.normal_id(mail.message_id) if mail.message_id else None,
        parents=identity.parents(mail),
        report=mail.report,
    )


def text_of(draft: Draft, message: Message) -> dict[str, Any]:
    """The fields of a draft that the text of its mail changes."""
    body = message.body
    changes: dict[str, Any] = {
        "comment": harmless(body.text) if body else "",
        "quoted_from": body.quoted_from if body else None,
        "attachments": attachments(message.attachments),
    }
    if message.invites is not None:
        changes["parents"] = (*draft.parents, identity.meeting_id(message.invites.uid))
        if draft.kind in (None, MailKind.HUMAN):
            changes["kind"] = MailKind.INVITATION
    return changes


def of_event(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    event: Event,
    when: When,
    way: Direction,
    matches: tuple[Match, ...],
) -> Draft:
    """The exchange that a meeting or call was."""
    author = sighting.owner
    if way is Direction.OUTBOUND and event.organizer is not None:
        organizer = match.user_of(directory, event.organizer)
        author = organizer if organizer is not None else author
    parties = _parties(matches)
    return Draft(
        keys=identity.occurrence_keys(event),
        third_parties=parties,
        contacts=_contacts(matches),
        addresses=_addresses(matches, match.people(directory, event)),
        direction=way,
        mode=mode(ruleset, event),
        happened_at=when.start,
        source=Source.CALENDAR,
        subject=one_line(event.summary),
        comment=harmless(event.description),
        entity=_entity(directory, parties, sighting.owner),
        author=author,
        collaborators=_others(directory, match.participants(event), author),
        mailbox_owner=sighting.owner,
        parents=(identity.meeting_id(event.uid),),
    )


def mode(ruleset: RuleSet, event: Event) -> str:
    """How they met: a telephone location, a video link, a title that says so; else in person."""
    if fold(event.location[:_LOOK_AT]).startswith("tel:"):
        return ruleset.phone_mode
    if is_video(ruleset.video_signs, event):
        return ruleset.video_mode
    title = words(event.summary[:1000])
    spoken = [words(w) for w in ruleset.phone_words]
    if any(title[i : i + len(w)] == w for w in spoken if w for i in range(len(title))):
        return ruleset.phone_mode
    return ruleset.meeting_mode


def attachments(found: tuple[Attachment, ...]) -> tuple[str, ...]:
    """Name, type and size of each; no more than a person would read."""
    if not found:
        return ()
    return tuple(
        f"{one_line(a.name)[:200]} ({one_line(a.media_type)[:100]}, {a.size} B)"
        for a in found[:MOST_ATTACHMENTS]
    )


def sent_at(ruleset: RuleSet, mail: Message, place: MailPlace, now: datetime) -> datetime:
    """The Date header, unless it is absent or no clock could have shown it (RFC 5322 §3.6.1)."""
    received = min(place.received, now) if place.received is not None else None
    latest = (received or now) + ruleset.date_slack
    if mail.date is not None and _FIRST_MAIL <= mail.date <= latest:
        return mail.date
    return received or now


def _mail_author(
    directory: Directory,
    owner: UserId | None,
    place: MailPlace,
    mail: Message,
    way: Direction,
) -> UserId | None:
    """Who of us had it: who wrote, else who pressed the button; inbound, whose mailbox it is."""
    if way is _INBOUND:
        return owner
    for address in (*mail.from_, *mail.sender):
        user = match.user_of(directory, address)
        if user is not None:
            return user
    return owner if place.role is FolderRole.SENT else None


def _others(
    directory: Directory, participants: Iterable[Address], author: UserId | None
) -> tuple[UserId, ...]:
    users = {match.user_of(directory, address) for address in participants}
    return tuple(sorted(u for u in users if u is not None and u != author))


def _parties(matches: Iterable[Match]) -> tuple[ThirdPartyId, ...]:
    return _ascending([m.third_party for m in matches])


def _contacts(matches: Iterable[Match]) -> tuple[ContactId, ...]:
    return _ascending([m.contact for m in matches if m.contact is not None])


def _addresses(
    matches: Iterable[Match], people: Iterable[Standing]
) -> tuple[tuple[ContactId, AddressKey], ...]:
    """By which of their addresses contacts take part."""
    matched = {m.contact for m in matches}
    if matched == {None}:
        return ()
    return tuple([(c, known.key) for known in people for c in known.contacts if c in matched])


def _ascending(found: list[N]) -> tuple[N, ...]:
    """Each once. Mostly there is but one."""
    return tuple(sorted(set(found)) if len(found) > 1 else found)


def _entity(
    directory: Directory, parties: tuple[ThirdPartyId, ...], owner: UserId | None
) -> EntityId | None:
    """The entity of its third parties. Of several the mailbox owner's own, so that a mail to two
    entities' customers is not shown to all; None only if all of them are shared."""
    if len(parties) == 1:
        return directory.third_parties[parties[0]].entity
    found = {directory.third_parties[p].entity for p in parties}
    entities = sorted(e for e in found if e is not None)
    if len(entities) < 2:
        return entities[0] if entities else None
    user = directory.users.get(owner) if owner is not None else None
    theirs = user.entities if user is not None else frozenset()
    return next((e for e in entities if e in theirs), entities[0])
