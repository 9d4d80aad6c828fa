"""What was stored in English is told in French, as it would have been said at once."""

import pytest

from connectors.errors import Refused, Unreachable
from connectors.problems import Problem
from daemon.i18n import translator
from daemon.retold import retold

FRENCH = translator("fr")
# What no fact ever is, but what it might be: words of our own sentences.
FACTS = {
    "file": "/etc/ca.pem",
    "why": "b'[AUTHENTICATIONFAILED] (no: really)'",
    "seconds": "30",
    "port": "993",
    "security": "tls",
    "user": "alice@lumen.example",
    "folder": "Clients/à voir",
    "url": "https://dav.example/",
    "status": "503",
    "path": "/dav/alice/",
}


def facts_of(problem: Problem) -> dict[str, str]:
    return {name: value for name, value in FACTS.items() if f"{{{name}}}" in problem.value}


@pytest.mark.parametrize("problem", list(Problem), ids=lambda problem: problem.name)
@pytest.mark.parametrize("place", ["imap alice@mail.example:993", "Alice: dav https://d.example"])
def test_every_sentence_of_ours_is_told_again(problem: Problem, place: str) -> None:
    facts = facts_of(problem)
    stored = str(Refused.at(place, problem, **facts))
    assert retold(stored, translator("en")) == stored
    assert retold(stored, FRENCH) == f"{place}: {FRENCH(problem.value).format(**facts)}"


def test_french_is_not_english() -> None:
    stored = str(Unreachable.at("imap", Problem.NO_ANSWER))
    assert retold(stored, FRENCH) != stored


@pytest.mark.parametrize("text", ["", "smtp: 554 5.7.1 go away", "x" * 5000, ": : : (: ): \n"])
def test_the_words_of_others_stay(text: str) -> None:
    assert retold(text, FRENCH) == text


def test_a_hostile_text_takes_no_time() -> None:
    """Many beginnings of our sentences, no end: bounded, whatever a server says."""
    text = ("imap: login of a refused (" * 200)[:1000]
    assert retold(text, FRENCH) == text
