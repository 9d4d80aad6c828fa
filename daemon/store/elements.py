"""Linked elements: quotes, orders, invoices, tickets, as the ERP last told (schema 11)."""

from daemon.store.database import Tx
from daemon.store.rows import inserting
from daemon.store.tables.exchanges import element as table
from rules.model.exchanges import LinkedElement


def put(tx: Tx, element: LinkedElement) -> int:
    """Its row; what was told before stays where a mail only mentions the reference."""
    told = {"date": element.date, "amount": element.amount, "state": element.state}
    statement = inserting(tx, table).values(type=element.type, ref=element.ref, **told)
    news = {k: v for k, v in told.items() if v is not None} or {"ref": element.ref}
    statement = statement.on_conflict_do_update(index_elements=["type", "ref"], set_=news)
    number: int = tx.execute(statement.returning(table.c.id)).scalar_one()
    return number
