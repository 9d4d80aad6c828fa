"""Options: the nearest to the user decides, and what nobody set is built in."""

from dataclasses import replace

import pytest

from rules.model.people import EntityId
from rules.options import ALL, Chosen, Scope, entity_of
from tests.rules.house import DIRECTORY, MARC, NADIA

NANCY, METZ = EntityId(1), EntityId(2)
BUILTIN = {"before": 60, "template": ""}


@pytest.mark.parametrize(
    ("user", "entity", "value"),
    [
        (NADIA, NANCY, 5),
        (NADIA, METZ, 5),
        (NADIA, None, 5),
        (MARC, NANCY, 10),
        (None, NANCY, 10),
        (MARC, METZ, 20),
        (MARC, None, 20),
    ],
)
def test_user_before_entity_before_installation(user, entity, value):
    chosen = {
        ("before", Scope(user=NADIA)): 5,
        ("before", Scope(entity=NANCY)): 10,
        ("before", ALL): 20,
    }
    assert Chosen(BUILTIN, chosen).of("before", user, entity) == value


def test_what_nobody_set_is_built_in():
    assert Chosen(BUILTIN).of("before", NADIA, NANCY) == 60
    with pytest.raises(KeyError):
        Chosen(BUILTIN).of("colour")


def test_no_is_an_answer_and_not_the_lack_of_one():
    chosen = {("on", Scope(user=NADIA)): False, ("n", ALL): 0}
    options = Chosen({"on": True, "n": 5}, chosen)
    assert options.of("on", NADIA) is False
    assert options.of("n", NADIA) == 0


def test_about_what_is_shared_the_only_company_of_the_user_decides():
    nadia = replace(DIRECTORY.users[NADIA], entities=frozenset({NANCY}))
    assert entity_of(nadia, None) == NANCY
    assert entity_of(nadia, METZ) == METZ
    assert entity_of(replace(nadia, entities=frozenset({NANCY, METZ})), None) is None
