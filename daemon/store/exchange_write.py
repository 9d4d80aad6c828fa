"""Recording exchanges: once, whatever copies come in whatever order (`schema.md` 3, 5).

`daemon.store.exchanges` is the door. Recording transactions follow one another, on PostgreSQL too:
each locks the counter of references first, so that keys, references and threads need no retry.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store import audit, classified, erasure, lists, spots
from daemon.store.database import Tx
from daemon.store.errors import Stale
from daemon.store.exchange_read import find, get
from daemon.store.hushed import hush, withdraw
from daemon.store.rows import count, counted, insert_new, inserting, new_id
from daemon.store.tables import exchanges as t
from daemon.store.text import indexable, words
from rules import identity, privacy
from rules.model.decisions import Decision, RecordExchange
from rules.model.exchanges import (
    Draft,
    Exchange,
    ExchangeId,
    ExchangeKey,
    Role,
)
from rules.model.people import Level, UserId
from rules.model.sightings import MailPlace, Sighting

# References lists of hostile mail have thousands; of a long thread both ends are kept.
_MOST_PARENTS = 100


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
    drafts = [e.draft for e in decision.effects if isinstance(e, RecordExchange)]
    if len(drafts) != 1:
        raise ValueError(f"a decision records one exchange, not {len(drafts)}")
    draft = replace(drafts[0], mailbox_owner=drafts[0].mailbox_owner or sighting.owner)
    level = privacy.strictest(decision.level, draft.level)
    counted(tx, "exchange", lock=True)
    if _buried(tx, draft.keys):
        return Recorded(None, new=False)
    known = find(tx, draft.keys)
    if level is Level.NOTHING:
        _bury_all(tx, known, draft.keys, now)
        return Recorded(None, new=False)
    exchange = known or _insert(tx, privacy.redact(draft, level), now, decision.rules)
    if known:
        _merge(tx, known, draft, level, now)
    _add_keys(tx, exchange, draft.keys)
    first = _see(tx, exchange, sighting, draft, level, now)
    if first:
        classified.add(tx, exchange, privacy.redact(draft, _level(tx, exchange)), now)
        if known and draft.confidential is not None:
            hush(tx, exchange, now)
    return Recorded(exchange, new=known is None, first=first)


def add(tx: Tx, draft: Draft, now: datetime) -> Exchange:
    """Record what a person or the API tells; the same keys again give the same exchange.

    Raises Stale when it was recorded and deleted before, UnknownCode for a mode, purpose or
    product that no list has.
    """
    counted(tx, "exchange", lock=True)
    if _buried(tx, draft.keys):
        raise Stale("this exchange was deleted")
    exchange = find(tx, draft.keys)
    if exchange is None:
        exchange = _insert(tx, privacy.redact(draft, draft.level), now)
        _add_keys(tx, exchange, draft.keys)
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


def delete(tx: Tx, exchange: ExchangeId, by: UserId, reason: str, now: datetime) -> None:
    """Delete for good: no sync brings it back. `erasure.forget` afterwards finishes the erasure."""
    stored = get(tx, exchange)
    if stored is None:
        return
    counted(tx, "exchange", lock=True)
    _bury(tx, stored.id, (), reason, by, now)
    audit.note(tx, f"user {by}", "delete exchange", stored.ref, now)


def _insert(tx: Tx, draft: Draft, now: datetime, rules: str | None = None) -> ExchangeId:
    purpose = draft.purpose
    message_id = indexable(identity.normal_id(draft.message_id)) if draft.message_id else None
    parents = _parents(draft)
    exchange = ExchangeId(
        new_id(
            tx,
            t.exchange,
            number=count(tx, "exchange"),
            entity_id=draft.entity,
            direction=draft.direction,
            mode_id=lists.item_id(tx, "mode", draft.mode),
            purpose_id=None if purpose is None else lists.item_id(tx, "purpose", purpose),
            happened_at=draft.happened_at,
            recorded_at=now,
            source=draft.source,
            kind=draft.kind,
            subject=draft.subject,
            comment=draft.comment,
            quoted_from=draft.quoted_from,
            project=draft.project,
            status="active",
            answers=draft.answers,
            message_id=message_id,
            thread=thread_of(tx, message_id, parents),
            level=int(draft.level),
            revision=1,
            words=words(draft.subject, draft.comment, draft.project or ""),
            rules=rules,
        )
    )
    insert_new(tx, t.exchange_parent, [_of(exchange, message_id=p) for p in parents])
    for n, name in enumerate(draft.attachments):
        tx.execute(sa.insert(t.exchange_attachment).values(_of(exchange, position=n, name=name)))
    for table, values in _participants(draft, _roles(draft)):
        insert_new(tx, table, [_of(exchange, position=n, **v) for n, v in enumerate(values)])
    return exchange


def _of(exchange: ExchangeId, **values: Any) -> dict[str, Any]:
    return {"exchange_id": exchange, **values}


def _parents(draft: Draft) -> list[str]:
    ids = list(dict.fromkeys(indexable(identity.normal_id(p)) for p in draft.parents if p))
    half = _MOST_PARENTS // 2
    return ids if len(ids) <= _MOST_PARENTS else [*ids[:half], *ids[-half:]]


def thread_of(tx: Tx, message_id: str | None, parents: list[str]) -> str | None:
    """The name of its thread. Threads that turn out to be one, for their common parent is
    captured last, get one name: the order of reading changes nothing (spec §4)."""
    ids = [*parents, *([message_id] if message_id else [])]
    if not ids:
        return None
    answers = sa.select(t.exchange_parent.c.exchange_id).where(
        t.exchange_parent.c.message_id.in_(ids)
    )
    row = t.exchange
    related = sa.or_(row.c.message_id.in_(ids), row.c.id.in_(answers))
    names: list[str] = sorted(
        name
        for name in tx.execute(sa.select(row.c.thread).where(related).distinct()).scalars()
        if name is not None
    )
    if not names:
        return ids[0]
    if len(names) > 1:
        tx.execute(sa.update(row).where(row.c.thread.in_(names)).values(thread=names[0]))
    return names[0]


def _roles(draft: Draft) -> list[tuple[Role, UserId]]:
    single = (
        (Role.AUTHOR, draft.author),
        (Role.RECORDER, draft.recorder),
        (Role.MAILBOX_OWNER, draft.mailbox_owner),
    )
    return [
        *((role, user) for role, user in single if user is not None),
        *((Role.COLLABORATOR, user) for user in draft.collaborators),
    ]


def _participants(
    draft: Draft, roles: Iterable[tuple[Role, UserId]]
) -> tuple[tuple[sa.Table, list[dict[str, Any]]], ...]:
    return (
        (t.exchange_party, [{"third_party_id": p} for p in draft.third_parties]),
        (t.exchange_contact, [{"contact_id": c} for c in draft.contacts]),
        (t.exchange_user, [{"role": role, "user_id": user} for role, user in roles]),
    )


def _take_part(
    tx: Tx, exchange: ExchangeId, draft: Draft, roles: Iterable[tuple[Role, UserId]]
) -> bool:
    """Add who takes part in a further copy and isn't there yet; True if somebody was added."""
    added = False
    for table, values in _participants(draft, roles):
        if not values:
            continue
        here = sa.select(sa.func.count()).where(table.c.exchange_id == exchange)
        position = tx.execute(here).scalar_one()
        for n, value in enumerate(values):
            row = _of(exchange, position=position + n, **value)
            statement = inserting(tx, table).values(row).on_conflict_do_nothing()
            new = tx.execute(statement.returning(table.c.exchange_id)).first()
            added = added or new is not None
    return added


def _merge(tx: Tx, exchange: ExchangeId, draft: Draft, level: Level, now: datetime) -> None:
    """Another copy of a known exchange: it adds people and may only narrow what is shown."""
    row = t.exchange
    # Who had the exchange was said by the first copy, or by rules; mailbox owners and helpers add
    # up.
    roles = [
        (role, user)
        for role, user in _roles(draft)
        if role in (Role.MAILBOX_OWNER, Role.COLLABORATOR)
    ]
    if _take_part(tx, exchange, draft, roles):
        bump = sa.update(row).where(row.c.id == exchange)
        tx.execute(bump.values(revision=row.c.revision + 1))
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
            quoted_from=None,
            words=classified.words_of(tx, exchange, subject, "", stored.project),
        )
    )
    attached = t.exchange_attachment
    tx.execute(sa.delete(attached).where(attached.c.exchange_id == exchange))
    hush(tx, exchange, now)
    erasure.erased(tx)


def _add_keys(tx: Tx, exchange: ExchangeId, keys: Iterable[ExchangeKey]) -> None:
    rows = [_of(exchange, kind=k.kind, key=indexable(k.key)) for k in keys]
    insert_new(tx, t.exchange_key, rows)


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
    place = sighting.place
    role = place.role if isinstance(place, MailPlace) else "calendar"
    facts: Mapping[str, Any] = {
        "direction": draft.direction,
        "level": int(level),
        "owner_id": sighting.owner,
    }
    statement = inserting(tx, t.sighting).values(
        **_of(exchange, **here),
        place_name=place.name,
        role=role,
        seen_at=now,
        said=classified.said(draft),
        **facts,
    )
    tx.execute(
        statement.on_conflict_do_update(index_elements=spots.unique(where), set_=dict(facts))
    )
    return is_new


def _level(tx: Tx, exchange: ExchangeId) -> Level:
    c = t.exchange.c
    return Level(tx.execute(sa.select(c.level).where(c.id == exchange)).scalar_one())


def _hash(key: ExchangeKey | tuple[str, str]) -> str:
    kind, name = (key.kind, key.key) if isinstance(key, ExchangeKey) else key
    text = f"{kind}\0{indexable(name)}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _buried(tx: Tx, keys: Iterable[ExchangeKey]) -> bool:
    hashes = [_hash(k) for k in keys]
    dead = sa.select(t.tombstone.c.hash).where(t.tombstone.c.hash.in_(hashes)).limit(1)
    return bool(hashes) and tx.execute(dead).first() is not None


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
