"""The table of conditions: every word that may stand in `when`, and what it takes.

Parser, checker, JSON Schema and manual (docs/reference/rules.md) are derived from it. The type of
the `argument` in `rules.model.rules.Test` is the one that the reader named here yields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.language.amounts import (
    WEEKDAYS,
    count,
    hours,
    octets,
    range_of,
    seconds,
    working_days,
)
from rules.language.readers import (
    FLAG,
    Reader,
    amount,
    enum,
    many,
    name_of,
    set_of,
    words,
)
from rules.language.texts import ATTACHMENT, HEADERS, PEOPLE, named, text_match
from rules.model.decisions import By
from rules.model.exchanges import Direction
from rules.model.people import PartyKind
from rules.model.rules import How, Phase, Thing, ThreadState
from rules.model.sightings import MailKind

NO_REPLY = "no_reply_for"
"""The condition that makes a rule wait: what it opens comes later (OpenWhenNoReply)."""


@dataclass(frozen=True, slots=True)
class ConditionWord:
    """A word of `when`: what it takes, what it needs to be decided, what it can be asked about."""

    reader: Reader[Any]
    help: str
    example: str
    phase: Phase = Phase.HEADERS
    about: frozenset[Thing] = frozenset(Thing)


_MAIL = frozenset({Thing.MAIL})
_EVENT = frozenset({Thing.EVENT})

_NUMBER = amount(range_of(count), "a number: `3`, `over 3`, `at least 3`, `2 to 5`")
_OCTETS = amount(range_of(octets), "a size: `over 5 MB`, `under 20 kB`")
_SECONDS = amount(range_of(seconds), "a length of time: `over 2h`, `under 15 minutes`")

# What a rule assigns is no condition of another.
FOUND_BY: Reader[By] = words({by.value: by for by in By if by is not By.RULE})
"""By what an item is found to belong to a third party."""

CONDITIONS: Mapping[str, ConditionWord] = {
    # frozenset[Thing]
    "kind": ConditionWord(set_of(enum(Thing)), "What it is.", "kind: mail"),
    # frozenset[Direction]
    "direction": ConditionWord(
        set_of(enum(Direction)),
        "Which way it goes, seen from the company.",
        "direction: inbound",
    ),
    # tuple[Who, ...]: one of them
    "from": ConditionWord(
        PEOPLE,
        "Who wrote it (From and Sender), or who organises the event.",
        "from: '@acme.example'",
    ),
    "to": ConditionWord(
        PEOPLE,
        "Whom it was written to (To), or who is invited to the event.",
        "to: {user: emma@we.example}",
    ),
    "cc": ConditionWord(PEOPLE, "Who got a copy (Cc).", "cc: {group: sales}", about=_MAIL),
    "participant": ConditionWord(
        PEOPLE,
        "Anybody who takes part: From, Sender, Reply-To, To, Cc, Bcc, organizer, attendees.",
        "participant: [jean@acme.example, {third_party: ACME}]",
    ),
    # tuple[TextMatch, ...]: one of them
    "third_party": ConditionWord(
        named("third_parties"),
        "The code of a third party that it belongs to.",
        "third_party: [ACME, GLOBEX]",
    ),
    # frozenset[PartyKind]: one of them
    "third_party_kind": ConditionWord(
        set_of(enum(PartyKind)),
        "What a third party that it belongs to is to us.",
        "third_party_kind: [customer, prospect]",
    ),
    "third_party_name": ConditionWord(
        text_match(How.CONTAINS),
        "The name of a third party that it belongs to.",
        "third_party_name: mairie",
    ),
    "third_party_tag": ConditionWord(
        text_match(How.EQUALS),
        "A tag of a third party that it belongs to.",
        "third_party_tag: vip",
    ),
    "subject": ConditionWord(
        text_match(How.CONTAINS),
        "The subject, or the title of the event.",
        r"subject: {regex: 'PR\d{4}-\d{4,}'}",
    ),
    "text": ConditionWord(
        text_match(How.CONTAINS),
        "The text of the message, quotations included, or the description of the event.",
        "text: [bon de commande, purchase order]",
        phase=Phase.TEXT,
    ),
    # tuple[HeaderMatch, ...]: all of them
    "header": ConditionWord(
        HEADERS,
        "Other header fields of the message; all that are named must meet.",
        "header: {X-Mailer: shop, X-Priority: true}",
        about=_MAIL,
    ),
    "list": ConditionWord(
        text_match(How.CONTAINS),
        "The name of the mailing list (List-Id).",
        "list: announce.acme.example",
        about=_MAIL,
    ),
    # AttachmentMatch
    "attachment": ConditionWord(
        ATTACHMENT,
        "There is an attachment with this name, media type and size.",
        "attachment: {name: '*.pdf', size: over 10 kB}",
        phase=Phase.TEXT,
        about=_MAIL,
    ),
    # Range
    "attachment_count": ConditionWord(
        _NUMBER,
        "How many attachments there are.",
        "attachment_count: at least 1",
        phase=Phase.TEXT,
        about=_MAIL,
    ),
    "folder": ConditionWord(
        text_match(How.EQUALS),
        "The folder in which this copy lies, by its full name.",
        "folder: {glob: 'Clients/*'}",
        about=_MAIL,
    ),
    # tuple[str, ...]: one of them
    "account": ConditionWord(
        many(name_of("accounts", "the name of an account")),
        "The account in which this copy was seen.",
        "account: sales",
    ),
    "keyword": ConditionWord(
        text_match(How.EQUALS),
        "An IMAP keyword that this copy has.",
        "keyword: $Important",
        about=_MAIL,
    ),
    # frozenset[MailKind]
    "mail_kind": ConditionWord(
        set_of(enum(MailKind)),
        "What sort of message it is, as its headers tell.",
        "mail_kind: [newsletter, list]",
        about=_MAIL,
    ),
    "calendar": ConditionWord(
        named("calendars"),
        "The calendar in which this copy lies, by its name.",
        "calendar: Travail",
        about=_EVENT,
    ),
    "category": ConditionWord(
        text_match(How.EQUALS),
        "A category of the event.",
        "category: Visite",
        about=_EVENT,
    ),
    # frozenset[str]: the CLASS in lower case
    "class": ConditionWord(
        set_of(words({name: name for name in ("public", "private", "confidential")})),
        "How the event is classified; only public ones come as far as rules.",
        "class: public",
        about=_EVENT,
    ),
    "place": ConditionWord(
        text_match(How.CONTAINS),
        "Where the event takes place.",
        "place: salle",
        about=_EVENT,
    ),
    "duration": ConditionWord(
        _SECONDS, "How long the event lasts.", "duration: over 30 minutes", about=_EVENT
    ),
    # bool
    "has_video_link": ConditionWord(
        FLAG, "Whether the event names a video conference.", "has_video_link: true", about=_EVENT
    ),
    "attendee_count": ConditionWord(
        _NUMBER,
        "How many people are invited.",
        "attendee_count: at most 10",
        about=_EVENT,
    ),
    # frozenset[int]: 0 is Monday
    "weekday": ConditionWord(
        set_of(words(WEEKDAYS)),
        "The day of the week on which it happened, in the company's time zone.",
        "weekday: [saturday, sunday]",
    ),
    # tuple[Hours, ...]: one of them
    "hours": ConditionWord(
        many(amount(hours, "hours of the day: `08:00 to 18:00`")),
        "The time of day at which it happened, in the company's time zone.",
        "hours: 18:00 to 08:00",
    ),
    "holiday": ConditionWord(FLAG, "Whether it happened on a public holiday.", "holiday: true"),
    "age": ConditionWord(
        _SECONDS,
        "How long ago it happened when it is judged; negative for what is still to come.",
        "age: over 365 days",
    ),
    # frozenset[ThreadState]
    "thread": ConditionWord(
        set_of(enum(ThreadState)),
        "Whether the message opens a conversation or goes on with one.",
        "thread: first",
        about=_MAIL,
    ),
    # int: working days
    NO_REPLY: ConditionWord(
        amount(working_days, "working days: `5 working days`"),
        "Nobody has answered this outbound message for so long; then only open_follow_up may come.",
        "no_reply_for: 5 working days",
        about=_MAIL,
    ),
    # frozenset[By]: one of them
    "matched_by": ConditionWord(
        set_of(FOUND_BY),
        "By what it was found to belong to a third party.",
        "matched_by: domain",
    ),
    "size": ConditionWord(_OCTETS, "How large the message is.", "size: over 5 MB", about=_MAIL),
}
