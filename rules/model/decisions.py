"""Decisions: what is done with a sighting, and why, as data (spec §1, schema 6)."""

from dataclasses import dataclass, field
from enum import StrEnum

from rules.model.exchanges import Draft, ExchangeId
from rules.model.followups import Answered, FollowUpDraft, FollowUpId
from rules.model.people import AddressKey, ContactId, Level, ThirdPartyId, UserId
from rules.model.quick import quick
from rules.model.rules import Later


class Verdict(StrEnum):
    """What becomes of a sighting."""

    RECORD = "record"
    IGNORE = "ignore"
    WAIT = "wait"


class Reason(StrEnum):
    """Why, in one word; counted per folder and day, and shown by `suivi explain`."""

    MATCHED = "matched"
    NO_THIRD_PARTY = "no-third-party"
    INTERNAL = "internal"
    KEPT_OUT = "kept-out"
    OWN_MAIL = "own-mail"
    DRAFT_OR_JUNK = "draft-or-junk"
    VETOED = "vetoed"
    AMBIGUOUS = "ambiguous"
    PRIVATE = "private"
    FREE_BUSY = "free-busy"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    NOT_YET = "not-yet"
    SERIES = "series"
    FOLLOW_UP = "follow-up"
    NO_TIME = "no-time"
    UNREADABLE = "unreadable"
    TOMBSTONE = "tombstone"
    TOO_OLD = "too-old"
    RULE = "rule"


class By(StrEnum):
    """What a participant was matched by, strongest first (spec §4)."""

    ADDRESS = "address"
    THREAD = "thread"
    REFERENCE = "reference"
    DOMAIN = "domain"
    NAME = "name"
    RULE = "rule"


class Wish(StrEnum):
    """Whose wish it is that no more may be kept."""

    ACCOUNT = "account"
    CONTACT = "contact"
    RULE = "rule"
    EARLIER = "earlier wish"


@quick
@dataclass(frozen=True, slots=True)
class Step:
    """One step of a decision: which question, what came out, and the evidence.

    Evidence names rules, roles, ids and counts; never an address of somebody unmatched.
    """

    question: str
    answer: str
    evidence: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Match:
    """A participant belongs to this third party."""

    third_party: ThirdPartyId
    contact: ContactId | None
    by: By


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several third parties claim one participant with the same strength: a person decides."""

    candidates: tuple[ThirdPartyId, ...]
    contacts: tuple[ContactId, ...]
    by: By


@dataclass(frozen=True, slots=True)
class Nobody:
    """A participant of whom we know nothing; nothing of them is kept."""


@quick
@dataclass(frozen=True, slots=True)
class RecordExchange:
    """Effect: this exchange exists, and the sighting is a copy of it."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Effect: a participant waits in the queue for a person to decide."""

    ambiguous: Ambiguous


@dataclass(frozen=True, slots=True)
class Settled:
    """What `user` answered to such a question: it is `chosen`, or none of the candidates. With
    `remember` that counts for the participant's address from then on."""

    candidates: tuple[ThirdPartyId, ...]
    by: By
    chosen: ThirdPartyId | None
    remember: bool
    user: UserId | None


@dataclass(frozen=True, slots=True)
class RememberAddress:
    """Effect: from now on this address is the third party's, for `user` decided so."""

    key: AddressKey
    third_party: ThirdPartyId
    user: UserId | None


@dataclass(frozen=True, slots=True)
class OpenFollowUp:
    """Effect: this follow-up exists."""

    draft: FollowUpDraft


@dataclass(frozen=True, slots=True)
class AwaitReply:
    """Effect: `draft` is opened when nobody has answered the exchange within so many working days.

    Its time counts from when they are over, by `later`; `draft.when` is a first idea of it, and
    `draft.key` is `rules.awaiting.key` of the rule and the exchange, so that judging twice waits
    once.
    """

    rule: str
    within: int
    later: Later
    draft: FollowUpDraft


@dataclass(frozen=True, slots=True)
class CloseFollowUp:
    """Effect: an exchange has answered it; kept with its reason, and can be undone."""

    follow_up: FollowUpId
    exchange: ExchangeId
    reason: Answered


@dataclass(frozen=True, slots=True)
class WithdrawFollowUp:
    """Effect: it waited for an answer, and the answer came."""

    follow_up: FollowUpId
    exchange: ExchangeId
    reason: Answered


Effect = (
    RecordExchange
    | AskPerson
    | RememberAddress
    | OpenFollowUp
    | AwaitReply
    | CloseFollowUp
    | WithdrawFollowUp
)


@quick
@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with one sighting. `rules` is the fingerprint of the rules in force;
    `level_by` says who wants the level, where it hides anything: a rule's wish can be lifted by
    other rules, the others stand. `waiting` is what `rules.decide.text` goes on from."""

    verdict: Verdict
    reason: Reason
    rules: str
    trace: tuple[Step, ...] = ()
    effects: tuple[Effect, ...] = ()
    level: Level = Level.EVERYTHING
    wants_text: bool = field(default=False)
    level_by: tuple[Wish, ...] = ()
    waiting: object = field(default=None, compare=False, repr=False)
