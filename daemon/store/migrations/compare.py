"""Which objects of a database the metadata describes."""


def ours(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """False for the search indexes: each database has its own, spelled out in the migration."""
    return not (kind in {"table", "index"} and "_search" in (name or ""))
