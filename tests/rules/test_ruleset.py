"""The rule set: equal values have one fingerprint, different ones another."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from rules.freemail import FREE_MAIL
from rules.identity import host_key
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


@pytest.mark.parametrize("name", [f.name for f in fields(RuleSet) if f.name != "fingerprint"])
def test_any_other_value_makes_another_fingerprint(name):
    changed = replace(builtin(), **{name: different(getattr(builtin(), name))})
    assert sealed(changed).fingerprint != builtin().fingerprint


def test_what_is_compared_folded_is_kept_folded():
    rules = builtin()
    for word in (*rules.keep_out_folders, *rules.keep_out_keywords, *rules.keep_out_tags):
        assert word == fold(word)


def test_free_mail_domains_are_in_the_form_that_is_compared():
    assert all(host_key(domain) == domain and "." in domain for domain in FREE_MAIL)


def test_the_providers_that_the_specification_names():
    named = {"orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "laposte.net", "neuf.fr", "gmail.com"}
    assert named <= FREE_MAIL
