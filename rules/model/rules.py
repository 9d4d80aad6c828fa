"""What an admin's rules files say, as values (spec §7): a rule has conditions and actions.

The language that yields them is `rules.language`; its two tables (conditions, actions) say which
words there are. A rule whose conditions all read headers is decided before any text is fetched,
and may assign, keep out and hide; one that reads the text may only classify, link and follow up.
"""

from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from rules.model.people import Level

ANY = "any"
"""The word for any one of its kind: a user, a contact, a third party, whoever it is."""


class Phase(StrEnum):
    """When a rule can be decided: from what the headers tell, or once the text is there."""

    HEADERS = "headers"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a rules file; line and column count from 1."""

    file: str
    line: int
    column: int


# --- conditions ------------------------------------------------------------------------------


class How(StrEnum):
    """How a text is compared."""

    EQUALS = "equals"
    CONTAINS = "contains"
    GLOB = "glob"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A text to be met; `text` is as written. Unless `exact`, case and accents are folded on both
    sides (`rules.words.fold`).

    A GLOB (`*` any run, `?` one character) covers the whole text. A REGEX is RE2 and may meet any
    part of it; unless `exact` it loses its accents (`rules.words.bare`; not its case: \\D is not
    \\d), ignores case, and is held against the folded text.
    """

    how: How
    text: str
    exact: bool = False


class Thing(StrEnum):
    """What a rule is about."""

    MAIL = "mail"
    EVENT = "event"


class ThreadState(StrEnum):
    """Whether a message opens a conversation or goes on with one (In-Reply-To, References)."""

    FIRST = "first"
    REPLY = "reply"


class WhoKind(StrEnum):
    """What a participant is recognised by."""

    ADDRESS = "address"
    DOMAIN = "domain"
    USER = "user"
    GROUP = "group"
    CONTACT = "contact"
    THIRD_PARTY = "third_party"


@dataclass(frozen=True, slots=True)
class Who:
    """One kind of participant. `match` None: any one of the kind.

    ADDRESS: an email address; EQUALS compares by `rules.identity.key`, the others the folded text.
    DOMAIN: the domain of the address; EQUALS holds for the domains under it too. USER: a user's
    email address; GROUP: a group's name; CONTACT: a contact's email address; THIRD_PARTY: a code.
    """

    kind: WhoKind
    match: TextMatch | None = None


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A header field by its lower-case name; it holds when one of `matches` does, and without
    any when the field is there."""

    name: str
    matches: tuple[TextMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class AttachmentMatch:
    """One attachment that meets all that is asked: name, media type, size in octets."""

    name: tuple[TextMatch, ...] = ()
    type: tuple[TextMatch, ...] = ()
    size: "Range | None" = None


@dataclass(frozen=True, slots=True)
class Range:
    """From `least` to `most`, both included, None without bound: a number, octets, or whole
    seconds (a length of time is cut to them)."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """Wall-clock time from `start` until before `end`; over midnight where `end` is earlier."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Test:
    """One condition: a word of the table and what it is held against.

    The type of `argument` is the one that the word's entry in `rules.language.conditions` names.
    """

    __test__ = False  # not a test class, whatever pytest thinks of the name

    word: str
    argument: object
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """Holds when each part holds; without parts, always."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when a part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when its part does not."""

    part: "Condition"


Condition = Test | All | AnyOf | Not
"""What a rule asks. `no_reply_for` is none: it makes open_follow_up an `OpenWhenNoReply`."""


# --- actions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ignore:
    """Not recorded; counted under the rule."""


@dataclass(frozen=True, slots=True)
class KeepPrivate:
    """No more than this may be kept or seen (spec §12); the strictest of all wishes wins."""

    level: Level


@dataclass(frozen=True, slots=True)
class SetMode:
    """The mode of contact, by its code."""

    mode: str


@dataclass(frozen=True, slots=True)
class SetPurpose:
    """The purpose, by its code."""

    purpose: str


@dataclass(frozen=True, slots=True)
class AddProducts:
    """Products it is about, by code."""

    products: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddTags:
    """Free words that it is found by."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssignThirdParty:
    """It belongs to this third party, by code, whoever takes part."""

    code: str


@dataclass(frozen=True, slots=True)
class SetAuthor:
    """Who of us had it, by email address."""

    user: str


@dataclass(frozen=True, slots=True)
class AddCollaborators:
    """Who else of us had a part in it, by email address."""

    users: tuple[str, ...]


class LinkField(StrEnum):
    """Where a reference may stand: in the subject, the text, the names of attachments."""

    SUBJECT = "subject"
    TEXT = "text"
    ATTACHMENTS = "attachments"


@dataclass(frozen=True, slots=True)
class Link:
    """Elements whose reference `pattern` (RE2, in any letter case) finds in the texts of `fields`.

    It is the group named `ref`, else the whole match, in upper case; `type` is quote, order…
    """

    type: str
    pattern: str
    fields: tuple[LinkField, ...] = (LinkField.SUBJECT,)


@dataclass(frozen=True, slots=True)
class Confidential:
    """Its text is a confidential comment, shared with these groups (by name)."""

    groups: tuple[str, ...] = ()


class DayKind(StrEnum):
    """What is counted: every day, or those on which people work."""

    DAYS = "days"
    WORKING_DAYS = "working days"


@dataclass(frozen=True, slots=True)
class Later:
    """A time counted from the exchange: `+3 working days at 09:00`, `+1 day`, `+2 hours`.

    `at` is on the wall clock of the assignee; without it the hour of the exchange stays.
    """

    days: int = 0
    kind: DayKind = DayKind.DAYS
    rest: timedelta = timedelta(0)
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Remind:
    """The reminder of the follow-up that it is or opens: how long before, and its template."""

    before: timedelta | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The follow-up that an action opens. `title` and `description` are templates over the
    variables that the table of actions documents; `assignee` an email address, or one of the
    words `author` and `owner`; empty means the author, else the mailbox owner."""

    when: Later
    title: str = ""
    description: str = ""
    assignee: str = ""
    remind: Remind = Remind()
    priority: int = 0


@dataclass(frozen=True, slots=True)
class OpenFollowUp:
    """A follow-up comes with the exchange."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class OpenWhenNoReply:
    """A follow-up comes when nobody has answered this outbound message within so many working
    days; a reply withdraws it (spec §3). The plan's `when` counts from the end of that time."""

    within: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class CloseFollowUps:
    """Whether the exchange may close open follow-ups of its third party (True), or never."""

    close: bool = True


@dataclass(frozen=True, slots=True)
class AdoptEvent:
    """The event is a follow-up, though it shows none of the built-in signs."""


Action = (
    Ignore
    | KeepPrivate
    | SetMode
    | SetPurpose
    | AddProducts
    | AddTags
    | AssignThirdParty
    | SetAuthor
    | AddCollaborators
    | Link
    | Confidential
    | OpenFollowUp
    | OpenWhenNoReply
    | CloseFollowUps
    | AdoptEvent
    | Remind
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `stop` ends the rules after it, for what it fired on.

    `phase` follows from the words of its conditions; `place` is where it stands. The actions of a
    rule decided from headers that need the text (`link` in it, `confidential`) wait for it.
    """

    name: str
    place: Place = field(compare=False)
    when: Condition = All(())
    then: tuple[Action, ...] = ()
    stop: bool = False
    phase: Phase = Phase.HEADERS


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may name, as the store knows it: for the checker. None: not known, so not
    checked (a rules file is checked on a machine without the store)."""

    users: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    modes: frozenset[str] | None = None
    purposes: frozenset[str] | None = None
    products: frozenset[str] | None = None
    third_parties: frozenset[str] | None = None
    templates: frozenset[str] | None = None
    accounts: frozenset[str] | None = None
    calendars: frozenset[str] | None = None
