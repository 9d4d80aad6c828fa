"""Follow-ups and their calendar copies: the one door to them."""

from daemon.store.follow_up_read import (
    Closing,
    FieldChange,
    by_key,
    by_uid,
    closings,
    coming,
    copies,
    copy,
    count_open,
    get,
    history,
    open_ones,
    planned,
    unplanned,
    unpublished,
    without_copy,
)
from daemon.store.follow_up_write import (
    SUIVI,
    change,
    close,
    open,  # noqa: A004  read as `follow_ups.open`
    put_copy,
    reopen,
)

__all__ = [
    "SUIVI",
    "Closing",
    "FieldChange",
    "by_key",
    "by_uid",
    "change",
    "close",
    "closings",
    "coming",
    "copies",
    "copy",
    "count_open",
    "get",
    "history",
    "open",
    "open_ones",
    "planned",
    "put_copy",
    "reopen",
    "unplanned",
    "unpublished",
    "without_copy",
]
