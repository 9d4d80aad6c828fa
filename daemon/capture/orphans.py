"""Answers of strangers whose parent is captured after them, in whatever mailbox and whenever: the
order of reading changes nothing (spec §4).

An answer that matched nobody waits, by keyed hashes of what it answers; whoever records one of
those lets it be judged once more (`unfinished`), in the same transaction. Of both at once, one
sees the other: the recording of exchanges and the waiting share a lock.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from daemon.capture import unfinished
from daemon.capture.unfinished import Unfinished
from daemon.store import Tx, exchanges, orphans
from rules import decide, identity
from rules.model.decisions import Decision, Reason, Verdict
from rules.model.sightings import AccountId, MailPlace, Message, Sighting


def settle(
    tx: Tx,
    secret: bytes,
    account: AccountId,
    decided: Sequence[tuple[Sighting, Decision]],
    now: datetime,
) -> None:
    """Let the answers of a batch wait, after what it records is recorded, and let those be judged
    again that waited for it."""
    waiting = among(decided)
    if waiting:
        exchanges.lock(tx)
        known = exchanges.threads(tx, {one for ids in waiting.values() for one in ids}).keys()
        for place, ids in waiting.items():
            if known.isdisjoint(ids):
                marks = {place.uid: [_mark(secret, one) for one in ids]}
                orphans.wait(tx, place.folder, place.uidvalidity, marks, now)
            else:
                # Recorded by somebody else, since this was judged.
                _again(tx, account, place, now)
    captured = {_mark(secret, one) for one in _recorded(decided)}
    for found in orphans.adopt(tx, captured):
        spot = (found.account, found.folder, found.uidvalidity, found.uid, found.uid)
        unfinished.put(tx, Unfinished(*spot), now)


def among(decided: Iterable[tuple[Sighting, Decision]]) -> dict[MailPlace, tuple[str, ...]]:
    """What matched nobody and answers something, with what it answers."""
    found = {}
    for sighting, decision in decided:
        if decision.reason is not Reason.NO_THIRD_PARTY:
            continue
        if not isinstance(sighting.what, Message) or not isinstance(sighting.place, MailPlace):
            continue
        if parents := decide.parents(sighting.what):
            found[sighting.place] = parents
    return found


def _recorded(decided: Iterable[tuple[Sighting, Decision]]) -> Iterable[str]:
    """All Message-IDs whose thread is known by what is recorded: what answers the same as an
    exchange is of its thread too."""
    for sighting, decision in decided:
        what = sighting.what
        if decision.verdict is Verdict.RECORD and isinstance(what, Message):
            if what.message_id:
                yield identity.normal_id(what.message_id)
            yield from decide.parents(what)


def _again(tx: Tx, account: AccountId, place: MailPlace, now: datetime) -> None:
    spot = (account, place.folder, place.uidvalidity, place.uid, place.uid)
    unfinished.put(tx, Unfinished(*spot), now)


def _mark(secret: bytes, message_id: str) -> int:
    """63 bits of a keyed hash: as a number it takes little room, and two that are alike by chance
    let a message be judged once more, no worse."""
    text = b"parent:" + message_id.encode("utf-8", "surrogatepass")
    return int.from_bytes(hmac.digest(secret, text, hashlib.sha256)[:8], "big") >> 1
