"""Lists of exchanges: what is asked for, as far as the caller may see it, page by page.

Pages are cut by time and id (keyset), so the hundredth costs what the first does, and what is
recorded meanwhile moves none. Words are looked for where that is cheaper: in the rows of a short
arm, else in the next SHORT rows, where words that many texts have fill a page at once; only then
in the index, which yields few.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from daemon.store import arms, search, sight
from daemon.store.arms import FEW, Apart, Arm, Condition, Hung, Key, Range
from daemon.store.database import Tx
from daemon.store.exchange_read import in_order
from daemon.store.tables import exchanges as t
from daemon.store.tables.installation import list_item
from rules.access import Scope, as_seen
from rules.model.exchanges import WITHDRAWN, Direction, Exchange, ExchangeId, Source
from rules.model.people import ContactId, EntityId, ThirdPartyId, UserId
from rules.model.sightings import MailKind


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for; None asks nothing. `mode`, `purpose` and `product` are codes,
    `element` a reference in any letter case, of any type; from `since`, before `until`."""

    third_party: ThirdPartyId | None = None
    contact: ContactId | None = None
    user: UserId | None = None
    direction: Direction | None = None
    mode: str | None = None
    purpose: str | None = None
    product: str | None = None
    element: str | None = None
    source: Source | None = None
    kind: MailKind | None = None
    tag: str | None = None
    entity: EntityId | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


def page(
    tx: Tx, scope: Scope, wanted: Wanted, *, where: Range | None = None, limit: int = 50
) -> tuple[Key, ...]:
    """The keys of the first exchanges of the list in that range, in its order."""
    return _List(tx, scope, wanted).page(where or Range(), limit)


def shown(tx: Tx, scope: Scope, exchange: ExchangeId) -> Exchange | None:
    """One exchange, as the caller may see it."""
    row = t.exchange.c
    seen = sa.select(row.id).where(row.id == exchange, sight.exchanges(scope))
    found = in_order(tx, [exchange]) if tx.execute(seen).first() else ()
    return as_seen(found[0], scope) if found else None


def count(tx: Tx, scope: Scope, wanted: Wanted, most: int) -> int:
    """How many exchanges the list has; `most` + 1 for more than that."""
    return _List(tx, scope, wanted).count(most)


_withdrawn = t.exchange.alias()
_STANDING = Apart(
    # As the partial index has it, which a bound value would miss.
    sa.select(_withdrawn.c.id).where(_withdrawn.c.status == sa.literal_column(f"'{WITHDRAWN}'"))
)


class _List:
    """One list, with what is found out about it on the way."""

    def __init__(self, tx: Tx, scope: Scope, wanted: Wanted) -> None:
        self._tx, self._scope, self._wanted = tx, scope, wanted
        self._stems = None if wanted.text is None else search.sought(wanted.text)
        self._filters = (*_filters(wanted), *_own(scope))

    def page(self, where: Range, limit: int) -> tuple[Key, ...]:
        where = replace(where, since=self._wanted.since, until=self._wanted.until)
        if self._is_empty():
            return ()
        plan = self._plan(where)
        if self._stems is None or plan.end is None:
            return self._read(arms.keys(plan.arms, self._conditions(plan), where, limit))
        # The next rows may do; else there are few in all, and the index knows them.
        near = replace(where, up_to=plan.end)
        found = self._read(arms.keys(plan.arms, self._conditions(plan), near, limit))
        if len(found) == limit:
            return found
        plan = self._by_index()
        return self._read(arms.keys(plan.arms, self._conditions(plan), where, limit))

    def count(self, most: int) -> int:
        if self._is_empty():
            return 0
        where = Range(since=self._wanted.since, until=self._wanted.until)
        plan = self._plan(where)
        if self._stems is not None and plan.end is not None:
            near = replace(where, up_to=plan.end)
            found = arms.keys(plan.arms, self._conditions(plan), near, None)
            if self._number(found) < arms.SHORT // 20:
                plan = self._by_index()
        return self._number(arms.keys(plan.arms, self._conditions(plan), where, most + 1))

    def _number(self, found: sa.Select[datetime, int]) -> int:
        query = sa.select(sa.func.count()).select_from(found.subquery())
        return int(self._tx.execute(query).scalar_one())

    def _is_empty(self) -> bool:
        """No word in what is looked for, or nothing may be seen."""
        return self._stems == () or not self._scope.exchanges.own

    def _plan(self, where: Range) -> "_Plan":
        """From where to read: of several arms a short one, else the first."""
        several = [(one, one.arm) for one in self._filters if one.arm is not None]
        first = None
        for one, arm in several:
            if arm.unordered is not None:
                if arms.is_short(self._tx, arm):
                    return _Plan((arm,), one)
                continue
            if len(several) == 1 and self._stems is None and self._sees_all():
                return _Plan((arm,), one)
            end = arms.end_of_short(self._tx, arm, where)
            if end is None:
                return self._shortest(_Plan((arm,), one), where)
            first = first or _Plan((arm,), one, end)
        asks = first is not None or self._stems is not None
        seen = self._of_what_is_seen(where, asks=asks)
        return seen if first is None or seen.end is None else first

    def _shortest(self, short: "_Plan", where: Range) -> "_Plan":
        """Of a short arm and what may be seen: each row of the former is looked up to learn whether
        it may be, so a few hundred cost more than it does to read the latter, if that is short."""
        if self._sees_all() or arms.end_of_short(self._tx, short.arms[0], where, FEW) is None:
            return short
        seen = self._of_what_is_seen(where, asks=True)
        return seen if seen.end is None else short

    def _sees_all(self) -> bool:
        """Of what is asked for, most may be seen: there is nothing shorter to read."""
        return self._scope.exchanges.entities is None or not self._scope.exchanges.others

    def _of_what_is_seen(self, where: Range, *, asks: bool) -> "_Plan":
        """The arms of what may be seen, and, if that `asks` for it, how long they are."""
        reach = self._scope.exchanges
        some: tuple[Arm, ...] = (arms.all_of_them(),)
        if reach.entities is not None:
            some = tuple(arms.of_entity(e) for e in (None, *sorted(reach.entities)))
            if self._scope.user is not None:
                some = (*some, _mine(self._scope.user))
        if not asks:
            return _Plan(some)
        ends = [end for arm in some if (end := arms.end_of_short(self._tx, arm, where))]
        # As far as all of them were looked through.
        nearest = min if where.oldest_first else max
        return _Plan(some, end=nearest(ends, default=None))

    def _by_index(self) -> "_Plan":
        return _Plan((arms.indexed(search.hits(self._tx, self._stems or ())),))

    def _conditions(self, plan: "_Plan") -> list[Condition | Hung | Apart]:
        """What the arms that are read don't say yet."""
        left = [one.holds for one in self._filters if one is not plan.filter]
        said = [] if self._stems is None else [self._said(self._stems)]
        # Who sees their own only has that among the filters.
        others = self._scope.exchanges.others
        seen = [sight.exchanges(self._scope)] if others or self._scope.user is None else []
        return [*seen, *left, *said, _STANDING]

    def _said(self, stems: Sequence[str]) -> Condition:
        """The words stand in what the caller may read of it."""
        secret = t.confidential_comment.c
        in_secret = (
            sa.exists()
            .where(
                secret.exchange_id == t.exchange.c.id,
                search.said(self._tx, secret.words, stems),
                sight.confidential(self._scope),
            )
            .correlate(t.exchange)
        )
        in_open = search.said(self._tx, t.exchange.c.words, stems)
        return sa.or_(sa.and_(in_open, sight.whole_texts(self._scope)), in_secret)

    def _read(self, query: sa.Select[datetime, int]) -> tuple[Key, ...]:
        return tuple((at, ExchangeId(number)) for at, number in self._tx.execute(query))


@dataclass(frozen=True, slots=True)
class _Filter:
    """A condition on an exchange, and the arm that holds the same rows, if there is one."""

    holds: Condition | Hung
    arm: Arm | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """The arms to read, the filter that is one of them, and, where words are looked for, the end
    of the rows that are looked through before the index is asked; None: those are all."""

    arms: tuple[Arm, ...]
    filter: _Filter | None = None
    end: Key | None = None


def _own(scope: Scope) -> Iterator[_Filter]:
    """What binds who sees nothing but their own."""
    if scope.user is not None and not scope.exchanges.others:
        yield _Filter(Hung(t.exchange_user, sight.own(scope)), _mine(scope.user))


def _mine(user: UserId) -> Arm:
    return arms.of_people(t.exchange_user, "user_id", user)


def _filters(wanted: Wanted) -> Iterator[_Filter]:
    """What is asked for, the rarest things first."""
    row = t.exchange.c
    if wanted.element is not None:
        named = sa.func.upper(t.element.c.ref) == wanted.element.upper()
        linked = t.exchange_element.c.element_id.in_(sa.select(t.element.c.id).where(named))
        yield _hung(t.exchange_element, linked, few=True)
    for table, column, number in (
        (t.exchange_contact, "contact_id", wanted.contact),
        (t.exchange_party, "third_party_id", wanted.third_party),
        (t.exchange_user, "user_id", wanted.user),
    ):
        if number is not None:
            arm = arms.of_people(table, column, number)
            yield replace(_hung(table, table.c[column] == number), arm=arm)
    if wanted.product is not None:
        coded = t.exchange_product.c.item_id.in_(_items("product", wanted.product))
        yield _hung(t.exchange_product, coded, few=True)
    if wanted.tag is not None:
        yield _hung(t.exchange_tag, t.exchange_tag.c.tag == wanted.tag, few=True)
    if wanted.entity is not None:
        yield _Filter(row.entity_id == wanted.entity, arms.of_entity(wanted.entity))
    if wanted.mode is not None:
        yield _Filter(row.mode_id.in_(_items("mode", wanted.mode)))
    if wanted.purpose is not None:
        yield _Filter(row.purpose_id.in_(_items("purpose", wanted.purpose)))
    plain = {"direction": wanted.direction, "source": wanted.source, "kind": wanted.kind}
    yield from (_Filter(row[name] == value) for name, value in plain.items() if value is not None)


def _hung(table: sa.Table, which: Condition, *, few: bool = False) -> _Filter:
    return _Filter(Hung(table, which), arms.of_few(table, which) if few else None)


def _items(name: str, code: str) -> sa.Select[int]:
    c = list_item.c
    return sa.select(c.id).where(c.list == name, c.code == code)
