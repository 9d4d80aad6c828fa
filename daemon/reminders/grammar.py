"""What a template may contain: text, variables of the table, `if`, `for` over its lists.

Jinja2's sandbox keeps a template from reading what it should not; this keeps it small. There is no
way to write what grows without bound: no assignment, macro, import, range, repetition or call, and
no loop stands in another, so that whatever passes ends soon, whoever wrote it.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, nodes

from daemon.i18n import mark
from daemon.reminders.vocabulary import GROUP, LIST

SOURCE_MOST = 65_536
LOOPS_DEEP = 1
CONST_MOST = 1_000
PARTS_MOST = 50
FILTERS = frozenset({"capitalize", "e", "escape", "first", "last", "length", "lower", "title",
                     "trim", "truncate", "upper", "wordwrap"})  # fmt: skip
TESTS = frozenset({"defined", "none", "eq", "equalto", "ne"})
CALLS = frozenset({"_", "gettext"})
# What the phrases of the catalogue hold; a width or a precision could be a billion.
_PLACEHOLDER = re.compile(r"%(?!\([a-z_]+\)s|%)")

TOO_LONG = mark("longer than {most} characters")
SYNTAX = mark("not a template: {what}")
TOO_DEEP = mark("nested too deep")
UNKNOWN = mark("unknown variable '{name}'")
UNKNOWN_NEAR = mark("unknown variable '{name}'; did you mean '{near}'?")
NOT_ALLOWED = mark("'{what}' can't be used in a template")
NO_FILTER = mark("there is no filter '{name}' here; there are: {known}")
NOT_A_LIST = mark("'{name}' is not a list: a loop needs one")
LOOPS = mark("a loop in a loop")
NOT_A_TEXT = mark("'{name}' can't be written as it is: write what is in it")
PERCENT = mark("'%' in a phrase stands before a name: %(name)s")
TOO_BIG = mark("'{what}' is too big")


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake in a template: the line, from 1 (0: the file as a whole), and what is wrong, an
    English phrase of the catalogue with its values."""

    line: int
    phrase: str
    values: Mapping[str, object]

    def said(self, translate: Callable[[str], str]) -> str:
        """In somebody's language."""
        return translate(self.phrase).format(**self.values)


def check(environment: Environment, source: str, kinds: Mapping[str, str]) -> tuple[Fault, ...]:
    """Every mistake of a template, by line; `kinds` are the variables it may use."""
    if len(source) > SOURCE_MOST:
        return (Fault(0, TOO_LONG, {"most": SOURCE_MOST}),)
    try:
        tree = environment.parse(source)
        environment.compile(source)
    except TemplateSyntaxError as error:
        return (Fault(error.lineno, SYNTAX, {"what": error.message or ""}),)
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError):
        return (Fault(0, TOO_DEEP, {}),)
    try:
        faults = list(_Walk(kinds).all(tree, {}, 0))
    except RecursionError:
        return (Fault(0, TOO_DEEP, {}),)
    unique = {(f.line, f.phrase, str(f.values)): f for f in faults}
    return tuple(sorted(unique.values(), key=lambda f: (f.line, f.phrase, str(f.values))))


def _fault(node: nodes.Node, phrase: str, **values: object) -> Fault:
    return Fault(node.lineno, phrase, values)


Scope = Mapping[str, str]
"""Names of loops, each with the path of what it goes through: `phone` → `contact.phones[]`."""


class _Walk:
    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds

    def all(self, node: nodes.Node, scope: Scope, deep: int) -> Iterator[Fault]:
        for child in node.iter_child_nodes():
            yield from self.one(child, scope, deep)

    def one(self, node: nodes.Node, scope: Scope, deep: int) -> Iterator[Fault]:
        match node:
            case nodes.For():
                yield from self._loop(node, scope, deep)
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                yield from self._path(node, scope)
            case nodes.Call():
                yield from self._call(node, scope, deep)
            case nodes.Output():
                yield from self._output(node, scope, deep)
            case nodes.Const():
                yield from self._const(node)
            case nodes.Filter():
                if node.name not in FILTERS:
                    known = ", ".join(sorted(FILTERS))
                    yield _fault(node, NO_FILTER, name=node.name, known=known)
                yield from self.all(node, scope, deep)
            case nodes.Test() if node.name not in TESTS:
                yield _fault(node, NOT_ALLOWED, what=f"is {node.name}")
            case nodes.Concat() if len(node.nodes) > PARTS_MOST:
                yield _fault(node, TOO_BIG, what="~")
            case _ if type(node) in _PLAIN:
                yield from self.all(node, scope, deep)
            case _:
                yield _fault(node, NOT_ALLOWED, what=type(node).__name__.lower())

    def _loop(self, node: nodes.For, scope: Scope, deep: int) -> Iterator[Fault]:
        if deep == LOOPS_DEEP:
            yield _fault(node, LOOPS)
            return
        path = _path_of(node.iter, scope)
        if path is None or not isinstance(node.target, nodes.Name) or node.recursive:
            yield _fault(node, NOT_ALLOWED, what="for")
            return
        if self._kinds.get(path) != LIST:
            unknown = path not in self._kinds
            yield self._unknown(node, path) if unknown else _fault(node, NOT_A_LIST, name=path)
            return
        inner = {**scope, node.target.name: f"{path}[]", "loop": "loop"}
        if node.test is not None:
            yield from self.one(node.test, inner, deep + 1)
        for child in node.body:
            yield from self.one(child, inner, deep + 1)
        for child in node.else_:
            yield from self.one(child, scope, deep)

    def _output(self, node: nodes.Output, scope: Scope, deep: int) -> Iterator[Fault]:
        for child in node.nodes:
            path = _path_of(child, scope)
            kind = self._kinds.get(path) if path is not None else None
            if kind in (GROUP, LIST):
                yield _fault(child, NOT_A_TEXT, name=path)
            else:
                yield from self.one(child, scope, deep)

    def _path(self, node: nodes.Node, scope: Scope) -> Iterator[Fault]:
        path = _path_of(node, scope)
        if path is None:
            yield _fault(node, NOT_ALLOWED, what="[]")
        elif path not in self._kinds and not self._is_one_of_groups(path):
            yield self._unknown(node, path)

    def _is_one_of_groups(self, path: str) -> bool:
        return path.endswith("[]") and any(name.startswith(f"{path}.") for name in self._kinds)

    def _unknown(self, node: nodes.Node, path: str) -> Fault:
        near = difflib.get_close_matches(path[:100], self._kinds, 1)
        if near:
            return _fault(node, UNKNOWN_NEAR, name=path[:100], near=near[0])
        return _fault(node, UNKNOWN, name=path[:100])

    def _call(self, node: nodes.Call, scope: Scope, deep: int) -> Iterator[Fault]:
        called = node.node.name if isinstance(node.node, nodes.Name) else "()"
        phrase = node.args[0] if len(node.args) == 1 else None
        fits = called in CALLS and isinstance(phrase, nodes.Const) and not node.dyn_args
        if not fits or node.dyn_kwargs or not isinstance(phrase, nodes.Const):
            yield _fault(node, NOT_ALLOWED, what=f"{called[:50]}()")
            return
        if not isinstance(phrase.value, str) or _PLACEHOLDER.search(phrase.value):
            yield _fault(node, PERCENT)
            return
        for keyword in node.kwargs:
            yield from self.one(keyword.value, scope, deep)

    def _const(self, node: nodes.Const) -> Iterator[Fault]:
        value = node.value
        if isinstance(value, str) and len(value) > CONST_MOST:
            yield _fault(node, TOO_BIG, what=value[:20])
        if isinstance(value, int | float) and not -CONST_MOST <= value <= CONST_MOST:
            yield _fault(node, TOO_BIG, what=str(value)[:20])


_PLAIN = frozenset({nodes.If, nodes.CondExpr, nodes.Not, nodes.And, nodes.Or, nodes.Compare,
                    nodes.Operand, nodes.Test, nodes.Concat, nodes.TemplateData,
                    nodes.Keyword})  # fmt: skip


def _path_of(node: nodes.Node, scope: Scope) -> str | None:
    """The name in the table that an expression speaks of; None when it is no name."""
    match node:
        case nodes.Name():
            return scope.get(node.name, node.name)
        case nodes.Getattr():
            before, name = _path_of(node.node, scope), node.attr
        case nodes.Getitem(arg=nodes.Const(value=str(written))):
            before, name = _path_of(node.node, scope), written
        case _:
            return None
    return None if before is None else f"{before}.{name}"
