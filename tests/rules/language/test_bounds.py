"""Files that are too large, too deep, too many, or no text at all: told, and never read whole."""

import time

import pytest

from rules.language import MOST_EXAMPLES, MOST_RULES, Known, Loaded, Severity, read, say
from rules.language.desk import MOST_PROBLEMS
from rules.language.nodes import LONGEST, MOST_NODES

RULE = "- name: r{}\n  when: {{subject: x{}}}\n  then: {{tags: x}}\n"


def told(text: str | bytes) -> list[str]:
    return [say(problem) for problem in read([("a.yaml", text)]).problems]


def many(number: int, rule: str = RULE) -> str:
    return "version: 1\nrules:\n" + "".join(rule.format(i, i) for i in range(number))


def test_a_file_that_is_too_large() -> None:
    assert told("#" * (LONGEST + 1)) == ["a.yaml:1:1: the file is larger than 1 MB"]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"version: 1\nrules: \xff\n", "2:8"),
        (b"# \xc3\xa9t\xc3\xa9 \xc3", "1:7"),
        (b"\xff\xfev\x00e\x00r\x00", "1:1"),
        (b"# \xed\xa0\x80 lone surrogate", "1:3"),
    ],
)
def test_what_is_not_utf8_is_told_where_it_stands(content: bytes, place: str) -> None:
    assert told(content) == [f"a.yaml:{place}: this is not UTF-8 text"]


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x1b", "\x7f", "\x9b", "\u200f", "\u202e", "\u2066", "\ud800", "\ufeff", "\uffff"],
)
def test_characters_that_hide_or_turn_text_are_refused(character: str) -> None:
    (line,) = told(f"version: 1\n# é {character}")
    code = f"U+{ord(character):04X}"
    assert line == f"a.yaml:2:5: the character {code} may not stand in a rules file"


@pytest.mark.parametrize("text", ["[" * 500_000, "{a: " * 250_000, "- " * 500_000, "? " * 500_000])
def test_depth_takes_no_time(text: str) -> None:
    """libyaml takes quadratic time for deep flow collections: they are left in time."""
    start = time.monotonic()
    assert "lists and mappings inside one another" in told(text)[-1]
    assert time.monotonic() - start < 5


def test_too_many_values() -> None:
    (line,) = told("[" + "a," * (MOST_NODES + 1) + "]")
    assert line.endswith(f"more than {MOST_NODES} values in one file")


def test_too_many_rules() -> None:
    files = [(f"{i}.yaml", many(1000).replace("name: r", f"name: {i}-")) for i in range(6)]
    problems = [p for p in read(files).problems if p.code == "too-many-rules"]
    assert [(p.file, p.line) for p in problems] == [("5.yaml", 3)]
    assert MOST_RULES == 5000


def test_too_many_examples() -> None:
    example = RULE + "  examples: [" + "mail: {{}}, " * 50 + "]\n"
    (problem,) = read([("a.yaml", many(MOST_EXAMPLES // 50 + 1, example))]).problems
    assert problem.code == "too-many-examples"


def test_too_many_problems_are_counted_no_further() -> None:
    loaded = read([("a.yaml", many(300, "- nam{}: x{}\n"))])
    assert len(loaded.problems) == MOST_PROBLEMS + 1
    assert say(loaded.problems[-1]).endswith(f"these are the first {MOST_PROBLEMS}")


def test_errors_are_told_before_warnings_where_not_all_are() -> None:
    odd = "- name: {}\n  when: {{class: private, subject: x{}}}\n  then: {{tags: x}}\n"
    text = many(300, odd) + "- nam: x\n"
    loaded = read([("a.yaml", text)])
    assert not loaded.is_good
    assert {p.severity for p in loaded.problems} == set(Severity)


@pytest.mark.parametrize(
    "when",
    [
        "subject: " + "x" * 4001,
        "subject: [" + "x, " * 1001 + "]",
        "text: {regex: '(x{1000}){1000}'}",
    ],
)
def test_arguments_are_bounded(when: str) -> None:
    (line,) = told(f"version: 1\nrules:\n- name: it\n  when: {{{when}}}\n  then: {{tags: x}}\n")
    assert line.startswith("a.yaml:4:")
    assert len(line) < 300


def test_a_pattern_that_needs_too_much_memory_is_refused() -> None:
    pattern = "|".join(f"(?:\\pL{{{i}}}){{9}}" for i in range(50, 99))
    (line,) = told(
        f"version: 1\nrules:\n- name: it\n  when: {{text: {{regex: '{pattern}'}}}}\n"
        "  then: {tags: x}\n"
    )
    assert "is wrong: pattern too large" in line


def test_what_a_message_quotes_is_harmless() -> None:
    (line,) = [
        line
        for line in told('version: 1\nrules:\n- name: "it\\e[31m\\n\\u202e"\n  when: always\n')
        if "a name is" in line
    ]
    assert line.isprintable()


def test_a_name_among_a_hundred_thousand_is_found_soon() -> None:
    known = Known(third_parties=frozenset(f"CUST{i:06}" for i in range(100_000)))
    rules = many(90, "- name: r{}\n  when: {{third_party: CUTS0000{:02}}}\n  then: {{tags: x}}\n")
    start = time.monotonic()
    loaded = read([("a.yaml", rules)], known)
    assert time.monotonic() - start < 5
    assert [problem.near for problem in loaded.problems] == [f"CUST{i:06}" for i in range(90)]


def test_a_thousand_rules_are_read_soon() -> None:
    """The figure is `./run bench decide`'s; here only that nothing is quadratic."""
    start = time.monotonic()
    loaded: Loaded = read([("a.yaml", many(1000))])
    assert time.monotonic() - start < 5
    assert len(loaded.rules) == 1000
