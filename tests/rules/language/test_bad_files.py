"""Every mistake of the files in `bad/` is told at once, at its line and column, in both languages.

In those files `‸` stands before each place where a problem must be told, as often as there are
problems there; the messages follow under `=== en` and `=== fr`.
"""

from pathlib import Path

import pytest

from daemon.i18n import translator
from rules.language import read, say
from rules.language.messages import MESSAGES
from tests.rules.language.known import KNOWN

BAD = sorted((Path(__file__).parent / "bad").glob("*.txt"))

# What no file in `bad/` can hold, or what takes too large a one: see test_bounds.py.
ELSEWHERE = {
    "too-large",
    "not-utf8",
    "too-many-nodes",
    "too-many-rules",
    "too-many-examples",
    "too-many-problems",
    "too-long-text",
    "too-many-items",
}


def parts(path: Path) -> dict[str, str]:
    """The rules files and messages of one case, by name."""
    first, *rest = path.read_text(encoding="utf-8").split("=== ")
    found = {"10.yaml": first}
    for part in rest:
        name, _, text = part.partition("\n")
        found[name] = text
    return found


def places(name: str, text: str) -> tuple[str, list[str]]:
    """The text without its signs, and the place before which each stood."""
    found: list[str] = []
    clean = ""
    for character in text:
        if character == "‸":
            before = clean.split("\n")
            found.append(f"{name}:{len(before)}:{len(before[-1]) + 1}")
        else:
            clean += character
    return clean, found


def test_there_are_forty_and_more() -> None:
    assert len(BAD) >= 40


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_each_mistake_is_told_at_its_place(path: Path) -> None:
    case = parts(path)
    wanted = {language: case.pop(language).splitlines() for language in ("en", "fr")}
    files: list[tuple[str, str]] = []
    where: list[str] = []
    for name, text in case.items():
        clean, found = places(name, text)
        files.append((name, clean))
        where += found
    problems = read(files, KNOWN).problems
    for language, messages in wanted.items():
        told = [say(problem, translator(language)) for problem in problems]
        assert told == [f"{at}: {text}" for at, text in zip(where, messages, strict=True)]


def test_bytes_say_the_same_as_text() -> None:
    for path in BAD:
        clean, _ = places("10.yaml", parts(path)["10.yaml"])
        assert read([("a", clean.encode())], KNOWN) == read([("a", clean)], KNOWN)


def test_each_message_is_shown_by_a_bad_file() -> None:
    """…or is about a bound: a message that nothing yields would be dead."""
    shown = set()
    for path in BAD:
        case = parts(path)
        files = [(n, places(n, t)[0]) for n, t in case.items() if n not in ("en", "fr")]
        shown |= {problem.code for problem in read(files, KNOWN).problems}
    assert set(MESSAGES) - shown == ELSEWHERE
