"""Reading exchanges; `daemon.store.exchanges` is the door to them.

Longer than most, for every reading shares the one query and what hangs on its rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from daemon.store import references, search, spots
from daemon.store.database import Tx
from daemon.store.rows import chunks, given, with_ids
from daemon.store.tables import exchanges as t
from daemon.store.tables.installation import list_item
from daemon.store.tables.people import redirect
from daemon.store.text import indexable
from rules import identity
from rules.model.exchanges import (
    WITHDRAWN,
    ConfidentialComment,
    Direction,
    Exchange,
    ExchangeId,
    ExchangeKey,
    LinkedElement,
    Role,
    Source,
)
from rules.model.people import ContactId, EntityId, GroupId, Level, ThirdPartyId, UserId
from rules.model.sightings import AccountId, FolderId, MailKind, Undelivered


@dataclass(frozen=True, slots=True)
class Seen:
    """One copy of an exchange; the account or folder may be gone meanwhile."""

    exchange: ExchangeId
    spot: spots.Spot
    place: str
    role: str
    owner: UserId | None
    direction: Direction
    level: Level
    seen_at: datetime


def get(tx: Tx, exchange: ExchangeId) -> Exchange | None:
    """One exchange; one that was merged into another leads there."""
    found = _one(tx, t.exchange.c.id == exchange)
    if found is not None:
        return found
    moved = sa.and_(redirect.c.noun == "exchange", redirect.c.old_id == exchange)
    new = tx.execute(sa.select(redirect.c.new_id).where(moved)).scalar()
    return None if new is None else _one(tx, t.exchange.c.id == new)


def by_ref(tx: Tx, ref: str) -> Exchange | None:
    """The exchange of a reference, `EXC-12` or `EXC-MAIN-12`."""
    name = ref.strip().upper()
    prefix, _, number = name.partition("-")
    if prefix == "EXC" and "-" in number and len(name) <= 50:
        return _one(tx, t.exchange.c.own_ref == name)
    if prefix.upper() != "EXC" or not (number.isascii() and number.isdigit()):
        return None
    # More digits than any number has, and PostgreSQL would refuse the comparison.
    return _one(tx, t.exchange.c.number == int(number)) if len(number) < 19 else None


def find(tx: Tx, keys: Iterable[ExchangeKey]) -> ExchangeId | None:
    """The exchange that any of the keys leads to; the first key that does decides."""
    for key in keys:
        this = sa.and_(
            t.exchange_key.c.kind == key.kind, t.exchange_key.c.key == indexable(key.key)
        )
        found = tx.execute(sa.select(t.exchange_key.c.exchange_id).where(this)).scalar()
        if found is not None:
            return ExchangeId(found)
    return None


def with_message_id(tx: Tx, message_id: str) -> tuple[Exchange, ...]:
    """The exchanges by mail of this Message-ID: several, where one was forged."""
    same = t.exchange.c.message_id == indexable(identity.normal_id(message_id))
    return _exchanges(tx, _query().where(same).order_by(t.exchange.c.id))


def history(
    tx: Tx,
    *,
    third_party: ThirdPartyId | None = None,
    contact: ContactId | None = None,
    user: UserId | None = None,
    text: str | None = None,
    before: tuple[datetime, ExchangeId] | None = None,
    limit: int = 50,
) -> tuple[Exchange, ...]:
    """Exchanges, newest first. `before` is time and id of the last one of the page before, so
    that what is recorded meanwhile moves no page."""
    row = t.exchange.c
    query = _query().order_by(row.happened_at.desc(), row.id.desc()).limit(limit)
    query = query.where(row.status != WITHDRAWN)
    for table, column, wanted in (
        (t.exchange_party, t.exchange_party.c.third_party_id, third_party),
        (t.exchange_contact, t.exchange_contact.c.contact_id, contact),
        (t.exchange_user, t.exchange_user.c.user_id, user),
    ):
        if wanted is not None:
            query = query.where(row.id.in_(sa.select(table.c.exchange_id).where(column == wanted)))
    if text is not None:
        query = query.where(search.exchanges_with(tx, text))
    if before is not None:
        at, last = before
        earlier = sa.or_(row.happened_at < at, sa.and_(row.happened_at == at, row.id < last))
        query = query.where(earlier)
    return _exchanges(tx, query)


def in_order(tx: Tx, ids: Iterable[ExchangeId]) -> tuple[Exchange, ...]:
    """These exchanges, in this order, as far as they are there."""
    wanted = list(ids)
    found: dict[ExchangeId, Exchange] = {}
    for some in chunks(wanted):
        rows = tx.execute(_by_ids(tx.dialect.name), with_ids(tx, some)).all()
        found |= {one.id: one for one in _read(tx, rows)}
    return tuple(found[one] for one in wanted if one in found)


def related(tx: Tx, exchange: Exchange, limit: int = 1000) -> tuple[Exchange, ...]:
    """What happened since an exchange in its thread or with its third parties, oldest first."""
    row, party = t.exchange.c, t.exchange_party.c
    theirs = sa.select(party.exchange_id).where(party.third_party_id.in_(exchange.third_parties))
    same: sa.ColumnElement[bool] = row.id.in_(theirs)
    if exchange.thread is not None:
        same = sa.or_(same, row.thread == exchange.thread)
    since = sa.and_(same, row.happened_at >= exchange.happened_at, row.id != exchange.id)
    since = sa.and_(since, row.status != WITHDRAWN)
    return _exchanges(tx, _query().where(since).order_by(row.happened_at, row.id).limit(limit))


def threads(tx: Tx, message_ids: Iterable[str]) -> dict[str, tuple[ThirdPartyId, ...]]:
    """Whose thread each of these Message-IDs belongs to, as far as it was captured: the third
    parties of the message itself and of those that answer it. Unknown ones are left out."""
    asked: dict[str, list[str]] = {}
    for message_id in message_ids:
        asked.setdefault(indexable(identity.normal_id(message_id)), []).append(message_id)
    found: dict[str, set[int]] = {}
    party, parent = t.exchange_party, t.exchange_parent
    for some in chunks(asked):
        itself = (
            sa.select(t.exchange.c.message_id, party.c.third_party_id)
            .join(party)
            .where(t.exchange.c.message_id.in_(some))
        )
        answers = (
            sa.select(parent.c.message_id, party.c.third_party_id)
            .join(party, party.c.exchange_id == parent.c.exchange_id)
            .where(parent.c.message_id.in_(some))
        )
        for message_id, third_party in tx.execute(itself.union(answers)):
            for name in asked[message_id]:
                found.setdefault(name, set()).add(third_party)
    return {k: tuple(ThirdPartyId(p) for p in sorted(v)) for k, v in found.items()}


def parties_by_reference(tx: Tx, references: Iterable[str]) -> dict[str, ThirdPartyId]:
    """Whom references are about, of exchanges (`EXC-12`) and of linked elements (`PR2303-0107`);
    letter case doesn't count. One that several third parties share is left out."""
    asked = {ref.upper() for ref in references}
    numbers = {int(r[4:]) for r in asked if r.startswith("EXC-") and r[4:].isdecimal()}
    party, linked = t.exchange_party, t.exchange_element
    found: dict[str, set[int]] = {}
    for some in chunks(n for n in numbers if n < 2**63):
        query = (
            sa.select(t.exchange.c.number, party.c.third_party_id)
            .join(party)
            .where(t.exchange.c.number.in_(some))
        )
        for number, third_party in tx.execute(query):
            found.setdefault(f"EXC-{number}", set()).add(third_party)
    owned = [ref for ref in asked if ref.startswith("EXC-") and ref.count("-") > 1]
    for some in chunks(owned):
        query = (
            sa.select(t.exchange.c.own_ref, party.c.third_party_id)
            .join(party)
            .where(t.exchange.c.own_ref.in_(some))
        )
        for ref, third_party in tx.execute(query):
            found.setdefault(ref, set()).add(third_party)
    for some in chunks(asked):
        query = (
            sa.select(t.element.c.ref, party.c.third_party_id)
            .join(linked, linked.c.element_id == t.element.c.id)
            .join(party, party.c.exchange_id == linked.c.exchange_id)
            .where(sa.func.upper(t.element.c.ref).in_(some))
        )
        for ref, third_party in tx.execute(query):
            found.setdefault(ref.upper(), set()).add(third_party)
    return {ref: ThirdPartyId(*of) for ref, of in found.items() if len(of) == 1}


def sightings(tx: Tx, exchange: ExchangeId) -> tuple[Seen, ...]:
    """Every copy of it that was seen."""
    c = t.sighting.c
    rows = tx.execute(sa.select(t.sighting).where(c.exchange_id == exchange).order_by(c.id))
    return tuple(
        Seen(
            exchange=exchange,
            spot=spots.read(r),
            place=r.place_name,
            role=r.role,
            owner=None if r.owner_id is None else UserId(r.owner_id),
            direction=Direction(r.direction),
            level=Level(r.level),
            seen_at=r.seen_at,
        )
        for r in rows
    )


def last_captured(tx: Tx) -> datetime | None:
    """When something was last captured, whatever its own time."""
    copies = t.sighting.c
    query = sa.select(copies.seen_at).order_by(copies.id.desc()).limit(1)
    seen: datetime | None = tx.execute(query).scalar()
    return seen


def captured(tx: Tx, folder: FolderId, uidvalidity: int, lo: int, hi: int) -> frozenset[int]:
    """The UIDs lo…hi of a folder that were seen as a copy of an exchange."""
    c = t.sighting.c
    here = sa.and_(c.folder_id == folder, c.uidvalidity == uidvalidity, c.uid.between(lo, hi))
    return frozenset(tx.execute(sa.select(c.uid).where(here)).scalars())


def copies(tx: Tx, account: AccountId) -> dict[tuple[FolderId, int], int]:
    """How many copies were seen in each folder of an account, by folder and UIDVALIDITY."""
    c = t.sighting.c
    query = sa.select(c.folder_id, c.uidvalidity, sa.func.count()).where(
        c.account_id == account, c.folder_id.is_not(None)
    )
    rows = tx.execute(query.group_by(c.folder_id, c.uidvalidity))
    return {(FolderId(folder), uidvalidity): number for folder, uidvalidity, number in rows}


def attachments(tx: Tx, exchange: ExchangeId) -> tuple[str, ...]:
    """Names, types and sizes of what was attached."""
    c = t.exchange_attachment.c
    names = sa.select(c.name).where(c.exchange_id == exchange).order_by(c.position)
    return tuple(tx.execute(names).scalars())


def confidential(tx: Tx, exchange: ExchangeId) -> ConfidentialComment | None:
    """The confidential comment; ask `rules.access` first."""
    c, group = t.confidential_comment.c, t.confidential_group.c
    row = tx.execute(sa.select(t.confidential_comment).where(c.exchange_id == exchange)).first()
    if row is None:
        return None
    shared = tx.execute(sa.select(group.group_id).where(group.exchange_id == exchange)).scalars()
    groups = frozenset(GroupId(g) for g in shared)
    author = None if row.author_id is None else UserId(row.author_id)
    return ConfidentialComment(row.text, author, groups, row.revision, row.html)


def _one(tx: Tx, which: sa.ColumnElement[bool]) -> Exchange | None:
    return next(iter(_exchanges(tx, _query().where(which))), None)


def _query() -> sa.Select[Any]:
    mode, purpose = list_item.alias("mode"), list_item.alias("purpose")
    row = t.exchange
    return (
        sa.select(row, mode.c.code.label("mode"), purpose.c.code.label("purpose"))
        .join(mode, mode.c.id == row.c.mode_id)
        .outerjoin(purpose, purpose.c.id == row.c.purpose_id)
    )


def _exchanges(tx: Tx, query: sa.Select[Any]) -> tuple[Exchange, ...]:
    return _read(tx, tx.execute(query).all())


def _read(tx: Tx, rows: Sequence[sa.Row[Any]]) -> tuple[Exchange, ...]:
    sent = [r.id for r in rows if r.direction == Direction.OUTBOUND]
    hung = _Hung(tx, [r.id for r in rows], sent)
    return tuple(_exchange(r, hung) for r in rows)


class _Hung:
    """What hangs on these exchanges, of which we sent some: three queries at most, however many
    exchanges there are."""

    def __init__(self, tx: Tx, ids: list[int], sent: list[int]) -> None:
        self._rows: dict[tuple[str, int], list[tuple[Any, Any]]] = defaultdict(list)
        self.elements: dict[int, list[Any]] = defaultdict(list)
        self.undelivered: dict[int, list[Any]] = defaultdict(list)
        plain, linked, returned = _hung(tx.dialect.name)
        for some in chunks(ids):
            these = with_ids(tx, some)
            found = tx.execute(plain, these).all()
            for table, exchange, _, number, name in sorted(found, key=lambda r: (r[2], r[4] or "")):
                self._rows[table, exchange].append((number, name))
            for exchange, *rest in tx.execute(linked, these):
                self.elements[exchange].append(tuple(rest))
        for some in chunks(sent):
            for exchange, *rest in tx.execute(returned, with_ids(tx, some)):
                self.undelivered[exchange].append(tuple(rest))

    def numbers(self, table: sa.Table, exchange: int) -> list[int]:
        """The ids that an exchange has in a table, in its order."""
        return [number for number, _ in self._rows.get((table.name, exchange), ())]

    def names(self, table: sa.Table, exchange: int) -> list[str]:
        """The codes or words that it has there."""
        return [name for _, name in self._rows.get((table.name, exchange), ())]

    def roles(self, exchange: int) -> list[tuple[int, str]]:
        """Who takes part, and as what."""
        return self._rows.get((t.exchange_user.name, exchange), [])


@cache
def _hung(dialect: str) -> tuple[sa.Executable, sa.Select[Any], sa.Select[Any]]:
    """All that is a number or a word, as (table, exchange, position, number, word); the elements;
    and what came back."""
    none, nothing = sa.cast(sa.null(), sa.BigInteger), sa.cast(sa.null(), sa.Text)
    item = t.exchange_product.c.item_id
    code = sa.select(list_item.c.code).where(list_item.c.id == item).scalar_subquery()
    unplaced: sa.ColumnElement[int] = sa.literal_column("0")
    plain = []
    for table, number, word in (
        (t.exchange_party, t.exchange_party.c.third_party_id, nothing),
        (t.exchange_contact, t.exchange_contact.c.contact_id, nothing),
        (t.exchange_user, t.exchange_user.c.user_id, t.exchange_user.c.role),
        (t.exchange_product, none, code),
        (t.exchange_tag, none, t.exchange_tag.c.tag),
    ):
        name: sa.ColumnElement[str] = sa.literal_column(f"'{table.name}'")
        place = table.c.get("position", unplaced)
        owner = table.c.exchange_id
        plain.append(sa.select(name, owner, place, number, word).where(given(dialect, owner)))
    owner, e = t.exchange_element.c.exchange_id, t.element.c
    linked = (
        sa.select(owner, e.type, e.ref, e.date, e.amount, e.state)
        .select_from(t.exchange_element.join(t.element))
        .where(given(dialect, owner))
        .order_by(t.exchange_element.c.position)
    )
    # What we sent, and what came back of it: a stranger's "bounce" of their own mail is none.
    row, back = t.exchange.c, t.exchange_undelivered.c
    returned = (
        sa.select(row.id, back.recipient, back.status)
        .join(t.exchange_undelivered, back.message_id == row.message_id)
        .where(given(dialect, row.id))
        .order_by(back.recipient, back.status)
    )
    return sa.union_all(*plain), linked, returned


@cache
def _by_ids(dialect: str) -> sa.Select[Any]:
    return _query().where(given(dialect, t.exchange.c.id))


def _exchange(r: Any, hung: _Hung) -> Exchange:
    roles: dict[str, list[UserId]] = {}
    for user, role in hung.roles(r.id):
        roles.setdefault(role, []).append(UserId(user))
    author = next(iter(roles.get(Role.AUTHOR, ())), None)
    return Exchange(
        id=ExchangeId(r.id),
        ref=references.of(r),
        entity=None if r.entity_id is None else EntityId(r.entity_id),
        third_parties=tuple(map(ThirdPartyId, hung.numbers(t.exchange_party, r.id))),
        contacts=tuple(map(ContactId, hung.numbers(t.exchange_contact, r.id))),
        direction=Direction(r.direction),
        mode=r.mode,
        happened_at=r.happened_at,
        recorded_at=r.recorded_at,
        source=Source(r.source),
        subject=r.subject,
        comment=r.comment,
        quoted_from=r.quoted_from,
        kind=None if r.kind is None else MailKind(r.kind),
        purpose=r.purpose,
        author=author,
        recorder=next(iter(roles.get(Role.RECORDER, ())), None),
        # An author is no helper too.
        collaborators=tuple(u for u in roles.get(Role.COLLABORATOR, ()) if u != author),
        mailbox_owners=tuple(roles.get(Role.MAILBOX_OWNER, ())),
        elements=tuple(LinkedElement(*e) for e in hung.elements[r.id]),
        products=tuple(hung.names(t.exchange_product, r.id)),
        project=r.project,
        status=r.status,
        thread=r.thread,
        level=Level(r.level),
        revision=r.revision,
        answers=r.answers,
        tags=tuple(hung.names(t.exchange_tag, r.id)),
        undelivered=tuple(dict.fromkeys(Undelivered(*one) for one in hung.undelivered[r.id])),
        html=r.html,
    )
