"""Ambiguities: participants whom several third parties claim, waiting for a person (spec §4)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store import spots
from daemon.store.database import Tx
from daemon.store.rows import chunks, grouped, new_id
from daemon.store.tables import places
from rules.model.decisions import Ambiguous, By, Settled
from rules.model.people import ContactId, ThirdPartyId, UserId
from rules.model.sightings import CalendarId, FolderId, Sighting

table = places.ambiguity
c = table.c


@dataclass(frozen=True, slots=True)
class Answer:
    """It is `chosen`, or with None nobody of them; `remember`: so is all of that address, which is
    still to be noted. `by` None: whoever runs suivi."""

    chosen: ThirdPartyId | None
    remember: bool
    by: UserId | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """Which of the candidates is it? No address is kept: the message itself has it."""

    id: int
    spot: spots.Spot
    ambiguous: Ambiguous
    asked_at: datetime
    key_hash: str | None = None
    answer: Answer | None = None


def ask(
    tx: Tx, sighting: Sighting, ambiguous: Ambiguous, now: datetime, mark: str | None = None
) -> None:
    """Put it into the queue; asked twice of one copy, it is asked once. `mark` is the keyed hash
    by which copies of the message are known."""
    ask_at(tx, spots.spot(sighting), ambiguous, now, mark)


def ask_at(
    tx: Tx, where: spots.Spot, ambiguous: Ambiguous, now: datetime, mark: str | None = None
) -> None:
    """The same, about the copy at a place."""
    named = name(ambiguous.by, ambiguous.candidates)
    places_ = [*spots.unique(where), "candidates"]
    this = [
        c[column] == value for column, value in spots.columns(where).items() if column in places_
    ]
    known = tx.execute(sa.select(c.id, c.key_hash).where(*this, c.candidates == named)).first()
    if known is not None:
        if mark is not None and known.key_hash != mark:
            tx.execute(sa.update(table).where(c.id == known.id).values(key_hash=mark))
        return
    number = new_id(
        tx,
        table,
        **spots.columns(where),
        key_hash=mark,
        by=ambiguous.by,
        candidates=named,
        asked_at=now,
        remember=False,
    )
    parties = [{"ambiguity_id": number, "third_party_id": p} for p in set(ambiguous.candidates)]
    contacts = [{"ambiguity_id": number, "contact_id": k} for k in set(ambiguous.contacts)]
    for rows, into in ((parties, places.ambiguity_party), (contacts, places.ambiguity_contact)):
        if rows:
            tx.execute(sa.insert(into), rows)


def name(by: By, candidates: Iterable[ThirdPartyId]) -> str:
    """By which two questions are the same one."""
    return f"{by}:{','.join(str(p) for p in sorted(candidates))}"


def open_ones(tx: Tx, after: int = 0, limit: int | None = None) -> tuple[Question, ...]:
    """What waits for a person, oldest first; those after a number, so many."""
    query = sa.select(table).where(c.resolved_at.is_(None), c.id > after).order_by(c.id)
    return _questions(tx, tx.execute(query.limit(limit)).all())


def get(tx: Tx, question: int) -> Question | None:
    """One question, decided or not."""
    rows = tx.execute(sa.select(table).where(c.id == question)).all()
    return next(iter(_questions(tx, rows)), None)


def _questions(tx: Tx, rows: Sequence[Any]) -> tuple[Question, ...]:
    ids = [r.id for r in rows]
    party, contact = places.ambiguity_party.c, places.ambiguity_contact.c
    claiming = sa.select(party.ambiguity_id, party.third_party_id).order_by(party.third_party_id)
    parties = grouped(tx, claiming, party.ambiguity_id, ids)
    named = sa.select(contact.ambiguity_id, contact.contact_id).order_by(contact.contact_id)
    contacts = grouped(tx, named, contact.ambiguity_id, ids)
    return tuple(
        Question(
            r.id,
            spots.read(r),
            Ambiguous(
                tuple(map(ThirdPartyId, parties[r.id])),
                tuple(map(ContactId, contacts[r.id])),
                By(r.by),
            ),
            r.asked_at,
            key_hash=r.key_hash,
            answer=None if r.resolved_at is None else _answer(r),
        )
        for r in rows
    )


def _answer(r: Any) -> Answer:
    return Answer(
        chosen=None if r.chosen_id is None else ThirdPartyId(r.chosen_id),
        remember=r.remember,
        by=None if r.resolved_by_id is None else UserId(r.resolved_by_id),
        at=r.resolved_at,
    )


def asked(tx: Tx, folder: FolderId, uidvalidity: int, lo: int, hi: int) -> frozenset[int]:
    """The UIDs lo…hi of a folder about which a person is asked, or was."""
    here = sa.and_(c.folder_id == folder, c.uidvalidity == uidvalidity, c.uid.between(lo, hi))
    return frozenset(tx.execute(sa.select(c.uid).where(here)).scalars())


def drop(tx: Tx, question: int) -> None:
    """It is not asked any more, for rules say whom it is about."""
    tx.execute(sa.delete(table).where(c.id == question))


def resolve(tx: Tx, question: Question, answer: Answer) -> tuple[spots.Spot, ...]:
    """A person decided, once for all copies of the message; where those are, that are to be judged
    again. What was decided before stays as it is."""
    same: sa.ColumnElement[bool] = c.id == question.id
    if question.key_hash is not None:
        named = name(question.ambiguous.by, question.ambiguous.candidates)
        same = sa.or_(same, sa.and_(c.key_hash == question.key_hash, c.candidates == named))
    rows = tx.execute(
        sa.update(table)
        .where(same, c.resolved_at.is_(None))
        .values(
            resolved_at=answer.at,
            resolved_by_id=answer.by,
            chosen_id=answer.chosen,
            remember=answer.remember,
        )
        .returning(table)
    )
    return tuple(spots.read(row) for row in rows)


def answers(tx: Tx, marks: Iterable[str]) -> dict[str, tuple[Settled, ...]]:
    """What was decided of these messages, by the keyed hash of each."""
    found: dict[str, list[Settled]] = {}
    for some in chunks(marks):
        decided = sa.and_(c.key_hash.in_(some), c.resolved_at.is_not(None))
        for r in tx.execute(sa.select(table).where(decided).order_by(c.id)):
            one = _answer(r)
            settled = Settled(_candidates(r.candidates), By(r.by), one.chosen, one.remember, one.by)
            found.setdefault(r.key_hash, []).append(settled)
    return {mark: tuple(those) for mark, those in found.items()}


def _candidates(named: str) -> tuple[ThirdPartyId, ...]:
    return tuple(ThirdPartyId(int(p)) for p in named.partition(":")[2].split(","))


def remembered(tx: Tx, mark: str) -> None:
    """What was to be remembered of the answers about this message is."""
    tx.execute(sa.update(table).where(c.key_hash == mark).values(remember=False))


def asked_still(
    tx: Tx,
    folder: FolderId,
    uidvalidity: int,
    span: tuple[int, int],
    asked: Collection[tuple[int, str]],
    unknown: Collection[int],
) -> None:
    """The UIDs of `span` were judged again, but for the `unknown` ones: of the open questions about
    them only these stay, by UID and `name`. The others have an answer: the directory changed."""
    here = sa.and_(c.folder_id == folder, c.uidvalidity == uidvalidity, c.uid.between(*span))
    rows = tx.execute(sa.select(c.id, c.uid, c.candidates).where(here, c.resolved_at.is_(None)))
    for r in rows.all():
        if r.uid not in unknown and (r.uid, r.candidates) not in asked:
            drop(tx, r.id)


def asked_still_of(
    tx: Tx, calendar: CalendarId, href: str, asked: Collection[tuple[str, str]]
) -> None:
    """The same of all occurrences in a calendar object, by RECURRENCE-ID."""
    here = sa.and_(c.calendar_id == calendar, c.href == href, c.resolved_at.is_(None))
    for r in tx.execute(sa.select(c.id, c.recurrence, c.candidates).where(here)).all():
        if (r.recurrence, r.candidates) not in asked:
            drop(tx, r.id)
