"""Exchanges: the one door to recording and reading them."""

from daemon.store.classified import put_confidential
from daemon.store.exchange_batch import record_all
from daemon.store.exchange_edit import EDITABLE, came_back, edit, write_confidential
from daemon.store.exchange_read import (
    Seen,
    attachments,
    by_ref,
    captured,
    confidential,
    copies,
    find,
    get,
    history,
    in_order,
    last_captured,
    parties_by_reference,
    related,
    sightings,
    threads,
    with_message_id,
)
from daemon.store.exchange_write import (
    Recorded,
    add,
    buried,
    delete,
    dig_up,
    lock,
    record,
    restrict,
)
from daemon.store.threads import message_id_of

__all__ = [
    "EDITABLE",
    "Recorded",
    "Seen",
    "add",
    "attachments",
    "buried",
    "by_ref",
    "came_back",
    "captured",
    "confidential",
    "copies",
    "delete",
    "dig_up",
    "edit",
    "find",
    "get",
    "history",
    "in_order",
    "last_captured",
    "lock",
    "message_id_of",
    "parties_by_reference",
    "put_confidential",
    "record",
    "record_all",
    "related",
    "restrict",
    "sightings",
    "threads",
    "with_message_id",
    "write_confidential",
]
