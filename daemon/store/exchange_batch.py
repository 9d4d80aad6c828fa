"""Recording a batch: exactly as one after another, but new mails together in few statements.

What a batch of mails costs is the number of statements, not of rows. Of most mails nothing is
known yet: those wait, and go in together. What touches something that is stored, or that waits,
is recorded by itself, once all before it is in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from daemon.store import classified, spots, threads
from daemon.store.database import Tx
from daemon.store.exchange_insert import New, add_keys, copy, insert, message_id, parents
from daemon.store.exchange_write import Recorded, buried, lock, record, what
from daemon.store.rows import chunks
from daemon.store.tables import exchanges as t
from daemon.store.text import indexable
from rules.model.decisions import Decision
from rules.model.exchanges import Draft, ExchangeKey
from rules.model.people import Level
from rules.model.sightings import Sighting
from rules.privacy import redact

Key = tuple[str, str]
Judged = tuple[Sighting, Decision]


def record_all(tx: Tx, judged: Sequence[Judged], now: datetime) -> list[Recorded]:
    """As `record` of one after another; safe to repeat. Raises what that raises."""
    if len(judged) < 2:
        return [record(tx, sighting, decision, now) for sighting, decision in judged]
    lock(tx)
    batch = _Batch(tx, now, [_item(*one) for one in judged])
    return batch.record()


@dataclass(frozen=True, slots=True)
class _Item:
    """One copy to be recorded, with what its decision says; by what it is known, and related."""

    sighting: Sighting
    decision: Decision
    draft: Draft
    level: Level
    keys: list[Key]
    ids: list[str]
    where: spots.Spot


@dataclass(slots=True)
class _Batch:
    tx: Tx
    now: datetime
    items: Sequence[_Item]
    recorded: list[Recorded] = field(default_factory=list)
    waiting: list[tuple[_Item, str | None]] = field(default_factory=list)
    """New exchanges, with their thread."""

    def record(self) -> list[Recorded]:
        taken, seen, known = self._taken_keys(), self._seen(), self._threads(self.items)
        for item in self.items:
            keys, ids, where = item.keys, item.ids, item.where
            names = known.names(ids)
            is_new = item.level is not Level.NOTHING and where not in seen
            if is_new and taken.isdisjoint(keys) and len(names) < 2:
                thread = known.name(ids)
                self.waiting.append((item, thread))
                known.note(ids, thread)
            else:
                self._flush()
                self.recorded.append(record(self.tx, item.sighting, item.decision, self.now))
                # Threads that it joined have another name now, whoever is in them.
                known.update(self._threads(self.items if len(names) > 1 else [item]))
            taken.update(keys)
            seen.add(where)
        self._flush()
        return self.recorded

    def _flush(self) -> None:
        """Store what waits."""
        tx, now, waiting = self.tx, self.now, self.waiting
        drafts = [redact(item.draft, item.level) for item, _ in waiting]
        news = [
            New(draft, thread, item.decision.rules)
            for draft, (item, thread) in zip(drafts, waiting, strict=True)
        ]
        ids = insert(tx, news, now)
        made = list(zip(ids, (item for item, _ in waiting), drafts, strict=True))
        add_keys(tx, ((exchange, item.draft.keys) for exchange, item, _ in made))
        copies = [copy(e, item.sighting, item.draft, item.level, now) for e, item, _ in made]
        if copies:
            tx.execute(sa.insert(t.sighting), copies)
        for exchange, _, draft in made:
            classified.add_first(tx, exchange, draft, now)
        self.recorded += [Recorded(exchange, new=True, first=True) for exchange in ids]
        waiting.clear()

    def _threads(self, items: Iterable[_Item]) -> threads.Known:
        return threads.Known.read(self.tx, {one for item in items for one in item.ids})

    def _taken_keys(self) -> set[Key]:
        """The keys of the batch that lead to an exchange, or to one that was deleted."""
        c = t.exchange_key.c
        keys = {key for item in self.items for key in item.keys}
        taken: set[Key] = set()
        for some in chunks(key for _, key in keys):
            for kind, key in self.tx.execute(sa.select(c.kind, c.key).where(c.key.in_(some))):
                taken.add((kind, key))
        return taken | {_stored(key) for key in buried(self.tx, self._all_keys())}

    def _all_keys(self) -> Iterable[ExchangeKey]:
        return (key for item in self.items for key in item.draft.keys)

    def _seen(self) -> set[spots.Spot]:
        return spots.seen(self.tx, t.sighting, [item.where for item in self.items])


def _item(sighting: Sighting, decision: Decision) -> _Item:
    draft, level = what(sighting, decision)
    keys = [_stored(key) for key in draft.keys]
    ids = threads.ids_of(message_id(draft), parents(draft))
    return _Item(sighting, decision, draft, level, keys, ids, spots.spot(sighting))


def _stored(key: ExchangeKey) -> Key:
    return key.kind, indexable(key.key)
