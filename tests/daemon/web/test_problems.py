"""Problems (RFC 9457): what programs go by stays, what people read is in their language."""

import httpx2
import pytest

from daemon.i18n import translator
from daemon.web.invalid import SAID, said
from daemon.web.language import accepted

PATH = "/api/v1/exchanges"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr", "fr"),
        ("fr-CA, en;q=0.5", "fr"),
        ("en;q=0.4, fr;q=0.6", "fr"),
        ("de, fr;q=0.1", "fr"),
        ("fr;q=0, en", "en"),
        ("fr;q=2, fr;q=x", None),
        ("de", None),
        ("*", None),
        ("", None),
        (",;=,q", None),
    ],
)
def test_which_language_is_wanted(header: str, language: str | None) -> None:
    assert accepted(header) == language


def test_a_problem_is_told_in_the_language_that_is_asked_for(anonymous: httpx2.Client) -> None:
    answers = {
        language: anonymous.get("/api/v1/nothing", headers={"Accept-Language": language})
        for language in ("en", "fr")
    }
    types = {answer.json()["type"] for answer in answers.values()}
    assert types == {"urn:suivi:problem:not-found"}
    assert answers["fr"].json()["title"] == "Introuvable"
    assert answers["fr"].json()["detail"].endswith("cette adresse n’existe pas")
    assert answers["en"].json()["detail"].endswith("there is no such address")
    assert answers["fr"].headers["content-language"] == "fr"
    assert "accept-language" in answers["fr"].headers["vary"].lower()


def test_what_is_not_valid_is_told_part_by_part(admin: httpx2.Client) -> None:
    answer = admin.get(PATH, params={"limit": 0, "text": ""}, headers={"Accept-Language": "fr"})
    assert answer.status_code == 422
    assert {(e["parameter"], e["detail"]) for e in answer.json()["errors"]} == {
        ("limit", "doit valoir 1 ou plus"),
        ("text", "doit avoir au moins 1 caractères"),
    }


def test_an_error_that_no_table_knows_is_told_without_what_was_sent() -> None:
    wrong = {"type": "url_parsing", "msg": "secret", "input": "secret", "ctx": {"error": "secret"}}
    assert said(wrong, translator("en")) == "can't be used"


def test_places_of_the_table_are_those_that_pydantic_fills() -> None:
    from pydantic_core import PydanticKnownError

    filled = {
        "min_length": 1,
        "max_length": 2,
        "pattern": "x",
        "gt": 1,
        "ge": 1,
        "lt": 1,
        "le": 1,
        "expected": "a",
        "max_digits": 1,
        "decimal_places": 1,
        "whole_digits": 1,
        "field_type": "List",
        "actual_length": 3,
        "error": "x",
        "class_name": "x",
    }
    for kind, text in SAID.items():
        # Raises KeyError for a kind that pydantic does not know, or that fills other places.
        PydanticKnownError(kind, filled)
        assert text.format(**filled)
