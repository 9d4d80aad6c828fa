"""The starter set in English and in French: the same rules, with the texts of the language."""

from dataclasses import replace
from pathlib import Path

import pytest

from rules.language import read, say
from rules.language.desk import Desk
from rules.language.nodes import nodes
from rules.language.parse import rules_of
from rules.language.samples import Example, examples_of
from rules.language.schema import FILE_NAME
from rules.model.rules import Action, AddTags, Known, OpenFollowUp, OpenWhenNoReply, Plan, Rule

EXAMPLES = Path(__file__).parents[3] / "rules/examples"
LANGUAGES = ("en", "fr")


def files(language: str) -> list[tuple[str, str]]:
    return [(p.name, p.read_text("utf-8")) for p in sorted((EXAMPLES / language).iterdir())]


def examples(language: str) -> dict[str, tuple[Example, ...]]:
    """The examples of each rule, by its name."""
    found: dict[str, tuple[Example, ...]] = {}
    for name, text in files(language):
        desk = Desk(name)
        root, _ = nodes(name, text)
        found |= {it.name: examples_of(it.examples, desk) for it in rules_of(root, desk)}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_set_is_good_and_its_examples_hold(language: str) -> None:
    loaded = read(files(language))
    assert [say(problem) for problem in loaded.problems] == []
    assert len(loaded.rules) >= 15


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_names_nobody_that_a_new_installation_lacks(language: str) -> None:
    nothing: frozenset[str] = frozenset()
    known = Known(
        users=nothing,
        groups=nothing,
        modes=None,  # those that come with the store: tests/daemon/cli/test_rules.py
        purposes=None,
        products=nothing,
        third_parties=nothing,
        templates=nothing,
        accounts=nothing,
        calendars=nothing,
    )
    assert read(files(language), known).problems == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_rule_shows_what_it_is_for_and_what_not(language: str) -> None:
    for name, shown in examples(language).items():
        assert {example.fires for example in shown} == {True, False}, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_file_tells_editors_of_the_schema(language: str) -> None:
    for _, text in files(language):
        assert text.startswith(f"# yaml-language-server: $schema={FILE_NAME}\n#\n# ")


def test_both_languages_have_the_same_rules() -> None:
    english, french = (read(files(language)).rules for language in LANGUAGES)
    assert [without_texts(rule) for rule in english] == [without_texts(rule) for rule in french]
    assert [len(it) for it in examples("en").values()] == [
        len(it) for it in examples("fr").values()
    ]


def test_both_languages_have_the_same_files() -> None:
    english, french = ([name[:3] for name, _ in files(language)] for language in LANGUAGES)
    assert english == french
    assert len(english) == len(set(english))


def without_texts(rule: Rule) -> tuple[object, ...]:
    """All of a rule but its name and the words of its language."""
    return rule.when, tuple(map(_bare, rule.then)), rule.stop, rule.phase, rule.place.file[:3]


def _bare(action: Action) -> object:
    if isinstance(action, AddTags):
        return len(action.tags)
    if isinstance(action, OpenFollowUp | OpenWhenNoReply):
        return replace(action, plan=_plan(action.plan))
    return action


def _plan(plan: Plan) -> Plan:
    # What a title names is part of what the rule does.
    names = [name for name in ("{subject}", "{third_party}", "{contact}") if name in plan.title]
    return replace(plan, title=" ".join(names), description="")
