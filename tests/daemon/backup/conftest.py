"""The store's databases and small company, to be backed up."""

from tests.daemon.store.conftest import (
    empty_url,
    postgres_server,
    postgres_url,
    sqlite_template,
    sqlite_url,
    store,
    url,
    world,
)

__all__ = [
    "empty_url",
    "postgres_server",
    "postgres_url",
    "sqlite_template",
    "sqlite_url",
    "store",
    "url",
    "world",
]
