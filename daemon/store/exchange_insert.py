"""New exchanges as rows, many in few statements: one way for one message and for a batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store import classified, lists, references, spots
from daemon.store.database import Tx
from daemon.store.rows import count, insert_new
from daemon.store.tables import exchanges as t
from daemon.store.text import indexable, words
from rules import identity
from rules.model.exchanges import Draft, ExchangeId, ExchangeKey, Role
from rules.model.people import Level, UserId
from rules.model.sightings import Event, MailPlace, Sighting, Undelivered

Row = dict[str, Any]

# Reference lists of hostile mail have thousands; of a long thread both ends are kept.
_MOST_PARENTS = 100


@dataclass(frozen=True, slots=True)
class New:
    """An exchange that is not there yet, `draft` with no more in it than may be kept; `rules` are
    those that decided it."""

    draft: Draft
    thread: str | None
    rules: str | None = None


def insert(tx: Tx, news: Sequence[New], now: datetime) -> list[ExchangeId]:
    """Insert them with who takes part and what is attached; their ids, in this order. References
    follow one another. Raises UnknownCode, with nothing inserted, for a mode or purpose that no
    list has."""
    if not news:
        return []
    codes = _Codes(tx)
    rows = [_row(codes, new, now) for new in news]
    last = count(tx, "exchange", len(news))
    owned = references.own(tx, [new.draft.entity for new in news])
    for number, row in enumerate(rows, last - len(news) + 1):
        row["number"] = number
        row["own_ref"] = owned[number - last + len(news) - 1]
    made = tx.execute(_INSERT, rows)
    by_number = {number: ExchangeId(exchange) for exchange, number in made}
    ids = [by_number[row["number"]] for row in rows]
    each = [(exchange, new.draft) for exchange, new in zip(ids, news, strict=True)]
    insert_new(tx, t.exchange_parent, [*_parents(each)])
    insert_new(tx, t.exchange_attachment, [*_attachments(each)])
    insert_new(tx, t.exchange_undelivered, [*_undelivered(each)])
    for table, rows in _people(each).items():
        insert_new(tx, table, rows)
    add_addresses(tx, each)
    return ids


def add_addresses(tx: Tx, each: Iterable[tuple[ExchangeId, Draft]]) -> None:
    """By which addresses contacts take part."""
    rows = [
        _of(exchange, contact_id=contact, key=key)
        for exchange, draft in each
        for contact, key in draft.addresses
    ]
    insert_new(tx, t.exchange_address, rows)


def add_keys(tx: Tx, owned: Iterable[tuple[ExchangeId, Iterable[ExchangeKey]]]) -> None:
    """Let these keys, too, lead to their exchange."""
    rows = [
        _of(exchange, kind=key.kind, key=indexable(key.key))
        for exchange, keys in owned
        for key in keys
    ]
    insert_new(tx, t.exchange_key, rows)


def copy(
    exchange: ExchangeId, sighting: Sighting, draft: Draft, level: Level, now: datetime
) -> Row:
    """A copy of an exchange, as a row of `sighting`."""
    place = sighting.place
    return _of(
        exchange,
        **spots.columns(spots.spot(sighting)),
        place_name=place.name,
        role=place.role if isinstance(place, MailPlace) else "calendar",
        seen_at=now,
        said=classified.said(draft),
        direction=draft.direction,
        level=int(level),
        owner_id=sighting.owner,
        **_held(sighting, draft),
    )


def _held(sighting: Sighting, draft: Draft) -> Row:
    """What a copy of a meeting says of when it was."""
    if not isinstance(sighting.what, Event):
        return {}
    at = {"held_at": draft.happened_at, "sequence": sighting.what.sequence}
    return {**at, "gone": None}


def message_id(draft: Draft) -> str | None:
    """Its Message-ID as it is stored and looked for."""
    return indexable(identity.normal_id(draft.message_id)) if draft.message_id else None


def parents(draft: Draft) -> list[str]:
    """The Message-IDs that it answers, as they are stored and looked for."""
    ids = list(dict.fromkeys(indexable(identity.normal_id(p)) for p in draft.parents if p))
    half = _MOST_PARENTS // 2
    return ids if len(ids) <= _MOST_PARENTS else [*ids[:half], *ids[-half:]]


def roles(draft: Draft) -> list[tuple[Role, UserId]]:
    """The users who take part, each in its role."""
    single = (
        (Role.AUTHOR, draft.author),
        (Role.RECORDER, draft.recorder),
        (Role.MAILBOX_OWNER, draft.mailbox_owner),
    )
    return [
        *((role, user) for role, user in single if user is not None),
        *((Role.COLLABORATOR, user) for user in draft.collaborators),
    ]


def participants(
    draft: Draft, in_roles: Iterable[tuple[Role, UserId]]
) -> Mapping[sa.Table, list[Row]]:
    """Who takes part, as rows without exchange, its time, and position."""
    return {
        t.exchange_party: [{"third_party_id": p} for p in draft.third_parties],
        t.exchange_contact: [{"contact_id": c} for c in draft.contacts],
        t.exchange_user: [{"role": role, "user_id": user} for role, user in in_roles],
    }


_INSERT = sa.insert(t.exchange).returning(t.exchange.c.id, t.exchange.c.number)


class _Codes(dict[tuple[str, str], int]):
    """The rows of codes, each looked up once. Raises UnknownCode."""

    def __init__(self, tx: Tx) -> None:
        super().__init__()
        self._tx = tx

    def __missing__(self, code: tuple[str, str]) -> int:
        return self.setdefault(code, lists.item_id(self._tx, *code))


def _row(codes: _Codes, new: New, now: datetime) -> Row:
    draft = new.draft
    purpose = draft.purpose
    return {
        "entity_id": draft.entity,
        "direction": draft.direction,
        "mode_id": codes["mode", draft.mode],
        "purpose_id": None if purpose is None else codes["purpose", purpose],
        "happened_at": draft.happened_at,
        "recorded_at": now,
        "source": draft.source,
        "kind": draft.kind,
        "subject": draft.subject,
        "comment": draft.comment,
        "html": draft.html,
        "quoted_from": draft.quoted_from,
        "project": draft.project,
        "status": draft.status,
        "answers": draft.answers,
        "message_id": message_id(draft),
        "thread": new.thread,
        "level": int(draft.level),
        "revision": 1,
        "words": words(draft.subject, draft.comment, draft.project or ""),
        "rules": new.rules,
    }


def _of(exchange: ExchangeId, **values: Any) -> Row:
    return {"exchange_id": exchange, **values}


def _parents(each: Iterable[tuple[ExchangeId, Draft]]) -> Iterator[Row]:
    return (_of(exchange, message_id=p) for exchange, draft in each for p in parents(draft))


def _attachments(each: Iterable[tuple[ExchangeId, Draft]]) -> Iterator[Row]:
    for exchange, draft in each:
        for position, name in enumerate(draft.attachments):
            yield _of(exchange, position=position, name=name)


def _undelivered(each: Iterable[tuple[ExchangeId, Draft]]) -> Iterator[Row]:
    for exchange, draft in each:
        if draft.report is None:
            continue
        about = indexable(identity.normal_id(draft.report.about))
        # That it came back is known where nothing says whom it did not reach.
        for position, one in enumerate(draft.report.undelivered or (Undelivered(""),)):
            yield _of(
                exchange,
                position=position,
                message_id=about,
                recipient=one.recipient,
                status=one.status,
            )


def _people(each: Iterable[tuple[ExchangeId, Draft]]) -> Mapping[sa.Table, list[Row]]:
    found: dict[sa.Table, list[Row]] = {}
    for exchange, draft in each:
        for table, values in participants(draft, roles(draft)).items():
            at = draft.happened_at
            rows = (
                _of(exchange, happened_at=at, position=n, **one) for n, one in enumerate(values)
            )
            found.setdefault(table, []).extend(rows)
    return found
