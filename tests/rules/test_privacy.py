"""Levels and keep-out: the strictest wins, and a lattice has no holes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import decide
from rules.model.people import Level
from rules.privacy import kept_out, redact, strictest
from tests.rules.house import DIRECTORY, NOW, RULES, in_calendar, mail, meeting, seen

levels = st.sampled_from(Level)


@given(levels, levels, levels)
def test_the_strictest_is_the_meet_of_a_lattice(a, b, c):
    assert strictest(a, b) == strictest(b, a)
    assert strictest(a, strictest(b, c)) == strictest(strictest(a, b), c) == strictest(a, b, c)
    assert strictest(a, a) == a
    assert strictest(a, Level.EVERYTHING) == a
    assert strictest(a, Level.NOTHING) == Level.NOTHING
    assert strictest() == Level.EVERYTHING


@given(levels.filter(bool), levels.filter(bool))
def test_redacting_by_each_wish_is_redacting_by_the_strictest(a, b):
    event = meeting("sylvie@acme.fr", description="long")
    decision = decide.event(RULES, DIRECTORY, in_calendar(event), NOW)
    draft = decision.effects[0].draft
    twice = redact(redact(draft, max(a, b)), min(a, b))
    assert twice == redact(draft, strictest(a, b))


def test_nothing_is_never_kept():
    decision = decide.message(RULES, DIRECTORY, seen(mail()), (), NOW)
    with pytest.raises(ValueError, match="nothing"):
        redact(decision.effects[0].draft, Level.NOTHING)


def test_keep_out_names_the_kind_of_rule_only():
    assert kept_out(RULES, seen(mail(subject="[Private] x"))) == "subject tag"
    assert kept_out(RULES, seen(mail(), name="INBOX.Perso")) == "folder"
    assert kept_out(RULES, seen(mail(), keywords=frozenset({"PERSO"}))) == "keyword"
    assert kept_out(RULES, seen(mail(headers={"sensitivity": "personal"}))) == "header sensitivity"
    assert kept_out(RULES, in_calendar(meeting(), name="Perso")) == "folder"


@pytest.mark.parametrize("name", ["Personnel de la société", "Privatbank", "Clients"])
def test_a_name_that_only_begins_like_a_private_one_is_not(name):
    assert kept_out(RULES, seen(mail(), name=name)) is None
