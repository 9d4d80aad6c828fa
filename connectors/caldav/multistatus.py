"""Multi-status answers and the bodies that ask for them (RFC 4918 §13–14), nothing more."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

DAV: Final = "{DAV:}"
CALDAV: Final = "{urn:ietf:params:xml:ns:caldav}"
CALENDARSERVER: Final = "{http://calendarserver.org/ns/}"


class NotMultistatus(Exception):
    """The body is not the XML that was agreed on."""


@dataclass(frozen=True, slots=True)
class Row:
    """One response element: `status` of the resource itself, properties that were found (200), and
    the names of those that this user may not see (403)."""

    href: str
    status: int
    found: Mapping[str, Element] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()

    def text(self, name: str) -> str | None:
        """The text of a property, None where it is absent or empty."""
        element = self.found.get(name)
        return None if element is None else element.text or None


@dataclass(frozen=True, slots=True)
class Multistatus:
    """All rows, and the sync-token of a sync-collection report (RFC 6578 §6.4)."""

    rows: tuple[Row, ...]
    sync_token: str | None = None


def parse(body: bytes) -> Multistatus:
    """Read a multi-status body. Entities are not resolved and nothing is fetched."""
    root = _root(body)
    if root.tag != DAV + "multistatus":
        raise NotMultistatus("the answer is not a DAV multistatus")
    token = root.findtext(DAV + "sync-token")
    rows = tuple(_row(element) for element in root.iterfind(DAV + "response"))
    return Multistatus(rows, token.strip() if token and token.strip() else None)


def rows(pieces: Iterable[bytes]) -> Iterator[Row]:
    """The rows of a multi-status body as its pieces arrive; each is forgotten once it is given.

    Raises NotMultistatus as soon as the body turns out to be none, or to be cut short.
    """
    tree = _Rows()
    parser = ElementTree.XMLParser(target=tree)  # noqa: S314  no document type, no entities
    try:
        for piece in pieces:
            parser.feed(piece)
            yield from map(_row, tree.taken())
        root = parser.close()
    except (ElementTree.ParseError, ValueError) as error:
        raise NotMultistatus("the answer is not XML") from error
    if root.tag != DAV + "multistatus":
        raise NotMultistatus("the answer is not a DAV multistatus")
    yield from map(_row, tree.taken())


def propfind(*names: str) -> bytes:
    """A PROPFIND body that asks for the named properties (RFC 4918 §14.20)."""
    root = Element(DAV + "propfind")
    prop = SubElement(root, DAV + "prop")
    for name in names:
        SubElement(prop, name)
    return serialise(root)


def serialise(root: Element) -> bytes:
    """The document in UTF-8 with its XML declaration, which some servers insist on."""
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def hrefs(parent: Element | None) -> tuple[str, ...]:
    """The texts of the href children."""
    if parent is None:
        return ()
    found: Iterable[str | None] = (child.text for child in parent.iterfind(DAV + "href"))
    return tuple(text.strip() for text in found if text and text.strip())


class _NoDoctype(ElementTree.TreeBuilder):
    """Builds the tree, and refuses a document type before it can declare an entity."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise NotMultistatus("the answer declares a document type")


class _Rows(_NoDoctype):
    """Hands out each response element that is complete, and keeps none of them."""

    def __init__(self) -> None:
        super().__init__()
        self._root: Element | None = None
        self._complete: list[Element] = []

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        element = super().start(tag, attrs)
        if self._root is None:
            self._root = element
        return element

    def end(self, tag: str) -> Element:
        element = super().end(tag)
        if tag == DAV + "response":
            self._complete.append(element)
        return element

    def taken(self) -> list[Element]:
        """What has become complete since it was asked last."""
        complete, self._complete = self._complete, []
        if complete and self._root is not None:
            for element in complete:
                self._root.remove(element)
        return complete


def _root(body: bytes) -> Element:
    parser = ElementTree.XMLParser(target=_NoDoctype())  # noqa: S314  no document type, no entities
    try:
        parser.feed(body)
        return parser.close()
    except (ElementTree.ParseError, ValueError) as error:
        raise NotMultistatus("the answer is not XML") from error


def _row(response: Element) -> Row:
    own = response.find(DAV + "status")
    found: dict[str, Element] = {}
    forbidden: set[str] = set()
    answered = 200 if own is None else _code(own.text)
    for propstat in response.iterfind(DAV + "propstat"):
        code = _code(propstat.findtext(DAV + "status"))
        prop = propstat.find(DAV + "prop")
        if code == 200 and prop is not None:
            found.update((str(child.tag), child) for child in prop)
        elif code == 403 and prop is not None:
            forbidden.update(str(child.tag) for child in prop)
    href = (response.findtext(DAV + "href") or "").strip()
    return Row(href, answered, found, frozenset(forbidden))


def _code(status: str | None) -> int:
    """The number of `HTTP/1.1 404 Not Found`; 200 where a server leaves the line out."""
    words = (status or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 200
