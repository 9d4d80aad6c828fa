"""Recording exchanges: once, whatever copies come in whatever order (`schema.md` 3, 5).

`daemon.store.exchanges` is the door. Recording transactions follow one another, on PostgreSQL too:
each locks the counter of references first, so that keys, references and threads need no retry.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from daemon.store import audit, classified, erasure, spots, standing
from daemon.store.database import Tx
from daemon.store.errors import Stale
from daemon.store.exchange_insert import (
    New,
    add_addresses,
    add_keys,
    copy,
    insert,
    message_id,
    parents,
    participants,
    roles,
)
from daemon.store.exchange_read import find, get
from daemon.store.hushed import hush, withdraw
from daemon.store.rows import chunks, counted, insert_new, inserting
from daemon.store.tables import exchanges as t
from daemon.store.text import indexable
from daemon.store.threads import thread_of
from rules import privacy
from rules.model.decisions import Decision, RecordExchange
from rules.model.exchanges import (
    Draft,
    Exchange,
    ExchangeId,
    ExchangeKey,
    Role,
)
from rules.model.people import Level, UserId
from rules.model.sightings import EventPlace, Sighting


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a sighting: None when its exchange may not be kept; `new` when this copy
    was the first of it; `first` when this copy was not seen before."""

    exchange: ExchangeId | None
    new: bool
    first: bool = False


def record(tx: Tx, sighting: Sighting, decision: Decision, now: datetime) -> Recorded:
    """Record what a decision says about a sighting; safe to repeat, in any order of copies.

    What rules say of a copy counts when it is first seen, and stays as it is when other rules
    judge that copy again (docs/decisions/0003); how copies add up says `classified`.
    The strictest level of all copies wins and stays; NOTHING deletes what was there and keeps
    only a hash of its keys, so that no other copy brings it back. Raises ValueError when the
    decision records nothing.
    """
    draft, level = what(sighting, decision)
    counted(tx, "exchange", lock=True)
    if buried(tx, draft.keys):
        return Recorded(None, new=False)
    known = find(tx, draft.keys)
    if level is Level.NOTHING:
        _bury_all(tx, known, draft.keys, now)
        return Recorded(None, new=False)
    exchange = known or _insert(tx, privacy.redact(draft, level), now, decision.rules)
    if known:
        _merge(tx, known, draft, level, now)
    add_keys(tx, [(exchange, draft.keys)])
    first = _see(tx, exchange, sighting, draft, level, now)
    if first:
        classified.add(tx, exchange, privacy.redact(draft, _level(tx, exchange)), now)
        if known and draft.confidential is not None:
            hush(tx, exchange, now)
    if known and isinstance(sighting.place, EventPlace):
        standing.settle(tx, exchange, now)
    return Recorded(exchange, new=known is None, first=first)


def what(sighting: Sighting, decision: Decision) -> tuple[Draft, Level]:
    """The one exchange that a decision records, and how much may be kept of it. Raises ValueError
    when it records none."""
    drafts = [e.draft for e in decision.effects if isinstance(e, RecordExchange)]
    if len(drafts) != 1:
        raise ValueError(f"a decision records one exchange, not {len(drafts)}")
    draft = drafts[0]
    if draft.mailbox_owner is None:
        draft = replace(draft, mailbox_owner=sighting.owner)
    return draft, privacy.strictest(decision.level, draft.level)


def add(tx: Tx, draft: Draft, now: datetime) -> Exchange:
    """Record what a person or the API tells; the same keys again give the same exchange.

    Raises Stale when it was recorded and deleted before, UnknownCode for a mode, purpose or
    product that no list has.
    """
    counted(tx, "exchange", lock=True)
    if buried(tx, draft.keys):
        raise Stale("this exchange was deleted")
    exchange = find(tx, draft.keys)
    if exchange is None:
        exchange = _insert(tx, privacy.redact(draft, draft.level), now)
        add_keys(tx, [(exchange, draft.keys)])
        classified.told(tx, exchange, draft, now)
    stored = get(tx, exchange)
    if stored is None:
        raise Stale("this exchange was deleted")
    return stored


def lock(tx: Tx) -> None:
    """No exchange is recorded until the commit, by anybody."""
    counted(tx, "exchange", lock=True)


def restrict(
    tx: Tx,
    keys: Iterable[ExchangeKey],
    level: Level,
    now: datetime,
    of_rule: str | None = None,
) -> None:
    """No more than `level` may be kept of what these keys lead to, now or later: NOTHING deletes
    it and buries the keys; the other levels narrow what is there. `of_rule` is the keyed hash of
    a message of which only a rule keeps nothing: `dig_up` finds it by that."""
    keys = tuple(keys)
    counted(tx, "exchange", lock=True)
    known = find(tx, keys)
    if level is Level.NOTHING:
        _bury_all(tx, known, keys, now, of_rule)
    elif known is not None:
        _narrow(tx, known, level, now)


def dig_up(tx: Tx, of_rule: str) -> None:
    """What only a rule buried of a message may be recorded again."""
    tx.execute(sa.delete(t.tombstone).where(t.tombstone.c.of_rule == of_rule))


def delete(
    tx: Tx,
    exchange: ExchangeId,
    by: UserId | None,
    reason: str,
    now: datetime,
    who: str | None = None,
) -> None:
    """Delete for good, with what rules opened because of it: no sync brings it back.
    `erasure.forget` afterwards finishes the erasure. `who` is what the audit trail names."""
    counted(tx, "exchange", lock=True)
    stored = get(tx, exchange)
    if stored is None:
        return
    withdraw(tx, stored.id, now)
    _bury(tx, stored.id, (), reason, by, now)
    audit.note(tx, who or f"user {by}", "delete exchange", stored.ref, now)


def _insert(tx: Tx, draft: Draft, now: datetime, rules: str | None = None) -> ExchangeId:
    thread = thread_of(tx, message_id(draft), parents(draft))
    return insert(tx, [New(draft, thread, rules)], now)[0]


def _take_part(
    tx: Tx, exchange: ExchangeId, draft: Draft, in_roles: Iterable[tuple[Role, UserId]]
) -> bool:
    """Add who takes part in a further copy and isn't there yet; True if somebody was added."""
    added = False
    fixed = _fixed(classified.edited(tx, exchange))
    for table, several in participants(draft, in_roles).items():
        values = [v for v in several if (table.name, v.get("role")) not in fixed]
        if not values:
            continue
        here = sa.select(sa.func.count()).where(table.c.exchange_id == exchange)
        position = tx.execute(here).scalar_one()
        for n, value in enumerate(values):
            at = classified.time_of(exchange)
            row = {
                "exchange_id": exchange,
                "happened_at": at,
                "position": position + n,
                **value,
            }
            statement = inserting(tx, table).values(row).on_conflict_do_nothing()
            new = tx.execute(statement.returning(table.c.exchange_id)).first()
            added = added or new is not None
    return added


def _fixed(edited: frozenset[str]) -> frozenset[tuple[str, Role | None]]:
    """Of whom a person said who takes part, by table and role: no further copy adds to these.
    Whose mailbox has a copy is not for anybody to say."""
    fixed: dict[str, tuple[str, Role | None]] = {
        "third_parties": (t.exchange_party.name, None),
        "contacts": (t.exchange_contact.name, None),
        "collaborators": (t.exchange_user.name, Role.COLLABORATOR),
    }
    return frozenset(fixed[name] for name in fixed.keys() & edited)


def _merge(tx: Tx, exchange: ExchangeId, draft: Draft, level: Level, now: datetime) -> None:
    """Another copy of a known exchange: it adds people and may only narrow what is shown."""
    row = t.exchange
    # Who had the exchange was said by the first copy, or by rules; mailbox owners and helpers add
    # up.
    adding_up = [
        (role, user)
        for role, user in roles(draft)
        if role in (Role.MAILBOX_OWNER, Role.COLLABORATOR)
    ]
    if _take_part(tx, exchange, draft, adding_up):
        bump = sa.update(row).where(row.c.id == exchange)
        tx.execute(bump.values(revision=row.c.revision + 1))
    add_addresses(tx, [(exchange, draft)])
    _narrow(tx, exchange, level, now)


def _narrow(tx: Tx, exchange: ExchangeId, level: Level, now: datetime) -> None:
    """Take away what a stricter level hides: SUBJECT the text, HAPPENED the subject too."""
    stored = get(tx, exchange)
    if stored is None or level >= stored.level:
        return
    classified.narrow(tx, exchange, level)
    subject = stored.subject if level is Level.SUBJECT else ""
    tx.execute(
        sa.update(t.exchange)
        .where(t.exchange.c.id == exchange)
        .values(
            level=int(level),
            revision=stored.revision + 1,
            subject=subject,
            comment="",
            html=None,
            quoted_from=None,
            words=classified.words_of(tx, exchange, subject, "", stored.project),
        )
    )
    back = t.exchange_undelivered
    tx.execute(sa.update(back).where(back.c.exchange_id == exchange).values(recipient=""))
    attached = t.exchange_attachment
    tx.execute(sa.delete(attached).where(attached.c.exchange_id == exchange))
    hush(tx, exchange, now)
    erasure.erased(tx)


def _see(
    tx: Tx,
    exchange: ExchangeId,
    sighting: Sighting,
    draft: Draft,
    level: Level,
    now: datetime,
) -> bool:
    """The copy itself, and whether it is new; seen again it keeps its first time and what rules
    said of it, and takes the level now asked for."""
    where = spots.spot(sighting)
    here = spots.columns(where)
    same = [t.sighting.c[name] == here[name] for name in spots.unique(where)]
    is_new = tx.execute(sa.select(t.sighting.c.id).where(*same)).first() is None
    row = copy(exchange, sighting, draft, level, now)
    anew = ("direction", "level", "owner_id", "held_at", "sequence", "gone")
    facts = {name: row[name] for name in anew if name in row}
    statement = inserting(tx, t.sighting).values(row)
    tx.execute(statement.on_conflict_do_update(index_elements=spots.unique(where), set_=facts))
    return is_new


def _level(tx: Tx, exchange: ExchangeId) -> Level:
    c = t.exchange.c
    return Level(tx.execute(sa.select(c.level).where(c.id == exchange)).scalar_one())


def _hash(key: ExchangeKey | tuple[str, str]) -> str:
    kind, name = (key.kind, key.key) if isinstance(key, ExchangeKey) else key
    text = f"{kind}\0{indexable(name)}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def buried(tx: Tx, keys: Iterable[ExchangeKey]) -> list[ExchangeKey]:
    """Those of these keys that led to an exchange that was deleted, or may not be kept."""
    by_hash = {_hash(key): key for key in keys}
    dead = t.tombstone.c.hash
    return [
        by_hash[found]
        for some in chunks(by_hash)
        for found in tx.execute(sa.select(dead).where(dead.in_(some))).scalars()
    ]


def _bury_all(
    tx: Tx,
    exchange: ExchangeId | None,
    keys: Iterable[ExchangeKey],
    now: datetime,
    of_rule: str | None = None,
) -> None:
    """Nothing may be kept: neither the exchange nor what rules opened with it tells anything."""
    if exchange is not None:
        withdraw(tx, exchange, now)
    _bury(tx, exchange, keys, "nothing may be kept", None, now, of_rule)


def _bury(
    tx: Tx,
    exchange: ExchangeId | None,
    keys: Iterable[ExchangeKey],
    reason: str,
    by: UserId | None,
    now: datetime,
    of_rule: str | None = None,
) -> None:
    """Delete it with all that hangs on it; of its keys, and these, only hashes stay."""
    hashes = {_hash(k) for k in keys}
    if exchange is not None:
        c = t.exchange_key.c
        stored = tx.execute(sa.select(c.kind, c.key).where(c.exchange_id == exchange))
        hashes |= {_hash((kind, key)) for kind, key in stored}
        tx.execute(sa.delete(t.exchange).where(t.exchange.c.id == exchange))
        erasure.erased(tx)
    same = {"reason": reason, "by_id": by, "at": now, "of_rule": of_rule}
    insert_new(tx, t.tombstone, [{"hash": h, **same} for h in sorted(hashes)])
