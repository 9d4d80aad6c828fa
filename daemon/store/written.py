"""What is written and has not left must not tell what may not be told any more."""

from datetime import datetime

import sqlalchemy as sa

from daemon.store import post
from daemon.store.database import Tx
from daemon.store.tables.columns import Moment
from daemon.store.tables.exchanges import exchange_party
from daemon.store.tables.follow_ups import follow_up
from daemon.store.tables.follow_ups import ledger as table
from rules.model.exchanges import ExchangeId
from rules.model.followups import LedgerState
from rules.model.reasons import Why

c = table.c

_BEGUN = (LedgerState.CLAIMED, LedgerState.SENDING, LedgerState.UNKNOWN, LedgerState.RETRY)


def write_anew(tx: Tx, exchange: ExchangeId, now: datetime) -> None:
    """Before less may be told of this exchange: what is written already of its follow-ups, or of
    its third parties', is written again before it leaves; a notice that tells of it does not.

    What is with the server at this moment can't be called back. Of what may have arrived a second
    copy can come that says less: it has the same Message-ID.
    """
    theirs = sa.select(exchange_party.c.third_party_id).where(
        exchange_party.c.exchange_id == exchange
    )
    tells = sa.or_(follow_up.c.exchange_id == exchange, follow_up.c.third_party_id.in_(theirs))
    # What is being written just now, too: its bytes are of before.
    these = sa.and_(
        c.follow_up_id.in_(sa.select(follow_up.c.id).where(tells)),
        c.state.in_(_BEGUN),
    )
    mine = sa.select(follow_up.c.id).where(follow_up.c.exchange_id == exchange)
    told = frozenset(tx.execute(mine).scalars())
    post.withhold(tx, told, exchange, Why.LESS_TOLD)
    claimed = c.state == LedgerState.CLAIMED.value
    again = sa.case(
        (sa.and_(claimed, c.handed_over), LedgerState.UNKNOWN.value),
        (claimed, LedgerState.DUE.value),
        else_=c.state,
    )
    tx.execute(
        sa.update(table)
        .where(these)
        .values(
            mail=None,
            state=again,
            next_try_at=sa.case((claimed, sa.literal(now, Moment)), else_=c.next_try_at),
            claimed_by=sa.case((claimed, None), else_=c.claimed_by),
            claimed_until=sa.case((claimed, None), else_=c.claimed_until),
        )
    )
