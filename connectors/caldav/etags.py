"""Entity tags (RFC 9110 §8.8.3) as servers and the proxies in front of them write them."""

from urllib.parse import unquote


def clean(etag: str | None) -> str | None:
    """The tag as the origin made it: quoted, and without the suffix that a compressing proxy adds.

    Apache's mod_deflate turns `"abc"` into `"abc-gzip"`, and then no If-Match ever holds. Bedework
    writes the quotes of listed ones as %22.
    """
    if etag is None or not etag.strip():
        return None
    tag = etag.strip()
    if tag[:5].upper().removeprefix("W/").startswith("%22"):
        tag = unquote(tag)
    weak = tag[:2] in ("W/", "w/")
    if weak:
        tag = tag[2:]
    tag = tag.strip('"').removesuffix("-gzip").removesuffix(";gzip")
    return f'W/"{tag}"' if weak else f'"{tag}"'


def is_weak(etag: str) -> bool:
    """If-Match compares strongly (RFC 9110 §13.1.1): a weak tag never holds."""
    return etag.startswith("W/")


def same(one: str | None, other: str | None) -> bool:
    """Weak comparison (RFC 9110 §8.8.3.2)."""
    return one is not None and other is not None and _opaque(one) == _opaque(other)


def _opaque(etag: str) -> str:
    return (clean(etag) or "").removeprefix("W/")
