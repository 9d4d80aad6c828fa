"""The recipes of docs/how-to/rules.md, in both languages: they are good, and what they claim is so
when the whole decision is made."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rules import adopt, decide, match
from rules.language import read, say
from rules.language.desk import Desk
from rules.language.nodes import nodes
from rules.language.parse import rules_of
from rules.language.samples import Example, examples_of
from rules.language.trial import facts_of
from rules.model.decisions import (
    AwaitReply,
    Decision,
    OpenFollowUp,
    Reason,
    RecordExchange,
)
from rules.model.exchanges import Draft
from rules.model.people import Directory, Group, Level, ThirdParty, ThirdPartyId
from rules.model.rules import Rule, Thing
from rules.model.sightings import Message
from rules.ruleset import RuleSet, sealed
from rules.words import fold

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
LANGUAGES = {"en": "rules.md", "fr": "rules.fr.md"}

_BLOCK = re.compile(r"^### (.+?)$.*?^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def recipes(language: str) -> list[tuple[str, str]]:
    """Titles and files."""
    return _BLOCK.findall((HOW_TO / LANGUAGES[language]).read_text("utf-8"))


def every() -> list[Any]:
    return [
        pytest.param(text, id=f"{language}: {title}")
        for language in LANGUAGES
        for title, text in recipes(language)
    ]


@pytest.mark.parametrize("text", every())
def test_a_recipe_is_good_and_its_examples_hold(text: str) -> None:
    loaded = read([("10.yaml", text)])
    assert [say(problem) for problem in loaded.problems] == []
    assert loaded.rules


@pytest.mark.parametrize("text", every())
def test_what_a_recipe_claims_is_what_is_decided(text: str) -> None:
    """The examples are tried against rules alone; here everything else decides along."""
    loaded = read([("10.yaml", text)])
    ruleset = sealed(RuleSet(rules=loaded.rules))
    claims = 0
    for example in examples(text):
        if not example.fires:
            continue
        made = decided(ruleset, example)
        for expected in example.gives:
            claims += 1
            got = frozenset(map(fold, CLAIMS[expected.word](made)))
            wanted = frozenset(map(fold, expected.values))
            assert got == wanted or (expected.some and got), (expected, made.trace)
    assert claims


def test_every_yaml_block_is_a_recipe() -> None:
    for language, name in LANGUAGES.items():
        blocks = (HOW_TO / name).read_text("utf-8").count("```yaml")
        assert len(recipes(language)) == blocks >= 12


def test_both_languages_have_the_same_recipes() -> None:
    shapes = [
        [
            [_shape(rule) for rule in read([("10.yaml", text)]).rules]
            for _, text in recipes(language)
        ]
        for language in LANGUAGES
    ]
    assert shapes[0] == shapes[1]
    counts = [[len(examples(text)) for _, text in recipes(language)] for language in LANGUAGES]
    assert counts[0] == counts[1]


def _rules(text: str) -> list[Any]:
    return [_shape(rule) for rule in read([("10.yaml", text)]).rules]


def examples(text: str) -> list[Example]:
    desk = Desk("10.yaml")
    root, _ = nodes("10.yaml", text)
    return [one for rule in rules_of(root, desk) for one in examples_of(rule.examples, desk)]


@dataclass(frozen=True)
class Made:
    """What was made of an example: the decision, or the sign that it is a follow-up."""

    decision: Decision
    directory: Directory
    sign: str | None = None

    @property
    def trace(self) -> object:
        return self.decision.trace

    @property
    def draft(self) -> Draft:
        (draft,) = (e.draft for e in self.decision.effects if isinstance(e, RecordExchange))
        return draft

    @property
    def level(self) -> str:
        nothing = self.decision.reason is Reason.VETOED
        return (Level.NOTHING if nothing else self.decision.level).name.lower()

    @property
    def links(self) -> frozenset[str]:
        found = (*self.draft.elements, *self.draft.elements_in_text)
        return frozenset(f"{one.type} {one.ref}" for one in found)

    @property
    def shared_with(self) -> frozenset[str]:
        shared = self.draft.confidential
        return frozenset(self.directory.groups[g] for g in (shared.groups if shared else ()))

    def titles(self, kind: type[OpenFollowUp | AwaitReply]) -> frozenset[str]:
        return frozenset(e.draft.title for e in self.decision.effects if isinstance(e, kind))


def decided(ruleset: RuleSet, example: Example) -> Made:
    """An example, decided with a third party ACME beside, to whom none of its people belongs."""
    facts = facts_of(example.sample)
    directory, around, sighting = with_acme(facts.directory), facts.around, facts.sighting
    if example.sample.thing is Thing.EVENT:
        after = facts.now + timedelta(days=1)
        made = decide.event(ruleset, directory, sighting, after, around=around)
        sign = adopt.sign(ruleset, directory, sighting, around, facts.now)
        return Made(made, directory, sign)
    assert isinstance(sighting.what, Message)
    made = decide.message(ruleset, directory, sighting, (), facts.now, around=around)
    return Made(decide.text(made, sighting.what), directory)


def with_acme(whole: Directory) -> Directory:
    parties = list(whole.third_parties.values())
    if "ACME" not in whole.parties_by_code:
        parties.append(ThirdParty(ThirdPartyId(99), "ACME", "Acme"))
    return match.index(
        version=1,
        users=whole.users.values(),
        third_parties=parties,
        contacts=whole.contacts.values(),
        own_domains=("we.example", "nous.example"),
        groups=[Group(number, name) for number, name in whole.groups.items()],
    )


CLAIMS: dict[str, Callable[[Made], frozenset[str]]] = {
    "ignore": lambda m: frozenset({"true"} if m.decision.reason is Reason.RULE else ()),
    "keep_private": lambda m: frozenset({m.level}),
    "tags": lambda m: frozenset(m.draft.tags),
    "purpose": lambda m: frozenset({m.draft.purpose or ""}),
    "mode": lambda m: frozenset({m.draft.mode}),
    "link": lambda m: m.links,
    "confidential": lambda m: m.shared_with,
    "close_follow_ups": lambda m: frozenset({str(m.draft.answers).lower()}),
    "open_follow_up": lambda m: m.titles(OpenFollowUp),
    "open_when_no_reply": lambda m: m.titles(AwaitReply),
    "third_party": lambda m: frozenset(
        m.directory.third_parties[p].code for p in m.draft.third_parties
    ),
    "adopt": lambda m: frozenset({"true"} if m.sign else ()),
}


def _shape(value: Any) -> Any:
    """What stays of a rule in another language: words, actions, numbers, how texts are compared;
    not the texts."""
    if isinstance(value, Rule):
        return [_shape(value.when), _shape(value.then), value.stop, value.phase]
    if is_dataclass(value):
        shown = [getattr(value, f.name) for f in fields(value) if f.compare]
        return [type(value).__name__, *map(_shape, shown)]
    if isinstance(value, tuple | frozenset):
        return sorted(map(repr, map(_shape, value)))
    return "a text" if type(value) is str else value
