"""Which thread an exchange belongs to. Threads that turn out to be one, for their common parent
is captured last, get one name: the order of reading changes nothing (spec §4)."""

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import chunks
from daemon.store.tables import exchanges as t
from rules.model.exchanges import ExchangeId


def thread_of(tx: Tx, message_id: str | None, parents: list[str]) -> str | None:
    """The name of the thread of what has this Message-ID and answers these; threads that it joins
    become one. None for what has and answers none."""
    ids = ids_of(message_id, parents)
    known = Known.read(tx, ids)
    names = known.names(ids)
    if len(names) > 1:
        c = t.exchange.c
        tx.execute(sa.update(t.exchange).where(c.thread.in_(names)).values(thread=names[0]))
    return known.name(ids)


def ids_of(message_id: str | None, parents: Iterable[str]) -> list[str]:
    """The Message-IDs by which it is related to others, those of its parents first."""
    return [*parents, *([message_id] if message_id else [])]


class Known:
    """The threads that Message-IDs belong to: of stored exchanges, and of those noted since."""

    def __init__(self) -> None:
        self._threads: dict[str, set[str]] = defaultdict(set)

    @classmethod
    def read(cls, tx: Tx, ids: Iterable[str]) -> "Known":
        """What is stored about these."""
        known = cls()
        row, answer = t.exchange.c, t.exchange_parent.c
        answers = sa.select(answer.message_id, row.thread).join(t.exchange)
        for some in chunks(ids):
            itself = sa.select(row.message_id, row.thread).where(row.message_id.in_(some))
            for query in (itself, answers.where(answer.message_id.in_(some))):
                for one, thread in tx.execute(query):
                    if thread is not None:
                        known._threads[one].add(thread)
        return known

    def names(self, ids: Iterable[str]) -> list[str]:
        """The threads of these, by name."""
        return sorted(set().union(*(self._threads.get(one, ()) for one in ids)))

    def name(self, ids: list[str]) -> str | None:
        """What their common thread is called."""
        names = self.names(ids)
        return names[0] if names else next(iter(ids), None)

    def note(self, ids: Iterable[str], name: str | None) -> None:
        """An exchange of this thread has these."""
        if name is not None:
            for one in ids:
                self._threads[one].add(name)

    def update(self, newer: "Known") -> None:
        """What is stored about some of them now."""
        self._threads.update(newer._threads)


def message_id_of(tx: Tx, exchange: ExchangeId) -> str | None:
    """The Message-ID of a mail that was captured or sent, bare."""
    c = t.exchange.c
    found: str | None = tx.execute(sa.select(c.message_id).where(c.id == exchange)).scalar()
    return found
