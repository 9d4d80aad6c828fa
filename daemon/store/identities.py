"""Whose an address is, where several third parties claim it and a person decided (spec §4):
listed, and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import count, inserting
from daemon.store.tables.people import identity_rule as table
from rules.model.people import AddressKey, ThirdPartyId, UserId

c = table.c


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """From then on this address is the third party's. `by` None: whoever runs suivi."""

    key: AddressKey
    third_party: ThirdPartyId
    by: UserId | None
    at: datetime


def put_identity(
    tx: Tx, key: AddressKey, party: ThirdPartyId, by: UserId | None, now: datetime
) -> None:
    """It is this third party's; said again, nothing changes."""
    known = tx.execute(sa.select(c.third_party_id).where(c.key == key)).scalar()
    if known == party:
        return
    facts = {"third_party_id": party, "by_id": by, "at": now}
    statement = inserting(tx, table).values(key=key, **facts)
    tx.execute(statement.on_conflict_do_update(index_elements=["key"], set_=facts))
    count(tx, "directory")


def drop_identity(tx: Tx, key: AddressKey) -> bool:
    """It is decided no more; False when it was not."""
    gone = tx.execute(sa.delete(table).where(c.key == key).returning(c.key)).first()
    if gone is not None:
        count(tx, "directory")
    return gone is not None


def identities(tx: Tx) -> Mapping[AddressKey, ThirdPartyId]:
    """Every address of which it is decided."""
    return {one.key: one.third_party for one in identity_rules(tx)}


def identity_rules(tx: Tx) -> tuple[IdentityRule, ...]:
    """The same with who decided, by address."""
    return tuple(
        IdentityRule(
            AddressKey(r.key),
            ThirdPartyId(r.third_party_id),
            None if r.by_id is None else UserId(r.by_id),
            r.at,
        )
        for r in tx.execute(sa.select(table).order_by(c.key))
    )
