"""From bytes to nodes with places: the strict part of YAML that rules files are written in.

Nothing is typed here: `no`, `010` and `12:30` stay the texts that they are, and what reads a word
says what it expects. Anchors, aliases, tags, merge keys, directives, complex keys, repeated keys
and several documents are refused; so are control characters, and those that turn the direction
of writing, which make a text look like another (Unicode UTS #55). Size and depth are bounded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from rules.language.problems import Problem

LONGEST = 1 << 20
"""Octets (or characters) of a file."""

DEEPEST = 16
"""Lists and mappings inside one another. libyaml takes quadratic time for deep ones."""

MOST_NODES = 200_000
"""Nodes of a file."""

# C0 but tab, LF, CR; DEL and C1 but NEL; lone surrogates; bidi controls; a BOM; non-characters.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e"
    "\u2066-\u2069\ufeff\ufffe\uffff]"
)
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar. `plain`: written without quotes, so that an empty one is nothing at all."""

    value: str
    line: int
    column: int
    plain: bool = True


@dataclass(frozen=True, slots=True)
class List:
    """A sequence."""

    items: tuple["Node", ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping; keys are texts, each once, in the order of the file."""

    entries: tuple[tuple[Text, "Node"], ...]
    line: int
    column: int


Node = Text | List | Map


class Unreadable(Exception):
    """A file is no rules file at all; the problem says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def nodes(file: str, content: str | bytes) -> tuple[Node | None, tuple[Problem, ...]]:
    """The document of a file (None: it is empty), and what is wrong with its form.

    Where the form is broken the document is what could be read of the rest. Raises Unreadable
    when nothing can.
    """
    text = _text(file, content)
    builder = _Builder(file)
    try:
        root = builder.document(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax(file, text, error)) from error
    except yaml.YAMLError as error:
        raise Unreadable(Problem(file, 1, 1, "yaml", {"detail": str(error)})) from error
    return root, tuple(builder.problems)


def _text(file: str, content: str | bytes) -> str:
    """The characters of a file; a byte order mark at its start is nothing."""
    if len(content) > LONGEST:
        raise Unreadable(Problem(file, 1, 1, "too-large", {"most": f"{LONGEST >> 20} MB"}))
    text = _decoded(file, content) if isinstance(content, bytes) else content
    text = text.removeprefix("\ufeff")
    if bad := _FORBIDDEN.search(text):
        at = _position(text[: bad.start()])
        name = f"U+{ord(bad.group()):04X}"
        raise Unreadable(Problem(file, *at, "forbidden-character", {"character": name}))
    return text


def _decoded(file: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        raise Unreadable(Problem(file, *_position(before), "not-utf8")) from error


def _position(before: str) -> tuple[int, int]:
    """Line and column after `before`."""
    lines = _LINE_END.split(before)
    return len(lines), len(lines[-1]) + 1


def _syntax(file: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    if error.context_mark and "end of stream" in (error.problem or ""):
        # A quote is missed where it was opened, not at the end of all.
        mark = error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = _LINE_END.split(text)
    here = lines[line - 1] if line <= len(lines) else ""
    if "\t" in here[:column] and here[:column].isspace():
        return Problem(file, line, column, "tab")
    detail = " ".join(f"{error.context or ''} {error.problem or ''}".split())
    return Problem(file, line, column, "yaml", {"detail": detail})


class _Builder:
    """Builds one document from parser events, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.count = 0

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        """The first document; more than one is a problem."""
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if event.version or event.tags:
                    self._wrong(event, "directive")
                if documents > 1:
                    self._wrong(event, "documents")
                    break
                continue
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, events)
        return root

    def _node(self, first: yaml.NodeEvent, events: Iterator[yaml.Event]) -> Node:
        """The node that starts with `first`: open collections wait on a stack."""
        stack: list[tuple[yaml.Event, list[Node]]] = []
        event: yaml.Event = first
        while True:
            done: Node | None = None
            if isinstance(event, yaml.CollectionStartEvent):
                self._check(event)
                if len(stack) >= DEEPEST:
                    raise Unreadable(self._problem(event, "too-deep", DEEPEST))
                stack.append((event, []))
            elif isinstance(event, yaml.CollectionEndEvent):
                start, parts = stack.pop()
                done = self._collection(start, parts)
            else:
                done = self._scalar(event)
            if done is not None:
                if not stack:
                    return done
                stack[-1][1].append(done)
            event = next(events)

    def _scalar(self, event: yaml.Event) -> Text:
        self._check(event)
        if not isinstance(event, yaml.ScalarEvent):
            return Text("", *_at(event))
        return Text(event.value, *_at(event), plain=event.style in (None, ""))

    def _collection(self, start: yaml.Event, parts: list[Node]) -> Node:
        line, column = _at(start)
        if isinstance(start, yaml.SequenceStartEvent):
            return List(tuple(parts), line, column)
        entries: list[tuple[Text, Node]] = []
        seen: set[str] = set()
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            if not isinstance(key, Text):
                self.problems.append(Problem(self.file, key.line, key.column, "complex-key"))
            elif key.value == "<<" and key.plain:
                self.problems.append(Problem(self.file, key.line, key.column, "merge-key"))
            elif key.value in seen:
                given = {"word": key.value}
                self.problems.append(Problem(self.file, key.line, key.column, "repeated", given))
            else:
                seen.add(key.value)
                entries.append((key, value))
        return Map(tuple(entries), line, column)

    def _check(self, event: yaml.Event) -> None:
        """Counts a node, and refuses what YAML can hang on it."""
        self.count += 1
        if self.count > MOST_NODES:
            raise Unreadable(self._problem(event, "too-many-nodes", MOST_NODES))
        if isinstance(event, yaml.AliasEvent):
            self._wrong(event, "alias")
            return
        if getattr(event, "anchor", None) is not None:
            self._wrong(event, "anchor")
        if getattr(event, "tag", None) is not None:
            self._wrong(event, "tag")

    def _wrong(self, event: yaml.Event, code: str) -> None:
        self.problems.append(Problem(self.file, *_at(event), code))

    def _problem(self, event: yaml.Event, code: str, most: int) -> Problem:
        return Problem(self.file, *_at(event), code, {"most": str(most)})


def _at(event: yaml.Event) -> tuple[int, int]:
    """Line and column of an event, from 1."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
