"""What `suivi check` says of a server that refuses: in the reader's language where the words are
ours, in the server's where they are its own."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from connectors.errors import Refused
from connectors.problems import Problem
from daemon.app.checkup.lines import Asked, bad, refused


def asked(language: str) -> Asked:
    return Asked(cast(Any, SimpleNamespace()), lambda: datetime(2026, 11, 24, tzinfo=UTC), language)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "imap.example: login of ann refused (no {such} user): check user name and password"),
        (
            "fr",
            "imap.example: connexion de ann refusée (no {such} user) : "
            "vérifiez le nom d’utilisateur et le mot de passe",
        ),
    ],
)
def test_our_words_are_in_the_language_of_who_asks(language: str, told: str) -> None:
    """What a server said stands in them as it is, whatever looks like a place for more."""
    error = Refused.at("imap.example", Problem.LOGIN, user="ann", why="no {such} user")
    assert refused(asked(language), "mailbox", "ann", error) == bad("mailbox", told, "ann")


def test_a_servers_own_words_stay() -> None:
    error = Refused("imap.example: LIST: not {today}")
    line = refused(asked("fr"), "mailbox", "ann", error)
    assert line.detail == "imap.example: LIST: not {today}"
