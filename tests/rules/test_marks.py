"""How people tick off a title: an event has no other way to say done."""

import pytest

from rules.model import marks


@pytest.mark.parametrize(
    ("title", "rest"),
    [
        ("✓ Relance Acme", "Relance Acme"),
        ("✔️ Relance Acme", "Relance Acme"),
        ("✅Relance Acme", "Relance Acme"),
        ("[x] Relance Acme", "Relance Acme"),
        ("[X]Relance Acme", "Relance Acme"),
        ("  ☑ Relance Acme", "Relance Acme"),
        ("fait Relance Acme", "Relance Acme"),
        ("FAIT : Relance Acme", "Relance Acme"),
        ("Fait - Relance Acme", "Relance Acme"),
        ("done: Relance Acme", "Relance Acme"),
        ("Done Relance Acme", "Relance Acme"),
    ],
)
def test_ticked_off(title, rest):
    assert marks.done(title) == (True, rest)


@pytest.mark.parametrize(
    "title",
    [
        "Relance Acme",
        "Fait",
        "done",
        "✓",
        "Faites le point",
        "Donegal Ltd",
        "[ ] Relance",
        "x y",
        "",
    ],
)
def test_not_ticked_off(title):
    assert marks.done(title) == (False, title)


def test_a_title_of_a_megabyte_takes_no_time():
    assert marks.done(" " * 1_000_000) == (False, " " * 1_000_000)
    assert marks.done("fait " * 200_000)[0]
