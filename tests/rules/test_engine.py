"""The engine says of every rule what its conditions say one by one, read as they are written."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import firing, texts
from rules.holding import Fields, ready
from rules.item import Item
from rules.model.facts import Facts
from rules.model.rules import All, AnyOf, How, Ignore, Not, Phase, Rule, Test, TextMatch
from rules.model.sightings import Body
from tests.rules.house import DIRECTORY, NOW, mail, seen
from tests.rules.ruled import AROUND, HERE
from tests.rules.test_firing_properties import BY_HEADERS, BY_TEXT, conditions

WRITTEN = (
    "devis",
    "Réunion d’équipe",
    "REUNION D'EQUIPE",
    "Œuvre — façade",
    "oeuvre",
    "ŒUVRE",
    "e\u0301te\u0301",
    "straße",
    "İstanbul",
    "日本語",
    "PR2303-0107",
    "aaaa",
    "a!",
    "\u00a0 deux  blancs\t",
    "*",
    "[a-z]",
)
PATTERNS = (
    r"(a+)+$",
    r"^(a|aa)+$",
    r"\bréunion\b",
    r"[A-Z]{2}\d{4}",
    r"(?i)œ",
    "é",
    r"\Aoeuvre",
    r"\d\z",
    "日.語",
    "",
)
HUGE = ("a" * 150_000 + "!", "é" * 99_999 + "devis", "x" * 100_000 + "devis")

wanted = st.one_of(
    st.builds(
        TextMatch,
        st.sampled_from((How.EQUALS, How.CONTAINS)),
        st.sampled_from(WRITTEN),
        st.booleans(),
    ),
    st.builds(
        TextMatch,
        st.just(How.GLOB),
        st.sampled_from(("*é*", "?evis*", "[a-z]", "*", "œ*", "*日*")),
        st.booleans(),
    ),
    st.builds(TextMatch, st.just(How.REGEX), st.sampled_from(PATTERNS), st.booleans()),
)
several = st.lists(wanted, min_size=1, max_size=3).map(tuple)


def asks(word):
    return several.map(lambda matches: Test(word, matches, HERE))


early = conditions(asks("subject") | BY_HEADERS)
late = conditions(asks("subject") | asks("text") | BY_HEADERS | BY_TEXT)
rules = st.lists(
    early.map(lambda when: Rule("r", HERE, when, (Ignore(),)))
    | late.map(lambda when: Rule("r", HERE, when, (Ignore(),), phase=Phase.TEXT)),
    min_size=1,
    max_size=12,
).map(tuple)
# Half of a surrogate pair: mail may have one, a rules file is refused.
writing = st.lists(st.sampled_from((*WRITTEN, "\ud800")), max_size=4).map(" ".join)


def facts(subject, text):
    sighting = seen(mail(subject=subject, body=Body(text)))
    return Facts(sighting, DIRECTORY, AROUND, None, (), NOW, NOW)


def fired(compiled, item):
    return list(firing.by_text(compiled, item, firing.by_headers(compiled, item)))


def read(condition, item):
    """Whether it holds, by its words alone: no index, no automaton, nothing remembered."""
    if isinstance(condition, Not):
        return not read(condition.part, item)
    if isinstance(condition, All):
        return all(read(part, item) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(read(part, item) for part in condition.parts)
    if condition.word in ("subject", "text", "list"):
        meets = texts.any_of(condition.argument)
        return any(meets(text) for text in item.texts(condition.word) if text)
    fields = Fields()
    return ready(condition, fields).holds(Item(item.facts, fields.searched))


def by_hand(several, item):
    return [n for n, rule in enumerate(several) if read(rule.when, item)]


@settings(max_examples=150)
@given(rules, writing, writing)
def test_the_engine_finds_what_reading_each_rule_finds(several, subject, text):
    compiled = firing.compiled(several)
    item = compiled.item(facts(subject, text))
    assert fired(compiled, item) == by_hand(several, item)


@settings(max_examples=15)
@given(rules, st.sampled_from(HUGE), st.sampled_from(HUGE))
def test_so_it_does_of_huge_texts(several, subject, text):
    compiled = firing.compiled(several)
    item = compiled.item(facts(subject, text))
    assert fired(compiled, item) == by_hand(several, item)


SOME = tuple(TextMatch(how, f"w{n}", exact) for n in range(40) for exact in (False, True)
             for how in (How.CONTAINS, How.EQUALS))  # fmt: skip


@pytest.mark.parametrize("memory", [32 << 20, 60_000, 10_000, 1])
def test_texts_for_which_one_automaton_is_too_small_are_found_by_several_or_one_by_one(
    monkeypatch, memory
):
    monkeypatch.setattr(texts, "_MEMORY", memory)
    searched = texts.Searched()
    numbers = {match: searched.number(match) for match in SOME}
    for text in ("w1", "W12 w3", "", "nothing"):
        meant = {numbers[m] for m in SOME if texts.matcher(m)(text)}
        assert searched.found(text) == meant


def test_an_automaton_that_runs_out_of_memory_says_nothing_and_is_not_believed(monkeypatch):
    class Full:
        def Add(self, pattern):  # noqa: N802
            return 0

        def Compile(self):  # noqa: N802
            pass

        def Match(self, octets):  # noqa: N802
            return None

    monkeypatch.setattr(texts.re2.Set, "SearchSet", lambda options: Full())
    searched = texts.Searched()
    number = searched.number(TextMatch(How.CONTAINS, "Dévis"))
    assert searched.found("un devis") == {number}
    assert searched.found("rien") == frozenset()


def test_a_pattern_that_explodes_elsewhere_costs_a_megabyte_no_more_than_any_other():
    """(a+)+$ over 1 MB subjects: bounded, the rule reported, its neighbours decided. The bound is
    in CPU time, and generous: backtracking would not end while the world lasts."""

    def rule(name, pattern):
        test = Test("subject", (TextMatch(How.REGEX, pattern),), HERE)
        return Rule(name, HERE, test, (Ignore(),))

    several = (
        *(
            rule(f"bomb-{n}", pattern)
            for n, pattern in enumerate(("(a+)+$", "(a|a)*b", "(.*a){20}"))
        ),
        rule("neighbour", "devis"),
    )
    compiled = firing.compiled(several)
    start = time.process_time()
    bomb = compiled.item(facts("devis" + "a" * 1_000_000, ""))
    assert [several[i].name for i in fired(compiled, bomb)] == ["bomb-0", "bomb-2", "neighbour"]
    for _ in range(50):
        item = compiled.item(facts("Un devis", ""))
        assert [several[i].name for i in fired(compiled, item)] == ["neighbour"]
    told = firing.explained(compiled, facts("devis" + "a" * 1_000_000, ""), has_text=True)
    assert [one.rule.name for one in told if one.outcome is firing.Outcome.FIRED] == [
        "bomb-0",
        "bomb-2",
        "neighbour",
    ]
    assert time.process_time() - start < 5
