"""What strangers write goes into reminders: the mail stays one mail, says all, and runs nothing."""

import email
import email.policy
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.mime.compose import MailText, compose
from daemon.cli import shown
from daemon.i18n import LANGUAGES
from daemon.reminders.letter import local_time
from daemon.reminders.mails import SORTS, Sort
from daemon.reminders.sheets import Sheets
from daemon.reminders.vocabulary import REMINDER, full, hostile
from rules.model.followups import Assignee, FollowUp, FollowUpId
from rules.model.people import Address, User, UserId
from rules.model.sightings import When

SHEETS = Sheets(None)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
OURS = {name: f"https://suivi.example/l/{name}" for name in full(REMINDER)["links"]}
FIELDS = [
    "Subject", "From", "To", "Reply-To", "Date", "Message-ID", "Auto-Submitted",
    "X-Auto-Response-Suppress", "List-Id", "X-Suivi", "MIME-Version", "Content-Type",
]  # fmt: skip

ATTACKS = (
    "x\r\nBcc: eve@evil.example",
    "x\n\n<html>",
    "x\r\n.\r\nMAIL FROM:<eve@evil.example>",
    "\u2028Bcc: eve@evil.example\u0085X: y",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% for x in range(9**9) %}{% endfor %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "%(name)s %s %n {0} ${x} #{x}",
    "=?utf-8?q?=0D=0ABcc:_eve=40evil.example?=",
    "--=_boundary--\r\n",
    "\u202egnp.exe\u202c \u2066\u2069",
    "\u200b\u200d\ufeff\u2060",
    "\x00\x1b[31m\x07",
    "\ud800",
    "</style></head><!-- ]]> <![CDATA[",
    "]><!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "From me\n>From you\n.\n..",
    "נשק " * 50,
    "a" * 1_000_000,
)


def mail(
    values: dict[str, Any], language: str = "en", name: str = "Ann", sort: str = "reminder"
) -> EmailMessage:
    ours = {"links": OURS} if "links" in values else {}
    ours |= {"link": OURS["done"]} if "link" in values else {}
    printed = SHEETS.print(sort, language, {**values, **ours})
    assert printed.faults == ()
    data = compose(
        MailText(
            subject=printed.subject,
            text=printed.text,
            html=printed.html,
            from_=Address("suivi@lumen.example", name),
            to=(Address("ann@lumen.example", name),),
            reply_to=Address("suivi+abc@lumen.example", name),
            message_id="id@lumen.example",
            date=NOW,
            headers={"X-Suivi": "reminder"},
        )
    )
    assert len(data) < 2_000_000
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)
    assert max(map(len, data.split(b"\r\n"))) <= 998
    return email.message_from_bytes(data, policy=email.policy.default)


class Seen(HTMLParser):
    """What a mail client would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.links: list[str | None] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def judge(message: EmailMessage, links: Sequence[str] = tuple(OURS.values())) -> Seen:
    """One mail in two parts, with our fields, our links, and nothing that runs or is fetched."""
    assert message.keys() == FIELDS
    assert message.defects == []
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert [address.addr_spec for address in message["To"].addresses] == ["ann@lumen.example"]
    seen = Seen()
    seen.feed(html.get_content())
    seen.close()
    assert seen.tags <= {"html", "head", "meta", "title", "style", "body", "div", "h1", "h2", "p",
                         "span", "br", "a", "ul", "li"}  # fmt: skip
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert seen.links == list(links)
    assert "url(" not in "".join(value or "" for name, value in seen.attributes if name == "style")
    for link in links:
        assert link in plain.get_content()
    assert "\u202e" not in plain.get_content() + html.get_content()
    return seen


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_text_of_a_stranger_makes_it_another_mail(attack: str, language: str) -> None:
    judge(mail(hostile(REMINDER, attack), language, name=attack[:300]))


@pytest.mark.parametrize("sort", [s for s in SORTS.values() if s.name != "reminder"])
def test_nor_another_mail_than_the_one_that_was_meant(sort: Sort) -> None:
    links = [OURS["done"]] if "link" in {v.name for v in sort.variables} else []
    for number, attack in enumerate(ATTACKS):
        values = hostile(sort.variables, attack)
        judge(mail(values, LANGUAGES[number % 2], name=attack[:300], sort=sort.name), links)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from(ATTACKS[:-1]), st.text(max_size=30)), min_size=1, max_size=8
    ).map("".join)
)
def test_nor_does_any_mixture(text: str) -> None:
    judge(mail(hostile(REMINDER, text), name=text[:200]))


@pytest.mark.parametrize("start", [datetime.min, datetime.max])
@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Paris", "Nowhere/Else"])
def test_at_the_ends_of_the_calendar_it_is_some_time(start: datetime, zone: str) -> None:
    user = User(UserId(1), "Ann", "ann@lumen.example", timezone=zone)
    for all_day in (False, True):
        when = When(start.replace(tzinfo=UTC), all_day=all_day, zone=zone)
        follow_up = FollowUp(FollowUpId(1), "k", "u", "x", when, (Assignee(user.id),))
        assert str(start.year) in local_time(follow_up, user)
        assert str(start.year) in shown.local(when.start, zone)


def test_what_is_written_is_what_is_read() -> None:
    seen = judge(mail({**full(REMINDER), "title": "<b>Devis</b> & “Relance” {{ 7 * 7 }}"}))
    assert "<b>Devis</b> & “Relance” {{ 7 * 7 }}" in seen.text
