"""What is wrong, and what of it the admin was told; and how much mail arrives on which day."""

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import inserting
from daemon.store.tables.installation import alarm as table
from daemon.store.tables.installation import api_token, installation
from daemon.store.tables.places import arrival, folder
from rules.alarms import Key, Row
from rules.model.sightings import AccountId, FolderId, FolderRole

c = table.c


def lock(tx: Tx) -> None:
    """Nobody else plans mails about alarms before the commit: two daemons tell it once."""
    tx.execute(sa.select(installation.c.id).with_for_update())


def rows(tx: Tx) -> dict[Key, Row]:
    """All that is remembered."""
    return {
        (r.kind, r.subject): Row(r.since, r.told_at, r.closed_at, r.gone_at)
        for r in tx.execute(sa.select(table).order_by(c.kind, c.subject))
    }


def keep(tx: Tx, before: Mapping[Key, Row], after: Mapping[Key, Row]) -> None:
    """Remember these from now on, and no others."""
    for key in before.keys() - after.keys():
        tx.execute(sa.delete(table).where(c.kind == key[0], c.subject == key[1]))
    for (kind, subject), row in after.items():
        if before.get((kind, subject)) == row:
            continue
        facts = {
            "since": row.since,
            "told_at": row.told_at,
            "closed_at": row.closed_at,
            "gone_at": row.gone_at,
        }
        statement = inserting(tx, table).values(kind=kind, subject=subject, **facts)
        tx.execute(statement.on_conflict_do_update(index_elements=["kind", "subject"], set_=facts))


def arrived(tx: Tx, where: FolderId, day: date, messages: int) -> None:
    """A folder was looked at on a day, and so many messages were new in it; none is told too."""
    statement = inserting(tx, arrival).values(folder_id=where, day=day, messages=messages)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["folder_id", "day"],
            set_={"messages": arrival.c.messages + messages},
        )
    )


def arrivals(tx: Tx, since: date) -> dict[AccountId, dict[date, int]]:
    """How many messages arrived in the inboxes of each account, on each day that they were looked
    at. What staff send is no arrival."""
    query = (
        sa.select(folder.c.account_id, arrival.c.day, sa.func.sum(arrival.c.messages))
        .join_from(arrival, folder)
        .where(arrival.c.day >= since, folder.c.role == FolderRole.INBOX)
        .group_by(folder.c.account_id, arrival.c.day)
    )
    found: dict[AccountId, dict[date, int]] = {}
    for account, day, messages in tx.execute(query):
        found.setdefault(AccountId(account), {})[day] = int(messages)
    return found


def forget_arrivals(tx: Tx, before: date) -> None:
    """Of older days nothing is asked any more."""
    tx.execute(sa.delete(arrival).where(arrival.c.day < before))


def expiring_tokens(tx: Tx, now: datetime, until: datetime) -> tuple[tuple[str, datetime], ...]:
    """API tokens that are in use and end by then: name and end."""
    in_use = sa.and_(api_token.c.revoked_at.is_(None), api_token.c.expires_at > now)
    query = sa.select(api_token.c.name, api_token.c.expires_at).where(
        in_use, api_token.c.expires_at <= until
    )
    return tuple((r.name, r.expires_at) for r in tx.execute(query.order_by(api_token.c.name)))
