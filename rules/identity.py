"""What makes two addresses, messages, events, reminders the same one.

All keys are derived from what they name, so that doing a thing twice finds the first time.
"""

import hashlib
import hmac
import re
import unicodedata
import uuid
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

import idna

from rules.model.exchanges import ExchangeKey, KeyKind
from rules.model.followups import Due, FollowUpId
from rules.model.people import Address, AddressKey, UserId
from rules.model.sightings import Event, Message

FOLLOW_UPS = uuid.UUID("5a3f3c1e-6d0b-5b43-9a7e-3e6b0d7c2f41")
"""Namespace of the UIDs of follow-ups (RFC 9562 §5.5); changing it would double every event."""

LONGEST = 255
"""Longer names are replaced by their hash: a header may hold a megabyte."""

MOST_PARENTS = 100

_MESSAGE = KeyKind.MESSAGE

# What gateways and lists put before a subject on the way: "[EXTERNAL]", "[list]", "***SPAM***".
_STAMPS = re.compile(r"(?:\s*(?:\[[^\[\]]{0,80}\]|\*{3}[^*]{0,40}\*{3}))+")


def key(email: str) -> AddressKey:
    """The form in which addresses are compared: letter case, plus tag, IDN form and the tag by
    which a server knows its own bounces (BATV) don't count.

    Dots do: only some providers ignore them (spec §4).
    """
    # A sweep asks for the same few thousand again and again; a hostile one is not remembered.
    return _remembered(email) if len(email) <= LONGEST else _key(email)


def _key(email: str) -> AddressKey:
    local, at, host = email.strip().rpartition("@")
    if not at:
        return AddressKey(_local(host))
    local = _local(local)
    if local.startswith("prvs="):
        local = _BATV.sub("", local)
    base, _, _ = local.partition("+")
    return AddressKey(f"{base.rstrip() or local}@{host_key(host)}")


_remembered = lru_cache(maxsize=4096)(_key)
_BATV = re.compile(r"(?:prvs=[^=]*=)+(?=[^+\s])")


def _local(text: str) -> str:
    text = text.strip()
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).strip()


def host_key(host: str) -> str:
    """A domain in lower-case A-labels (RFC 5891 §4.4); one that has no such form, only folded."""
    host = host.strip().rstrip(".").strip()
    if host.isascii():
        return host.lower()
    if len(host) <= LONGEST:
        try:
            encoded = idna.encode(host, uts46=True).decode("ascii").rstrip(".")
        except (idna.IDNAError, UnicodeError):
            encoded = ""
        if encoded:
            return encoded.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", host).casefold()).strip()


def domain(address: AddressKey) -> str:
    """The domain of an address key; "" when it has none."""
    _, at, host = address.rpartition("@")
    return host if at else ""


def normal_id(message_id: str) -> str:
    """A Message-ID without brackets and blanks, its domain in lower case (RFC 5322 §3.6.4)."""
    # Deciding asks several times for each message; a hostile one is not remembered.
    return _remembered_id(message_id) if len(message_id) <= LONGEST else _normal_id(message_id)


def _normal_id(message_id: str) -> str:
    bare = "".join(message_id.split()).strip("<>")
    if len(bare) > LONGEST:
        return _sha(bare)
    left, at, right = bare.rpartition("@")
    return f"{left}{at}{right.lower()}"


_remembered_id = lru_cache(maxsize=512)(_normal_id)


def parents(mail: Message) -> tuple[str, ...]:
    """The Message-IDs that a mail answers, nearest first (RFC 5322 §3.6.4), normalised."""
    nearest_first = mail.in_reply_to[:MOST_PARENTS] + mail.references[-MOST_PARENTS:][::-1]
    if mail.report is not None:
        # What came back is what a bounce is about, whatever it says that it answers.
        nearest_first = (mail.report.about, *nearest_first)
    if not nearest_first:
        return ()
    own = normal_id(mail.message_id or "")
    ids = dict.fromkeys([normal_id(i) for i in nearest_first])
    return tuple([i for i in ids if i and i != own])


def message_key(message: Message) -> ExchangeKey:
    """Message-ID confirmed by a fingerprint of headers that are equal in every copy.

    The Message-ID alone never merges, for it can be forged or repeated; without one, the size
    joins the fingerprint.
    """
    name = normal_id(message.message_id or "")
    stable = [
        _instant(message.date),
        _keys(message.from_),
        stable_subject(message.subject),
        _keys((*message.to, *message.cc)),
    ]
    if not name:
        stable.append(str(message.size))
    return ExchangeKey(_MESSAGE, f"{name}#{_sha(chr(0).join(stable))[:32]}")


def stable_subject(subject: str) -> str:
    """A subject without what lists and gateways put before it, case and blanks folded."""
    stamps = _STAMPS.match(subject)
    bare = subject[stamps.end() :] if stamps else subject
    return unicodedata.normalize("NFC", " ".join((bare if bare.strip() else subject).split()))


def occurrence_key(event: Event) -> ExchangeKey:
    """UID and RECURRENCE-ID: each occurrence of a series is a dealing of its own."""
    return ExchangeKey(KeyKind.OCCURRENCE, event_key(event))


def occurrence_keys(event: Event) -> tuple[ExchangeKey, ...]:
    """The same; servers and gateways don't keep the letter case of UIDs, so a UID with capitals is
    found without them too."""
    folded = replace(event, uid=event.uid.casefold())
    return tuple(dict.fromkeys((occurrence_key(event), occurrence_key(folded))))


def meeting_id(uid: str) -> str:
    """What an invitation and the meeting have in common, in the place of a Message-ID that both
    answer: so they are of one thread."""
    return normal_id(f"meeting:{uid.casefold()}")


def event_key(event: Event) -> str:
    """One name for an occurrence: its UID, and which one of a series it is."""
    text = f"{event.uid}/{event.recurrence_id}" if event.recurrence_id else event.uid
    return text if len(text) <= LONGEST else _sha(text)


def uid_of(event_key: str) -> str:
    """The UID that `event_key` was made of; "" where it is too long to be told."""
    if re.fullmatch(r"[0-9a-f]{64}", event_key):
        return ""
    return re.sub(r"/\d{8}(?:T\d{6}Z)?$", "", event_key)


def emailid_key(account_host: str, emailid: str) -> ExchangeKey:
    """EMAILID (RFC 8474 §5.1) or X-GM-MSGID: unique on its server only."""
    return ExchangeKey(KeyKind.EMAILID, f"{account_host}/{emailid}")


def digest(secret: bytes, text: str) -> str:
    """A keyed hash, so that what is not stored can be recognised again (spec §12)."""
    return hmac.digest(secret, _bytes(text), "sha256").hex()


def follow_up_uid(key: str) -> str:
    """The iCalendar UID of a follow-up: a repeated write meets its own object."""
    return str(uuid.uuid5(FOLLOW_UPS, key.encode("utf-8", "backslashreplace").decode()))


def reminder_id(due: Due, domain: str) -> str:
    """The Message-ID of a reminder, without brackets: a second copy can be recognised."""
    facts = (
        str(due.follow_up),
        due.occurrence,
        str(round(due.before.total_seconds())),
        str(due.recipient),
        str(due.schedule_version),
    )
    return f"{_sha(chr(0).join(facts))[:32]}@{domain}"


def thread_id(follow_up: FollowUpId, recipient: UserId, domain: str) -> str:
    """What successive reminders of a follow-up answer, so that mail programs show them as one
    thread: the id of a mail that never was."""
    return letter_id("thread", f"{follow_up}:{recipient}", domain)


def own_mark(secret: bytes, kind: str, message_id: str) -> str:
    """The header by which suivi knows a mail of its own when it meets it; nobody else can make
    one for this Message-ID."""
    return f"{kind} {digest(secret, f'own:{message_id}')[:32]}"


def letter_id(kind: str, key: str, domain: str) -> str:
    """The Message-ID of a letter that suivi writes once, without brackets."""
    return f"{_sha(chr(0).join((kind, key)))[:32]}@{domain}"


def _keys(addresses: tuple[Address, ...]) -> str:
    if len(addresses) == 1:
        return key(addresses[0].email)
    return " ".join(sorted({key(a.email) for a in addresses}))


def _instant(moment: datetime | None) -> str:
    return "" if moment is None else str(int(moment.timestamp()))


def _sha(text: str) -> str:
    return hashlib.sha256(_bytes(text)).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
