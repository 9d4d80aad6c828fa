"""The small company of the store's tests, on both databases."""

from tests.daemon.store.conftest import (
    now,
    postgres_server,
    postgres_url,
    sqlite_template,
    sqlite_url,
    store,
    url,
    world,
)

__all__ = [
    "now",
    "postgres_server",
    "postgres_url",
    "sqlite_template",
    "sqlite_url",
    "store",
    "url",
    "world",
]
