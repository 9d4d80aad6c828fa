"""Every time that the reference shows is one."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rules import replies
from rules.model.followups import Command, Verb

TABLE = (Path(__file__).parents[2] / "docs/reference/times.md").read_text("utf-8")
WRITTEN = [
    example
    for row in TABLE.splitlines()
    if row.startswith("| `")
    for example in re.findall(r"`([^`]+)`", row.split("|")[1])
]


def test_there_are_some():
    assert len(WRITTEN) > 25


@pytest.mark.parametrize("text", WRITTEN)
def test_it_is_understood(text):
    now = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    command = replies.parse(text, now, "Europe/Paris", "en")
    assert isinstance(command, Command), command
    assert command.verb is Verb.POSTPONE
