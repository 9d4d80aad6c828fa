"""Who wrote, seen from the company: inbound, outbound, or among colleagues (spec §4).

The truth table below is the whole of it. From decides; Sender, or else Reply-To, is asked only
about mail in a folder marked \\Sent (RFC 6154 §2), so that neither decides alone.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from rules import identity, match
from rules.model.decisions import Step
from rules.model.exchanges import Direction
from rules.model.people import Address, Directory, UserId
from rules.model.sightings import Event, FolderRole, MailPlace, Message, Sighting


class Who(StrEnum):
    """Whose address it is, seen from the owner of the mailbox."""

    OWN = "own"
    ALIAS = "alias"
    INTERNAL = "internal"
    KNOWN = "known third party"
    STRANGER = "stranger"
    NONE = "none"


# In Python 3.11 a member of an enum takes a quarter of a microsecond to be found, a name nothing.
_OWN, _ALIAS, _INTERNAL, _KNOWN, _STRANGER, _NO_ONE = Who


class Way(StrEnum):
    """What a cell of the table says. WE_WROTE is outbound if anybody outside is addressed, else
    it is mail among colleagues."""

    IN = "in"
    OUT = "out"
    WE_WROTE = "we wrote"


_OURS = frozenset({Who.OWN, Who.ALIAS, Who.INTERNAL})
_THEIRS = frozenset({Who.KNOWN, Who.STRANGER})
_NONE = frozenset({Who.NONE})
_ANYBODY = _OURS | _THEIRS | _NONE

TABLE: tuple[tuple[frozenset[Who], frozenset[Who], Way, Way], ...] = (
    # From                     Sender or Reply-To  in \Sent       elsewhere
    (_OURS, _ANYBODY, Way.WE_WROTE, Way.WE_WROTE),
    # Sent by us in a third party's name, by a delegate.
    (frozenset({Who.KNOWN}), _OURS, Way.OUT, Way.IN),
    # A customer's mail that somebody moved to \Sent.
    (frozenset({Who.KNOWN}), _THEIRS | _NONE, Way.IN, Way.IN),
    # An address of our own that nobody has declared.
    (frozenset({Who.STRANGER}), _OURS | _NONE, Way.OUT, Way.IN),
    (frozenset({Who.STRANGER}), _THEIRS, Way.IN, Way.IN),
    # No From at all: malformed, and the folder is all there is.
    (_NONE, _OURS, Way.WE_WROTE, Way.WE_WROTE),
    (_NONE, _NONE, Way.WE_WROTE, Way.IN),
    (_NONE, _THEIRS, Way.IN, Way.IN),
)


def look_up(from_: Who, second: Who, in_sent: bool) -> Way:
    """The cell of the table."""
    return next(
        sent if in_sent else elsewhere
        for froms, seconds, sent, elsewhere in TABLE
        if from_ in froms and second in seconds
    )


def direction(directory: Directory, sighting: Sighting) -> tuple[Direction | None, Step]:
    """Which way, and by what evidence; None: among colleagues, not an exchange."""
    what = sighting.what
    if isinstance(what, Event):
        return of_meeting(directory, sighting.owner, what)
    if what.report is not None:
        # A mail server wrote it, ours or theirs: what it tells comes from outside.
        return Direction.INBOUND, Step("direction", Direction.INBOUND, "a delivery report")
    from_ = whose(directory, sighting.owner, what.from_)
    second = whose(directory, sighting.owner, what.sender or what.reply_to)
    role = sighting.place.role if isinstance(sighting.place, MailPlace) else FolderRole.OTHER
    outside = _outside(directory, what)
    return _of_mail(from_, second, "Sender" if what.sender else "Reply-To", role, outside)


@lru_cache(maxsize=1024)
def _of_mail(
    from_: Who, second: Who, named: str, role: FolderRole, outside: int
) -> tuple[Direction | None, Step]:
    """Remembered: there are few different ones."""
    way = look_up(from_, second, role is FolderRole.SENT)
    evidence = (
        f"From is {from_}, {named} is {second}, "
        f"folder is {role}, {outside} of the recipients from outside"
    )
    if way is Way.IN:
        return Direction.INBOUND, Step("direction", Direction.INBOUND, evidence)
    if way is Way.OUT or outside:
        return Direction.OUTBOUND, Step("direction", Direction.OUTBOUND, evidence)
    return None, Step("direction", "among colleagues", evidence)


@lru_cache(maxsize=1024)
def is_internal(from_: Who, second: Who, role: FolderRole, outside: bool) -> bool:
    """Whether a mail is one among colleagues; `outside`: a recipient is from outside."""
    return not outside and look_up(from_, second, role is FolderRole.SENT) is Way.WE_WROTE


def who(directory: Directory, owner: UserId | None, address: Address) -> Who:
    """Whose address this is, seen from the mailbox of `owner`."""
    known = match.standing(directory, address.email)
    if not known.ours:
        return _KNOWN if known.parties or known.by_domain else _STRANGER
    user = directory.users.get(owner) if owner is not None else None
    if user is not None and known.key == identity.key(user.email):
        return _OWN
    return _ALIAS if user is not None and known.user == user.id else _INTERNAL


# Several authors: one from outside makes it theirs.
_FIRST = (_KNOWN, _STRANGER, _OWN, _ALIAS, _INTERNAL)


def whose(directory: Directory, owner: UserId | None, addresses: Sequence[Address]) -> Who:
    """The same of all addresses of a field."""
    if not addresses:
        return _NO_ONE
    found = [who(directory, owner, a) for a in addresses if a.email.strip()]
    if len(found) == 1:
        return found[0]
    return next((w for w in _FIRST if w in found), _NO_ONE)


def _outside(directory: Directory, message: Message) -> int:
    addresses = (*message.to, *message.cc, *message.bcc)
    known = [match.standing(directory, a.email) for a in addresses]
    return len({one.key for one in known if not one.ours and "@" in one.key})


def of_meeting(directory: Directory, owner: UserId | None, event: Event) -> tuple[Direction, Step]:
    """A meeting that somebody from outside called is inbound; our own is outbound."""
    organizer = whose(directory, owner, (event.organizer,) if event.organizer else ())
    way = Direction.INBOUND if organizer in _THEIRS else Direction.OUTBOUND
    return way, Step("direction", way, f"organizer is {organizer}")
