"""Every table of `schema.md`, by noun; importing this package fills `metadata`."""

from daemon.store.tables import exchanges, follow_ups, installation, logins, people, places
from daemon.store.tables.columns import metadata

__all__ = ["exchanges", "follow_ups", "installation", "logins", "metadata", "people", "places"]
