"""Ambiguities: participants whom several third parties claim, waiting for a person (spec §4)."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store import spots
from daemon.store.database import Tx
from daemon.store.rows import grouped, inserting
from daemon.store.tables import places
from rules.model.decisions import Ambiguous, By
from rules.model.people import ContactId, ThirdPartyId, UserId
from rules.model.sightings import FolderId, Sighting

table = places.ambiguity
c = table.c


@dataclass(frozen=True, slots=True)
class Question:
    """Which of the candidates is it? No address is kept: the message itself has it."""

    id: int
    spot: spots.Spot
    ambiguous: Ambiguous
    asked_at: datetime


def ask(tx: Tx, sighting: Sighting, ambiguous: Ambiguous, now: datetime) -> None:
    """Put it into the queue; asked twice of one copy, it is asked once."""
    ask_at(tx, spots.spot(sighting), ambiguous, now)


def ask_at(tx: Tx, where: spots.Spot, ambiguous: Ambiguous, now: datetime) -> None:
    """The same, about the copy at a place."""
    candidates = ",".join(str(p) for p in sorted(ambiguous.candidates))
    statement = (
        inserting(tx, table)
        .values(
            **spots.columns(where),
            by=ambiguous.by,
            candidates=f"{ambiguous.by}:{candidates}",
            asked_at=now,
        )
        .on_conflict_do_nothing(index_elements=[*spots.unique(where), "candidates"])
        .returning(c.id)
    )
    number = tx.execute(statement).scalar()
    if number is None:
        return
    parties = [{"ambiguity_id": number, "third_party_id": p} for p in set(ambiguous.candidates)]
    contacts = [{"ambiguity_id": number, "contact_id": k} for k in set(ambiguous.contacts)]
    for rows, into in ((parties, places.ambiguity_party), (contacts, places.ambiguity_contact)):
        if rows:
            tx.execute(sa.insert(into), rows)


def open_ones(tx: Tx) -> tuple[Question, ...]:
    """What waits for a person, oldest first."""
    rows = tx.execute(sa.select(table).where(c.resolved_at.is_(None)).order_by(c.id)).all()
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
        )
        for r in rows
    )


def asked(tx: Tx, folder: FolderId, uidvalidity: int, lo: int, hi: int) -> frozenset[int]:
    """The UIDs lo…hi of a folder about which a person is asked, or was."""
    here = sa.and_(c.folder_id == folder, c.uidvalidity == uidvalidity, c.uid.between(lo, hi))
    return frozenset(tx.execute(sa.select(c.uid).where(here)).scalars())


def drop(tx: Tx, question: int) -> None:
    """It is not asked any more, for rules say whom it is about."""
    tx.execute(sa.delete(table).where(c.id == question))


def resolve(tx: Tx, question: int, by: UserId, chosen: ThirdPartyId | None, now: datetime) -> None:
    """A person decided; None: it is none of them."""
    tx.execute(
        sa.update(table)
        .where(c.id == question)
        .values(resolved_at=now, resolved_by_id=by, chosen_id=chosen)
    )
