"""Rules files with something wrong in them: what a slip of the hand, an editor or an enemy does."""

import random
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rules.language.actions import ACTIONS
from rules.language.conditions import CONDITIONS
from rules.language.samples import EVENT, MAIL

ROOT = Path(__file__).parents[3]

WORDS = [*CONDITIONS, *ACTIONS, *MAIL, *EVENT, "all", "any", "not", "when", "then", "examples"]
VALUES = [
    *("", "~", "true", "no", "{}", "[]", "[[]]", "{a: b}", "-1", "1e999", "0x10", "12:30", "<<"),
    *("'", '"', "|", ">", "%", "@", "`", "&a x", "*a", "!!binary x", "? x", "--- x", "\t", "\r\n"),
    *("\x00", "\x1b", "\u202e", "\ufeff", "\ud800", "\U0001f600", "e\u0301" * 40, "é", "İ", "ß"),
    *("+3 working days at 09:00", "over 5 MB", "under 0", "2 to 1", "9" * 400, "+" + "9" * 9 + "w"),
    *(
        "{regex: '(a+)+$'}",
        "{regex: '(?=x)'}",
        "{glob: '*'}",
        "{exact: true}",
        "'{subject}'",
        "'{'",
    ),
    *("any", "always", "none", "[any, x]", "{user: any}", "'@'", "a@b.c", "x" * 5000, "[" * 40),
]


def seeds() -> list[str]:
    """Good files and bad ones to begin with."""
    good = [path.read_text("utf-8") for path in sorted(ROOT.glob("rules/examples/*/*.yaml"))]
    bad = Path(__file__).parent / "bad"
    cases = [path.read_text("utf-8").split("=== ")[0] for path in sorted(bad.glob("*.txt"))]
    # As often as bad ones, though they are few: what is still good has its examples tried.
    return good * 5 + [case.replace("‸", "") for case in cases]


def mutant(chance: random.Random, texts: list[str]) -> str | bytes:
    """One of the texts, changed in one to six places: half of them as text, half as a tree, which
    stays well-formed YAML and so comes as far as what reads the words."""
    text = chance.choice(texts)
    if chance.random() < 0.5 and (tree := _tree(text)) is not None:
        for _ in range(chance.choice((1, 1, 2, 3, 6))):
            tree = _graft(chance, tree, texts)
        return str(yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        text = chance.choice(_CHANGES)(chance, text, texts)
    if chance.random() < 0.2:
        data = bytearray(text.encode("utf-8", "surrogatepass"))
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
        return bytes(data)
    return text


def _line(chance: random.Random, text: str) -> tuple[list[str], int]:
    lines = text.split("\n")
    return lines, chance.randrange(len(lines))


def _cut(chance: random.Random, text: str, _texts: list[str]) -> str:
    start = chance.randint(0, len(text))
    return text[:start] + text[start + chance.randint(0, 20) :]


def _put(chance: random.Random, text: str, _texts: list[str]) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(VALUES + WORDS) + text[at:]


def _value(chance: random.Random, text: str, _texts: list[str]) -> str:
    """Another value behind a colon."""
    lines, i = _line(chance, text)
    key, colon, _ = lines[i].partition(": ")
    lines[i] = f"{key}{colon}{chance.choice(VALUES)}" if colon else lines[i]
    return "\n".join(lines)


def _word(chance: random.Random, text: str, _texts: list[str]) -> str:
    """Another word before a colon."""
    lines, i = _line(chance, text)
    key, colon, rest = lines[i].partition(":")
    blanks = len(key) - len(key.lstrip(" -"))
    lines[i] = f"{key[:blanks]}{chance.choice(WORDS)}{colon}{rest}"
    return "\n".join(lines)


def _move(chance: random.Random, text: str, _texts: list[str]) -> str:
    """A line that stands elsewhere, twice, or deeper."""
    lines, i = _line(chance, text)
    line = lines.pop(i) if chance.random() < 0.5 else lines[i]
    lines.insert(chance.randint(0, len(lines)), " " * chance.randint(0, 3) + line)
    return "\n".join(lines)


def _join(chance: random.Random, text: str, texts: list[str]) -> str:
    """The start of one file and the end of another."""
    other = chance.choice(texts)
    return text[: chance.randint(0, len(text))] + other[chance.randint(0, len(other)) :]


def _swap(chance: random.Random, text: str, _texts: list[str]) -> str:
    if len(text) < 2:
        return text
    i = chance.randrange(len(text) - 1)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


_CHANGES = (_cut, _put, _value, _value, _word, _word, _move, _join, _swap)


# --- trees -------------------------------------------------------------------------------------


@cache
def _tree(text: str) -> Any:
    """The file as lists, mappings and texts; None where it is no such thing."""
    try:
        tree = yaml.load(text, Loader=yaml.CBaseLoader)
    except yaml.YAMLError:
        return None
    return tree if isinstance(tree, dict) else None


def _graft(chance: random.Random, tree: Any, texts: list[str]) -> Any:
    """The tree with one of its branches changed; the original stays as it is."""
    if chance.random() < 0.15 or not tree or not isinstance(tree, dict | list):
        return _branch(chance, texts)
    if isinstance(tree, list):
        i = chance.randrange(len(tree))
        change = chance.random()
        if change < 0.1:
            return [*tree, tree[i]]
        if change < 0.2:
            return tree[:i] + tree[i + 1 :]
        return [*tree[:i], _graft(chance, tree[i], texts), *tree[i + 1 :]]
    name = chance.choice(list(tree))
    change = chance.random()
    if change < 0.1:
        return {k: v for k, v in tree.items() if k != name}
    if change < 0.2:
        return {chance.choice(WORDS) if k == name else k: v for k, v in tree.items()}
    if change < 0.3:
        return {**tree, chance.choice(WORDS): _branch(chance, texts)}
    return {**tree, name: _graft(chance, tree[name], texts)}


def _branch(chance: random.Random, texts: list[str]) -> Any:
    """A value, or a branch of another tree."""
    tree = _tree(chance.choice(texts)) if chance.random() < 0.5 else None
    if tree is None:
        value = chance.choice(VALUES).encode("utf-8", "replace").decode()
        return chance.choice((value, [value], {chance.choice(WORDS): value}, value))
    while isinstance(tree, dict | list) and tree and chance.random() < 0.85:
        tree = chance.choice(list(tree.values()) if isinstance(tree, dict) else tree)
    return tree
