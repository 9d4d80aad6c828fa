"""The French catalogue says all that users read, and nothing else."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from connectors.problems import Problem
from daemon.i18n import LANGUAGES, catalogue, of_environment, plural, translator
from rules.language.messages import HINTS, MESSAGES, PLACED_IN_RULE

DAEMON = Path(__file__).parents[3] / "daemon"

PLACEHOLDER = re.compile(r"\{[a-z_]*\}|%\([a-z_]+\)[sd]|%[sd]")


def used() -> set[str | tuple[str, str]]:
    """Every text that the code marks for translation."""
    found = extract_from_dir(
        DAEMON,
        [("**.py", "python"), ("**.html", "jinja2"), ("**.j2", "jinja2")],
        options_map={"**.html": {"encoding": "utf-8"}, "**.j2": {"encoding": "utf-8"}},
        keywords={"_": None, "mark": None, "gettext": None, "ngettext": (1, 2), "_n": (1, 2)},
    )
    marked = {
        message if isinstance(message, str) else tuple(message) for _, _, message, _, _ in found
    }
    # The core is pure, connectors know no language: their messages are tables, which the daemon
    # translates.
    return marked | {PLACED_IN_RULE, *HINTS.values(), *MESSAGES.values(), *map(str, Problem)}


def french() -> Catalog:
    with (DAEMON / "i18n/locale/fr/LC_MESSAGES/suivi.po").open("rb") as file:
        return read_po(file, locale="fr")


def test_french_is_complete() -> None:
    said = {message.id for message in french() if message.id and all(_forms(message.string))}
    assert used() - said == set()


def test_french_has_nothing_that_is_not_used() -> None:
    catalog = french()
    assert {message.id for message in catalog if message.id} - used() == set()
    assert catalog.obsolete == {}
    assert [message.id for message in catalog if message.fuzzy] == []


def test_translations_keep_their_placeholders() -> None:
    for message in french():
        if not message.id:
            continue
        wanted = set(PLACEHOLDER.findall(_forms(message.id)[0]))
        for form in _forms(message.string):
            assert set(PLACEHOLDER.findall(form)) == wanted, message.id


def _forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text


def test_english_is_the_message_itself() -> None:
    assert translator("en")("Confirm") == "Confirm"
    assert translator("de")("Confirm") == "Confirm"
    assert plural("en")("one", "many", 2) == "many"


def test_french_is_read_at_run_time() -> None:
    assert translator("fr")("Confirm") == "Confirmer"
    assert translator("fr_FR")("Confirm") == "Confirmer"
    assert catalogue("fr") is catalogue("fr")


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8", "SUIVI_LANGUAGE": "fr"}, "fr"),
        ({"LC_ALL": "fr.UTF-8"}, "fr"),
        ({}, "en"),
    ],
)
def test_the_language_of_who_types(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str
) -> None:
    assert "fr" in LANGUAGES
    for name in ("SUIVI_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert of_environment() == language
