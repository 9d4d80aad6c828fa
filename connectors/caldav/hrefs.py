"""One spelling for each href: servers mix `@` and `%40`, absolute URLs and bare paths."""

from urllib.parse import quote, unquote_to_bytes, urlsplit

# pchar without the percent sign (RFC 3986 §3.3): what may stand bare in a path segment.
PCHAR = "-._~!$&'()*+,;=:@"


def canonical(href: str) -> str:
    """The path of `href` with every octet decoded that may stand bare, and no other.

    A slash that was encoded stays encoded, so that segments keep their borders.
    """
    path = urlsplit(href.strip()).path or "/"
    return "/".join(quote(unquote_to_bytes(segment), safe=PCHAR) for segment in path.split("/"))


def under(calendar: str, href: str) -> str:
    """The canonical href; a bare name means the object of that name in the calendar."""
    if href.startswith("/") or "://" in href:
        return canonical(href)
    return canonical(calendar).rstrip("/") + "/" + quote(unquote_to_bytes(href), safe=PCHAR)


def is_collection(href: str) -> bool:
    """Collections end in a slash (RFC 4918 §5.2); object resources do not."""
    return href.endswith("/")


class Spellings:
    """The hrefs as this server spells them, to ask for them in its own words.

    Most servers take any spelling; a few serve two collections under `@` and `%40`.
    """

    def __init__(self) -> None:
        self._served: dict[str, str] = {}

    def learn(self, served: str) -> str:
        """Note a collection's href as served; return its canonical form."""
        path = urlsplit(served.strip()).path or "/"
        known = canonical(path)
        if known != path:
            self._served[known] = path
        return known

    def ask(self, href: str) -> str:
        """How to ask for a canonical href: as the longest known collection above it is spelled."""
        best = max(
            (known for known in self._served if href.startswith(known)), key=len, default=None
        )
        if best is None:
            return href
        return self._served[best] + href[len(best) :]
