"""The two tables define everything: each word has an example that parses, the manual and the JSON
Schema on disk are what the tables yield, and the schema agrees with the parser.
"""

import json
from pathlib import Path

import pytest

from rules.language import read, say
from rules.language.actions import ACTIONS
from rules.language.conditions import CONDITIONS, NO_REPLY
from rules.language.manual import manual
from rules.language.messages import MESSAGES
from rules.language.schema import schema

REFERENCE = Path(__file__).parents[3] / "docs/reference"


def rule(when: str, then: str) -> str:
    return f"version: 1\nrules:\n- name: it\n  when: {{{when}}}\n  then: {{{then}}}\n"


@pytest.mark.parametrize("word", CONDITIONS)
def test_the_example_of_each_condition_parses(word: str) -> None:
    example = CONDITIONS[word].example
    assert example.startswith(f"{word}: ")
    then = "open_follow_up: +1 day" if word == NO_REPLY else "purpose: other"
    loaded = read([("a.yaml", rule(example, then))])
    assert [say(problem) for problem in loaded.problems] == []
    assert len(loaded.rules) == 1


@pytest.mark.parametrize("word", ACTIONS)
def test_the_example_of_each_action_parses(word: str) -> None:
    example = ACTIONS[word].example
    assert example.startswith(f"{word}: ")
    loaded = read([("a.yaml", rule("subject: x", example))])
    assert [say(problem) for problem in loaded.problems] == []
    assert len(loaded.rules) == 1


@pytest.mark.parametrize("word", [*CONDITIONS, *ACTIONS])
def test_each_word_is_documented(word: str) -> None:
    entry = CONDITIONS.get(word) or ACTIONS[word]
    assert entry.help.endswith(".")
    assert f"| `{word}` |" in manual()
    assert entry.example in manual()


def test_the_manual_on_disk_is_what_the_tables_yield() -> None:
    """`./run docs` writes it."""
    assert (REFERENCE / "rules.md").read_text() == manual()


def test_the_example_in_the_manual_is_a_good_rules_file() -> None:
    text = manual().split("```yaml\n")[1].split("```")[0]
    assert [say(problem) for problem in read([("a.yaml", text)]).problems] == []


def test_the_schema_on_disk_is_what_the_tables_yield() -> None:
    """`./run docs` writes it."""
    assert json.loads((REFERENCE / "rules.schema.json").read_text()) == schema()


def test_the_schema_names_every_word_and_no_other() -> None:
    definitions = schema()["definitions"]
    assert set(definitions["conditions"]["properties"]) == {*CONDITIONS, "all", "any", "not"}
    assert set(definitions["actions"]["properties"]) == set(ACTIONS)


def test_each_message_is_one_line_that_can_be_continued() -> None:
    assert [code for code, text in MESSAGES.items() if text.endswith(".") or "\n" in text] == []
