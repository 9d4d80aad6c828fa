"""Folded text: what a person would call the same word is the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.words import find, fold, harmless, one_line, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Réunion", "REUNION"),
        ("c’est  fait", "c'est fait"),
        ("Cœur", "coeur"),
        ("STRASSE", "straße"),
        ("follow‑up", "follow-up"),
        ("e\u0301t\u00e9", "ete"),
    ],
)
def test_folding(one, other):
    assert fold(one) == fold(other)


def test_words_are_what_stands_between_other_signs():
    assert words("[Relance] d'Acme-Lyon, n° 4 ✅") == ("relance", "d", "acme", "lyon", "n", "4")


def test_finding_word_by_word():
    assert find(("b", "c"), ("a", "b", "c")) == 1
    assert find(("b", "c"), ("b", "x", "c")) is None
    assert find((), ("a",)) is None


@given(st.text())
def test_harmless_text_can_be_kept_and_its_offsets_stay(text):
    kept = harmless(text)
    assert len(kept) == len(text)
    assert "\0" not in kept
    kept.encode()


@given(st.text(), st.integers(1, 50))
def test_one_line_is_one_bounded_line(text, longest):
    line = one_line(text, longest)
    assert len(line) <= longest
    assert len(line.splitlines()) <= 1
