"""What happened in the ERP, as far as it was told: shown in histories between the exchanges."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import among, chunks
from daemon.store.tables.exchanges import element, external_event
from rules.model.people import ThirdPartyId


@dataclass(frozen=True, slots=True)
class ErpEvent:
    """`Proposition PR2303-0107 validée`; `external` is its id in that `system`, `element` the
    reference of what it is about."""

    id: int
    system: str
    external: str
    label: str
    at: datetime
    third_party: ThirdPartyId | None = None
    element: str | None = None


def several(tx: Tx, ids: Iterable[int]) -> dict[int, ErpEvent]:
    """Those of them that there are."""
    row = external_event.c
    query = sa.select(external_event, element.c.ref).outerjoin(
        element, element.c.id == row.element_id
    )
    return {
        r.id: ErpEvent(
            r.id,
            r.system,
            r.external,
            r.label,
            r.at,
            None if r.third_party_id is None else ThirdPartyId(r.third_party_id),
            r.ref,
        )
        for some in chunks(ids)
        for r in tx.execute(query.where(among(tx, row.id, some)))
    }
