"""Mail that concerns nobody, told by a few of its fields: most of a mailbox.

`decide.message` asks the same questions of all fields, and gives the same reason; a property test
holds the two together. What a glance can't tell is judged whole.
"""

from dataclasses import dataclass
from datetime import datetime

from rules import direction, gates, mailkind, match, privacy
from rules.direction import Who
from rules.holding import Key
from rules.model.decisions import Reason
from rules.model.people import Address, Directory, Level, UserId
from rules.model.quick import quick
from rules.model.rules import (
    Action,
    AdoptEvent,
    AssignThirdParty,
    Ignore,
    KeepPrivate,
    Phase,
    Thing,
    ThreadState,
)
from rules.model.sightings import FolderRole, MailPlace
from rules.ruleset import RuleSet

# In Python 3.11 a member of an enum takes a quarter of a microsecond to be found, a name nothing.
_NO_ONE = Who.NONE

# Things that no message has of which a glance says that it concerns nobody: a rule that is found
# by these only does not fire for it.
_NEVER: frozenset[Key] = frozenset({("kind", Thing.EVENT), ("thread", ThreadState.REPLY)})
_OF_MATCHES = frozenset({"code", "matched_by"})


@dataclass(frozen=True, slots=True)
class Some:
    """The people that one header field names: whose it is, whether one of them is from outside,
    whether one may make the message somebody's, by the directory or by a rule, and whether one is
    a mailer daemon."""

    who: Who
    outside: bool
    known: bool
    postman: bool = False


NOBODY = Some(Who.NONE, outside=False, known=False)
"""What a field names that is not there, or holds no address."""


@quick
@dataclass(frozen=True, slots=True)
class Authors:
    """The people of From, Sender and Reply-To."""

    from_: Some
    sender: Some
    reply_to: Some


class Glance:
    """What is asked about the messages of a folder of this role, in the mailbox of `owner`; what
    was received before `since` is counted, not captured.

    `tells` is False where rules leave nothing to be told at a glance. `guarded` are header fields,
    in lower case, and `list_id` a text in List-Id, that want a message judged whole; with
    `brackets_tags` no subject without "[" keeps it out.
    """

    def __init__(
        self,
        ruleset: RuleSet,
        directory: Directory,
        owner: UserId | None,
        role: FolderRole,
        since: datetime | None,
    ) -> None:
        names = names_of(ruleset, _NEVER)
        kept_out = ruleset.keep_out_headers
        self.tells = names is not None and not any("" in v for v in kept_out.values())
        self.guarded = frozenset({ruleset.own_marker.lower(), "x-failed-recipients", *kept_out})
        self.list_id = ruleset.own_list_id
        self.brackets_tags = all(tag.startswith("[") for tag in ruleset.keep_out_tags)
        self._names = names or frozenset()
        self._ruleset, self._directory, self._owner = ruleset, directory, owner
        self._role, self._since = role, since

    def some(self, addresses: tuple[Address, ...]) -> Some:
        """The people of one field."""
        standings = [match.standing(self._directory, a.email) for a in addresses]
        outside = [one for one in standings if not one.ours and "@" in one.key]
        known = any(one.parties or one.by_domain for one in outside)
        ruled = not self._names.isdisjoint(name for one in standings for name in one.names)
        whose = direction.whose(self._directory, self._owner, addresses)
        postman = any(mailkind.is_postmans(a.email) for a in addresses)
        return Some(whose, bool(outside), known or ruled, postman)

    def is_open(self, place: MailPlace) -> bool:
        """Whether a message is not turned away for the place where it lies, flags included."""
        return gates.is_open(self._ruleset, place)

    def is_tagged(self, subject: str) -> bool:
        """Whether the subject keeps it out."""
        return privacy.is_tagged(self._ruleset, subject)

    def reason(
        self, received: datetime, authors: Authors, recipients: tuple[Some, ...], *, replies: bool
    ) -> Reason | None:
        """Why a message is ignored that no gate turns away; None: that can't be told without all
        of it. `recipients` are those of To, Cc and Bcc; `replies`: it answers something. Bounces
        are told by their parts: the caller asks of none that its Content-Type or Return-Path may
        make one."""
        if authors.from_.postman or authors.from_.who is _NO_ONE:
            return None
        if gates.too_old(received, self._since) is not None:
            return Reason.TOO_OLD
        second = authors.sender if authors.sender.who is not _NO_ONE else authors.reply_to
        outside = known = False
        for some in recipients:
            outside = outside or some.outside
            known = known or some.known
        if direction.is_internal(authors.from_.who, second.who, self._role, outside):
            return Reason.INTERNAL
        for some in (authors.from_, authors.sender, authors.reply_to):
            known = known or some.known
        return None if known or replies else Reason.NO_THIRD_PARTY


def names_of(ruleset: RuleSet, never: frozenset[Key]) -> frozenset[str] | None:
    """The addresses and domains by which rules are found that count for what concerns nobody;
    None: such a rule may be found by something else. `never` are things that it never has."""
    compiled = ruleset.compiled
    keys: set[Key] = set()
    for rule, ready in zip(ruleset.rules, compiled.ready, strict=True):
        if rule.phase is Phase.HEADERS and any(_binds(action) for action in rule.then):
            if not ready.keys:
                return None
            keys |= ready.keys
    asked = [key for key in keys - never if key[0] not in _OF_MATCHES]
    if any(of != "name" for of, _ in asked):
        return None
    return frozenset(str(name) for _, name in asked)


def _binds(action: Action) -> bool:
    if isinstance(action, KeepPrivate):
        return action.level is Level.NOTHING
    return isinstance(action, AssignThirdParty | AdoptEvent | Ignore)
