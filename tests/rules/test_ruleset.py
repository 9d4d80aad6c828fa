"""The rule set: equal values have one fingerprint, different ones another."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from rules.freemail import FREE_MAIL
from rules.identity import host_key
from rules.model.rules import Place, Rule
from rules.ruleset import RuleSet, builtin, sealed
from rules.words import fold


def test_the_fingerprint_depends_on_the_values_alone():
    assert builtin() == builtin()
    folders = ["perso", "prive", "personal", "private"]
    assert sealed(RuleSet(keep_out_folders=frozenset(folders))) == builtin()


def different(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, str | tuple):
        return value + type(value)("x")
    if isinstance(value, frozenset):
        return value | {"x"}
    if isinstance(value, dict):
        return {**value, "x": frozenset()}
    return value + (timedelta(1) if isinstance(value, timedelta) else 1)


DERIVED = {"fingerprint", "basis", "rules", "compiled"}


@pytest.mark.parametrize("name", [f.name for f in fields(RuleSet) if f.name not in DERIVED])
def test_any_other_value_makes_other_fingerprints(name):
    changed = sealed(replace(builtin(), **{name: different(getattr(builtin(), name))}))
    assert changed.fingerprint != builtin().fingerprint
    assert changed.basis != builtin().basis


def rule(line=1, **more):
    return Rule("quotes", Place("10.yaml", line, 1), **more)


def test_rules_of_files_make_another_fingerprint_on_the_same_basis():
    with_rule = sealed(replace(builtin(), rules=(rule(),)))
    stops = sealed(replace(builtin(), rules=(rule(stop=True),)))
    assert len({builtin().fingerprint, with_rule.fingerprint, stops.fingerprint}) == 3
    assert builtin().basis == with_rule.basis == stops.basis


def test_where_a_rule_stands_in_its_file_makes_no_difference():
    first, moved = (sealed(replace(builtin(), rules=(rule(line),))) for line in (1, 12))
    assert first == moved


def test_what_is_compared_folded_is_kept_folded():
    rules = builtin()
    for word in (*rules.keep_out_folders, *rules.keep_out_keywords, *rules.keep_out_tags):
        assert word == fold(word)


def test_free_mail_domains_are_in_the_form_that_is_compared():
    assert all(host_key(domain) == domain and "." in domain for domain in FREE_MAIL)


def test_the_providers_that_the_specification_names():
    named = {"orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "laposte.net", "neuf.fr", "gmail.com"}
    assert named <= FREE_MAIL
