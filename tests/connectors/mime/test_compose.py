"""What suivi writes: the same bytes each time, fit for any server, and closed to injection."""

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import mime
from connectors.mime import MailText, compose
from rules.model.people import Address
from rules.ruleset import builtin

WHEN = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def mail(**changes):
    fields = {
        "subject": "Reminder",
        "text": "Call Ann.\n",
        "html": "<p>Call <b>Ann</b>.</p>",
        "from_": Address("suivi@staff.example", "suivi"),
        "to": (Address("bob@staff.example", "Bob"),),
        "reply_to": Address("suivi+r@staff.example"),
        "message_id": "r1.abc@staff.example",
        "date": WHEN,
        "headers": {"X-Suivi": "r1"},
    }
    return MailText(**(fields | changes))


def read(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def content(raw):
    message = read(raw)
    return [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()]


def test_what_is_written_is_read_back():
    raw = compose(
        mail(subject="Relance : devis n° 7, été", text="Bonjour,\n\nété\n", html="<p>é</p>")
    )
    message = read(raw)
    assert message["Subject"] == "Relance : devis n° 7, été"
    assert (message["From"], message["To"]) == (
        "suivi <suivi@staff.example>",
        "Bob <bob@staff.example>",
    )
    assert (message["Reply-To"], message["X-Suivi"]) == ("suivi+r@staff.example", "r1")
    assert message["Message-ID"] == "<r1.abc@staff.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == WHEN
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert content(raw) == ["Bonjour,\n\nété\n", "<p>é</p>\n"]
    assert [defect for part in message.walk() for defect in part.defects] == []


def test_our_own_parser_reads_it_back_too():
    found = mime.parse(compose(mail(in_reply_to="parent@x")))
    assert (found.from_, found.to) == (
        (Address("suivi@staff.example", "suivi"),), (Address("bob@staff.example", "Bob"),),
    )  # fmt: skip
    assert found.in_reply_to == found.references == ("parent@x",)
    assert found.headers["x-suivi"] == "r1"
    assert found.body.text == "Call Ann."


def test_the_same_mail_is_the_same_bytes_and_another_one_has_another_boundary():
    assert compose(mail()) == compose(mail())
    assert compose(mail()) != compose(mail(message_id="r2@staff.example"))


def test_without_html_it_is_plain_text():
    message = read(compose(mail(html=None)))
    assert message.get_content_type() == "text/plain"
    assert message.get_content().split() == ["Call", "Ann."]


def test_lines_that_servers_trip_over_are_safe():
    text = "From here\n.\n..\n" + "x" * 3000 + "\ntrailing blank \n\ttab\n" + "é" * 500 + "\n"
    raw = compose(mail(text=text))
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert not any(line.startswith((b"From ", b".")) for line in lines)
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert content(raw)[0] == text


@pytest.mark.parametrize(
    "hostile", ["x\r\nBcc: evil@x", "x\nBcc: evil@x", "x\r\n\r\nbody", "x\u2028y\x85z\x00"]
)
def test_no_value_adds_a_field(hostile):
    raw = compose(
        mail(
            subject=hostile,
            from_=Address("suivi@staff.example", hostile),
            to=(Address("bob@staff.example", hostile),),
            headers={"X-Suivi": hostile},
        )
    )
    message = read(raw)
    assert set(message.keys()) == set(read(compose(mail())).keys())
    assert message["Bcc"] is None
    assert [a.addr_spec for a in message["To"].addresses] == ["bob@staff.example"]


@pytest.mark.parametrize(
    "changes",
    [
        {"to": (Address("bob@staff.example\r\nBcc: evil@x"),)},
        {"to": (Address("bob@staff.example, evil@x"),)},
        {"to": (Address("bob"),)},
        {"to": (Address("<bob@staff.example>"),)},
        {"message_id": "a b@x"},
        {"message_id": "a>\r\nBcc: evil@x"},
        {"message_id": ""},
        {"headers": {"X-Suivi\r\nBcc": "x"}},
        {"headers": {"Bcc": "evil@x"}},
        {"headers": {"": "x"}},
    ],
)
def test_what_can_not_stand_in_a_header_is_refused(changes):
    with pytest.raises(ValueError, match="can't"):
        compose(mail(**changes))


@pytest.mark.parametrize("parent", ["a b", "x>\r\nBcc: evil@x", "é@x", "", "x" * 2000])
def test_a_parent_that_can_not_be_named_is_left_out(parent):
    message = read(compose(mail(in_reply_to=parent)))
    assert message["In-Reply-To"] is None
    assert message["Bcc"] is None


def test_an_address_under_an_international_domain():
    assert b"<bob@xn--t-9fab.example>" in compose(mail(to=(Address("bob@été.example", "Bob"),)))


PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=200)


@given(subject=PRINTABLE, name=PRINTABLE, text=PRINTABLE, value=PRINTABLE)
def test_any_texts_make_a_safe_mail(subject, name, text, value):
    raw = compose(
        mail(
            subject=subject, text=text, html=text, headers={"X-Suivi": value},
            to=(Address("bob@staff.example", name),),
        )
    )  # fmt: skip
    assert raw.isascii()
    head = raw.split(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert names == [
        b"Subject", b"From", b"To", b"Reply-To", b"Date", b"Message-ID", b"Auto-Submitted",
        b"X-Auto-Response-Suppress", b"List-Id", b"X-Suivi", b"MIME-Version", b"Content-Type",
    ]  # fmt: skip
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert mime.parse(raw).to[0].email == "bob@staff.example"


def test_programs_that_answer_by_themselves_are_told_not_to():
    message = mime.parse(compose(mail()))
    assert message.headers["x-auto-response-suppress"] == "All"
    # What the gate of capture knows our mails by, too.
    assert builtin().own_list_id in message.headers["list-id"]
    for name in ("List-Id", "X-Auto-Response-Suppress"):
        with pytest.raises(ValueError):
            compose(mail(headers={name: "mine"}))


def test_an_international_address_stands_as_it_is_and_nothing_else_does():
    raw = compose(mail(to=(Address("jérôme@exämple.example", "Jérôme Été"),), subject="Été"))
    (to,) = (line for line in raw.split(b"\r\n") if not line.isascii())
    assert to == " <jérôme@xn--exmple-cua.example>".encode()
