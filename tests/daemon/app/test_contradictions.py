"""Options that don't go together: each is told in a line, and what goes together is not."""

from typing import Any

import pytest

from daemon.app.checkup.contradictions import contradictions
from daemon.config import Settings

ALICE = {"name": "Alice", "email": "alice@dupont.example"}
BOX = {"name": "alice", "host": "imap.example", "user": "alice", "password": "x"}
CALENDAR = {
    "name": "work",
    "owner": "alice@dupont.example",
    "url": "https://dav.example/",
    "user": "alice",
    "password": "x",
}
HTTP = {"public_url": "https://suivi.dupont.example", "trusted_proxies": ["127.0.0.1"]}
SMTP = {"host": "smtp.example", "from": "suivi@dupont.example", "admin": "it@dupont.example"}


def settings(**changes: Any) -> Settings:
    whole: dict[str, Any] = {
        "company": {"name": "Dupont", "domains": ["dupont.example"]},
        "http": HTTP,
        "smtp": SMTP,
        "users": [ALICE],
        "mailboxes": [BOX],
        "calendars": [CALENDAR],
    }
    return Settings.model_validate(whole | changes)


def test_what_goes_together_is_not_told() -> None:
    assert list(contradictions(settings(), "en")) == []


COMMANDS = BOX | {"name": "answers", "purpose": "commands", "address": "suivi@dupont.example"}
COMMANDS = COMMANDS | {"user": "suivi"}

HERE = {"public_url": "http://localhost:8425"}
LOCAL: dict[str, Any] = {"mailboxes": [BOX | {"host": "localhost"}]}

TOLD: list[tuple[dict[str, Any], str]] = [
    ({"company": {"name": "Dupont"}}, "[company] domains is empty"),
    ({"users": [ALICE | {"email": "a@else.example"}]}, "a@else.example has an address outside"),
    ({"smtp": None, "mailboxes": [COMMANDS]}, "without [smtp] none is sent"),
    ({"http": {}}, "reminders offer no way to answer"),
    (
        {"mailboxes": [COMMANDS, COMMANDS | {"name": "more", "user": "b"}]},
        "2 mailboxes are for answers; mails name only the first, answers",
    ),
    ({"smtp": SMTP | {"admin": None}}, "[smtp] admin is missing"),
    ({"smtp": SMTP | {"from": "s@else.example"}}, "[smtp] from = s@else.example is outside"),
    ({"smtp": SMTP | {"security": "none", "user": "s"}}, '[smtp] security = "none" sends'),
    ({"smtp": SMTP | {"password": "x"}}, "has a password but no user"),
    ({"http": {"public_url": "http://suivi.example"}}, "public_url is not https"),
    ({"http": {"public_url": "http://localhost:8425"}}, "public_url is this machine"),
    ({"http": HTTP | {"trusted_proxies": ["0.0.0.0/0"]}}, "0.0.0.0/0 is no proxy, but everybody"),
    ({"http": HTTP | {"trusted_proxies": ["::/0", "unix"]}}, "::/0 is no proxy, but everybody"),
    ({"http": HTTP | {"trusted_proxies": []}}, "all logins come from the reverse proxy's"),
    (LOCAL | {"http": HERE | {"user_header": "X-User"}}, "user_header without trusted_proxies"),
    ({"http": HTTP | {"plain_cookies": True}}, "pass without TLS, though public_url is https"),
    (LOCAL | {"http": HERE | {"plain_cookies": True}}, "is logged in"),
    (LOCAL | {"http": HERE | {"listen": "0.0.0.0:80"}}, "listens beyond this machine"),
    ({"http": HTTP | {"frame_ancestors": ["http://erp.example"]}}, "whoever changes it frames"),
    ({"oidc": {"issuer": "http://id.example", "client": "x"}}, "[oidc] issuer is not https"),
    ({"mailboxes": [BOX, BOX | {"name": "two"}]}, "[[mailboxes]] alice, two are one account"),
    ({"mailboxes": [BOX | {"security": "none"}]}, 'alice: security = "none" sends'),
    (
        {"mailboxes": [BOX | {"folders": ["Perso"]}], "rules": {"keep_out_folders": ["perso"]}},
        "folder Perso is to be read, and [rules] keeps it out",
    ),
    ({"mailboxes": [BOX | {"address": "a@b.example"}]}, 'address is only for purpose = "comm'),
    (
        {"mailboxes": [COMMANDS | {"owner": "alice@dupont.example"}]},
        "answers is for answers: its owner's mail",
    ),
    ({"calendars": [CALENDAR | {"url": "http://dav.example"}]}, "work: its url is not https"),
    (
        {"calendars": [CALENDAR | {"follow_ups": "A", "ignore": ["A"]}]},
        "A is in `follow_ups` and in `ignore`",
    ),
    (
        {"calendars": [CALENDAR | {"watch": ["B"], "follow_ups": "A"}]},
        "A is in `follow_ups` but not in `watch`",
    ),
    (
        {"calendars": [CALENDAR | {"watch": ["B"], "dedicated": ["C", "B"]}]},
        "C is in `dedicated` but not in `watch`",
    ),
]


@pytest.mark.parametrize(("changes", "told"), TOLD, ids=[told for _, told in TOLD])
def test_each_contradiction_is_one_line(changes: dict[str, Any], told: str) -> None:
    (line,) = contradictions(settings(**changes), "en")
    assert told in line
    assert "\n" not in line


@pytest.mark.parametrize(("changes", "told"), TOLD, ids=[told for _, told in TOLD])
def test_and_in_french_too(changes: dict[str, Any], told: str) -> None:
    (english,) = contradictions(settings(**changes), "en")
    (french,) = contradictions(settings(**changes), "fr")
    assert french != english
