"""A real calendar server behind a proxy that lies as some servers do (facts of many servers, one
lie at a time): `LIES` names each, with who does so.

with lying(server, LIES["no deletes"]) as proxy: ...
"""

import copy
import http.client
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from tests.servers.crooked import Asked, Crooked, Reply, crooked
from tests.servers.dav import DavServer

DAV: Final = "{DAV:}"
CAL: Final = "{urn:ietf:params:xml:ns:caldav}"
Forward = Callable[[Asked], Reply]
Lie = Callable[[Asked, Forward], Reply]


@dataclass(frozen=True, slots=True)
class Told:
    """One lie, new for each server, and who tells it. `unheard`: a change can pass unnoticed until
    the next full comparison; `busy`: not every request is served."""

    who: str
    lie: Callable[[], Lie]
    unheard: bool = False
    busy: bool = False


@contextmanager
def lying(server: DavServer, told: Told) -> Iterator[Crooked]:
    """The proxy, with all that it was asked."""
    lie = told.lie()
    with crooked(lambda asked: lie(asked, lambda it: _forward(server, it))) as proxy:
        yield proxy


def _forward(server: DavServer, asked: Asked) -> Reply:
    dropped = {"host", "connection", "content-length", "accept-encoding"}
    headers = {name: value for name, value in asked.headers.items() if name not in dropped}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(asked.method, asked.path, asked.body, headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    dropped = {"content-length", "connection", "transfer-encoding", "date", "server"}
    kept = {n.title(): v for n, v in answer.getheaders() if n.lower() not in dropped}
    return Reply(answer.status, body, {n.replace("Etag", "ETag"): v for n, v in kept.items()})


def _kind(asked: Asked) -> str:
    """sync, multiget, query, list (a PROPFIND of what is in a calendar), look or another method."""
    if asked.method == "REPORT":
        for word in ("sync-collection", "calendar-multiget", "calendar-query"):
            if word.encode() in asked.body:
                return word.rpartition("-")[2] if word != "sync-collection" else "sync"
    if asked.method == "PROPFIND":
        in_calendar = len(asked.path.strip("/").split("/")) > 1
        return "list" if in_calendar and asked.headers.get("depth") == "1" else "look"
    return asked.method


def _token(asked: Asked) -> str:
    found = re.search(rb"sync-token>([^<]*)<", asked.body)
    return found[1].decode() if found and _kind(asked) == "sync" else ""


Edit = Callable[[Asked, Element], None]


def _edited(*kinds: str) -> Callable[[Edit], Callable[[], Lie]]:
    """A lie in the multi-status answers to requests of these kinds."""

    def made(edit: Edit) -> Callable[[], Lie]:
        def lie(asked: Asked, forward: Forward) -> Reply:
            reply = forward(asked)
            if reply.status != 207 or _kind(asked) not in kinds:
                return reply
            root = ElementTree.fromstring(reply.body)
            edit(asked, root)
            return replace(reply, body=ElementTree.tostring(root, xml_declaration=True))

        return lambda: lie

    return made


def _rows(root: Element) -> list[tuple[str, Element]]:
    return [((e.findtext(DAV + "href") or ""), e) for e in root.findall(DAV + "response")]


def _members(root: Element) -> list[Element]:
    return [element for href, element in _rows(root) if href.endswith(".ics")]


def _told(root: Element, href: str, status: int | None = None, etag: str = "") -> None:
    response = SubElement(root, DAV + "response")
    SubElement(response, DAV + "href").text = href
    if status is not None:
        SubElement(response, DAV + "status").text = f"HTTP/1.1 {status} x"
        return
    propstat = SubElement(response, DAV + "propstat")
    SubElement(SubElement(propstat, DAV + "prop"), DAV + "getetag").text = etag
    SubElement(propstat, DAV + "status").text = "HTTP/1.1 200 OK"


def _refuses_tokens(status: int) -> Callable[[], Lie]:
    def lie(asked: Asked, forward: Forward) -> Reply:
        return Reply(status) if _token(asked) else forward(asked)

    return lambda: lie


@_edited("sync")
def _says_nothing_changed(asked: Asked, root: Element) -> None:
    if _token(asked):
        for _, element in _rows(root):
            root.remove(element)


@_edited("sync")
def _cuts(asked: Asked, root: Element) -> None:
    for element in _members(root)[2:]:
        root.remove(element)


@_edited("query")
def _cuts_queries(asked: Asked, root: Element) -> None:
    for element in _members(root)[2:]:
        root.remove(element)


@_edited("query")
def _answers_no_query(asked: Asked, root: Element) -> None:
    for element in _members(root):
        root.remove(element)


@_edited("sync")
def _tells_no_deletes(asked: Asked, root: Element) -> None:
    for _, element in _rows(root):
        if "404" in (element.findtext(DAV + "status") or ""):
            root.remove(element)


@_edited("sync", "list", "multiget", "query")
def _lists_twice(asked: Asked, root: Element) -> None:
    for element in _members(root):
        root.append(copy.deepcopy(element))


@_edited("sync")
def _changed_and_removed(asked: Asked, root: Element) -> None:
    for href, element in _rows(root):
        if "404" in (element.findtext(DAV + "status") or ""):
            _told(root, href, etag='"stale"')
        elif href.endswith(".ics"):
            _told(root, href, status=404)


@_edited("sync", "list", "query")
def _lists_itself(asked: Asked, root: Element) -> None:
    _told(root, asked.path.rstrip("/"), etag='"itself"')
    _told(root, asked.path, etag='"itself"')


@_edited("sync", "list")
def _lists_ghosts(asked: Asked, root: Element) -> None:
    for name in "xyz":
        _told(root, f"{asked.path}ghost-{name}.ics", etag=f'"{name}"')


@_edited("multiget", "query")
def _leaves_out_data(asked: Asked, root: Element) -> None:
    for number, element in enumerate(_members(root)):
        for prop in element.iter(DAV + "prop"):
            data = prop.find(CAL + "calendar-data")
            if data is not None and number % 2 == 0:
                prop.remove(data)


@dataclass(slots=True)
class _ChangesEachTime:
    """Tokens that move with every change of any calendar of the account, and so all the time."""

    number: int = 0

    def __call__(self, asked: Asked, forward: Forward) -> Reply:
        @_edited("look")
        def edit(_: Asked, root: Element) -> None:
            self.number += 1
            for element in root.iter():
                if element.tag.endswith(("getctag", "sync-token")) and element.text:
                    element.text += f"-{self.number}"

        return edit()(asked, forward)


def _strips(*names: str) -> Callable[[], Lie]:
    """Properties that are not there."""

    @_edited("look", "list", "sync", "multiget", "query")
    def edit(asked: Asked, root: Element) -> None:
        for parent in list(root.iter()):
            for child in list(parent):
                if parent is not root and child.tag.endswith(names):
                    parent.remove(child)

    def lie(asked: Asked, forward: Forward) -> Reply:
        reply = edit()(asked, forward)
        if "getetag" in names:
            reply = replace(reply, headers={n: v for n, v in reply.headers.items() if n != "ETag"})
        if "sync-token" in names and _kind(asked) == "sync":
            return Reply(501)
        return reply

    return lambda: lie


def _etags(
    shown: Callable[[str], str],
    *,
    in_headers: bool = True,
    in_bodies: bool = True,
    of_put: bool = True,
) -> Callable[[], Lie]:
    """Tags that are written in another way; a precondition holds only for the origin's own."""

    @_edited("list", "sync", "multiget", "query", "look")
    def edit(asked: Asked, root: Element) -> None:
        for element in root.iter(DAV + "getetag"):
            if element.text and in_bodies:
                element.text = shown(element.text)

    def lie(asked: Asked, forward: Forward) -> Reply:
        if asked.headers.get("if-match", "").startswith("W/"):
            return Reply(412)
        reply = edit()(asked, forward)
        tag = reply.headers.get("ETag")
        if tag and in_headers and (of_put or asked.method != "PUT"):
            return replace(reply, headers={**reply.headers, "ETag": shown(tag)})
        return reply

    return lambda: lie


def _ignores(*conditions: str) -> Callable[[], Lie]:
    def lie(asked: Asked, forward: Forward) -> Reply:
        kept = {n: v for n, v in asked.headers.items() if n not in conditions}
        return forward(replace(asked, headers=kept))

    return lambda: lie


def _applies_and_fails(asked: Asked, forward: Forward) -> Reply:
    reply = forward(asked)
    return Reply(500) if asked.method in ("PUT", "DELETE") and reply.status < 300 else reply


def _fails(*kinds: str) -> Callable[[], Lie]:
    def lie(asked: Asked, forward: Forward) -> Reply:
        return Reply(500) if _kind(asked) in kinds else forward(asked)

    return lambda: lie


@dataclass(slots=True)
class _Busy:
    """Every seventh request has to come again."""

    number: int = 0

    def __call__(self, asked: Asked, forward: Forward) -> Reply:
        self.number += 1
        if self.number % 7 == 0:
            return Reply(429 if self.number % 2 else 503, headers={"Retry-After": "1"})
        return forward(asked)


@dataclass(slots=True)
class _Pages:
    """Two members an answer, and a 507 for the collection while there are more (RFC 6578 §3.6)."""

    rest: dict[str, tuple[list[Element], str]] = field(default_factory=dict)

    def __call__(self, asked: Asked, forward: Forward) -> Reply:
        token = _token(asked)
        if token in self.rest:
            members, last = self.rest[token]
            root = Element(DAV + "multistatus")
            reply = Reply(207, headers={"Content-Type": "text/xml"})
        else:
            reply = forward(asked)
            if reply.status != 207 or _kind(asked) != "sync":
                return reply
            root = ElementTree.fromstring(reply.body)
            last = root.findtext(DAV + "sync-token") or ""
            members = [element for _, element in _rows(root)]
            for element in list(root):
                root.remove(element)
        for element in members[:2]:
            root.append(element)
        if members[2:]:
            _told(root, asked.path, status=507)
            next_one = f"http://page/{len(self.rest)}"
            self.rest[next_one] = (members[2:], last)
            last = next_one
        SubElement(root, DAV + "sync-token").text = last
        return replace(reply, body=ElementTree.tostring(root, xml_declaration=True))


@dataclass(slots=True)
class Moves:
    """The calendar `old` stands at `new` from when it is told to have moved (Zimbra)."""

    old: str
    new: str
    moved: bool = False

    def __call__(self, asked: Asked, forward: Forward) -> Reply:
        if not self.moved:
            return forward(asked)
        if asked.path.startswith(self.old):
            return Reply(404)
        there, here = self.new.encode(), self.old.encode()
        path = asked.path.replace(self.new, self.old)
        reply = forward(replace(asked, path=path, body=asked.body.replace(there, here)))
        return replace(reply, body=reply.body.replace(here, there))


LIES: Final = {
    "207 for a token that is none": Told(
        "SOGo, DAViCal, Stalwart, Synology, OX", _says_nothing_changed, unheard=True
    ),
    "500 for a bad token": Told("Xandikos", _refuses_tokens(500)),
    "412 for a bad token": Told("Xandikos", _refuses_tokens(412)),
    "403 for an expired token": Told("ownCloud, Radicale", _refuses_tokens(403)),
    "410 for an expired token": Told("Google", _refuses_tokens(410)),
    "507 for a token": Told("Nextcloud", _refuses_tokens(507)),
    "cut at a limit, token of all": Told("Nextcloud, Xandikos, Stalwart", _cuts, unheard=True),
    "pages": Told("Apple, Cyrus: RFC 6578 §3.6", _Pages),
    "no token at all": Told("GMX, Posteo, Robur", _strips("sync-token")),
    "neither token nor ctag": Told("Robur", _strips("sync-token", "getctag")),
    "tokens of the whole account": Told("Cyrus, Google", _ChangesEachTime),
    "deletes never reported": Told("Bedework", _tells_no_deletes, unheard=True),
    "changed and removed in one answer": Told("Cyrus", _changed_and_removed),
    "hrefs listed twice": Told("Zimbra, DavMail", _lists_twice),
    "the collection lists itself": Told("iCloud", _lists_itself),
    "listed members that are not there": Told("Zimbra", _lists_ghosts),
    "multiget without data": Told("SOGo", _leaves_out_data),
    "multiget and query fail": Told("Xandikos", _fails("multiget", "query")),
    "a query brings only some": Told("Nextcloud", _cuts_queries),
    "a query brings nothing": Told("SOGo", _answers_no_query),
    "busy": Told("Google, SOGo", _Busy, busy=True),
    "If-None-Match ignored": Told("Zimbra", _ignores("if-none-match")),
    "no condition heeded": Told("SOGo", _ignores("if-none-match", "if-match")),
    "applied, but answered 500": Told("Exchange", lambda: _applies_and_fails),
    "weak etags": Told("GMX", _etags(lambda tag: f"W/{tag}")),
    "weak etag on PUT alone": Told("GMX", _etags(lambda tag: f"W/{tag}", in_bodies=False)),
    "etags of a compressing proxy": Told(
        "Apache", _etags(lambda tag: tag[:-1] + '-gzip"', in_bodies=False)
    ),
    "percent-encoded etags": Told(
        "Bedework", _etags(lambda tag: tag.replace('"', "%22"), in_headers=False)
    ),
    "no etags": Told("Baikal, Robur", _strips("getetag")),
}
