"""The store: what suivi remembers. SQL stays in here; values of `rules.model` come out.

`open_store(url)` gives a Store; its transactions are handed to the functions of the modules,
one module a noun.
"""

from daemon.store.accounts import Lease
from daemon.store.database import Store, Tx, alone, shown
from daemon.store.errors import (
    ClaimLost,
    LeaseLost,
    Stale,
    StaleDirectory,
    StoreError,
    Unavailable,
    UnknownCode,
    Unstorable,
)
from daemon.store.versions import open_store, upgrade

__all__ = [
    "ClaimLost",
    "Lease",
    "LeaseLost",
    "Stale",
    "StaleDirectory",
    "Store",
    "StoreError",
    "Tx",
    "Unavailable",
    "UnknownCode",
    "Unstorable",
    "alone",
    "open_store",
    "shown",
    "upgrade",
]
