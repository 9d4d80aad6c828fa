"""Header blocks of every make become messages; no octets make it fail, hang or grow."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import mime
from connectors.mime import charsets, words
from connectors.mime.dates import date
from rules.model.people import Address
from rules.model.wire import HeaderRow


def message(*lines, size=0):
    block = b"\r\n".join(line.encode() if isinstance(line, str) else line for line in lines)
    return mime.headers(HeaderRow(1, block + b"\r\n\r\n", size=size))


def test_an_ordinary_header():
    read = message(
        "From: =?utf-8?Q?Jean_Dup=C3=A9?= <jean@dupont.example>",
        'To: "Martin, Paul" <paul@acme.example>,',
        "\tinfo@acme.example",
        "Cc: list: a@b.example, c@d.example;",
        "Subject: =?UTF-8?B?RGV2aXMgbsKwIFBSMjMwMy0wMTA3?=",
        " =?UTF-8?B?IHBvdXIgdm91cw==?=",
        "Date: Tue, 24 Nov 2026 10:00:00 +0100",
        "Message-ID: <abc@dupont.example>",
        "In-Reply-To: <x@y>",
        "References: <x@y>",
        " <z@y>",
        "Auto-Submitted: no",
        "List-Id: A list",
        " <list.example>",
        size=1234,
    )
    assert read.from_ == (Address("jean@dupont.example", "Jean Dupé"),)
    assert read.to == (Address("paul@acme.example", "Martin, Paul"), Address("info@acme.example"))
    assert [a.email for a in read.cc] == ["a@b.example", "c@d.example"]
    assert read.subject == "Devis n° PR2303-0107 pour vous"
    assert read.date == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert (read.message_id, read.in_reply_to) == ("abc@dupont.example", ("x@y",))
    assert read.references == ("x@y", "z@y")
    assert read.headers == {"auto-submitted": "no", "list-id": "A list <list.example>"}
    assert (read.size, read.body) == (1234, None)


def test_line_ends_of_any_kind_and_a_block_without_end():
    read = mime.headers(HeaderRow(1, b"Subject: a\n b\nFrom: x@y\r\nTo: z@y"))
    assert (read.subject, read.from_, read.to) == ("a b", (Address("x@y"),), (Address("z@y"),))


def test_repeated_fields():
    read = message(
        "To: a@b",
        "To: c@d",
        "Subject: one",
        "Subject: two",
        "Message-ID: <1@x>",
        "Message-ID: <2@x>",
    )
    assert [a.email for a in read.to] == ["a@b", "c@d"]
    assert (read.subject, read.message_id) == ("one", "1@x")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<a@b>", "a@b"),
        ("a@b", "a@b"),
        ("<a b@c>", "a b@c"),
        ("<>", None),
        ("", None),
        ("  <a@b> (comment)", "a@b"),
        ("<no-at-sign>", "no-at-sign"),
    ],
)
def test_message_ids(written, read):
    assert message(f"Message-ID: {written}").message_id == read


def test_no_message_id_at_all():
    assert message("Subject: x").message_id is None


def test_in_reply_to_of_old_programs():
    assert message("In-Reply-To: Your message of Monday <1@x>").in_reply_to == ("1@x",)
    assert message("In-Reply-To: 1@x").in_reply_to == ("1@x",)


def test_an_endless_thread_keeps_its_root_and_its_end():
    read = message("References: " + " ".join(f"<{n}@x>" for n in range(5000)))
    assert len(read.references) == 100
    assert (read.references[0], read.references[-1]) == ("0@x", "4999@x")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?iso-8859-1?q?caf=E9?=", "café"),
        (b"=?iso-8859-1?q?caf=E9?= =?utf-8?b?w6k=?=", "caféé"),
        (b"a =?utf-8?q?b?= c", "a b c"),
        # A character cut across two words.
        (b"=?utf-8?b?w6nD?= =?utf-8?b?qQ==?=", "éé"),
        (b"=?utf-8?q?=C3?=\r\n =?utf-8?q?=A9?=", "é"),
        # Languages, unknown and impossible charsets, and labels that lie.
        (b"=?utf-8*fr?q?=C3=A9?=", "é"),
        (b"=?x-unknown?q?=E9t=E9?=", "été"),
        (b"=?us-ascii?q?=C3=A9?=", "é"),
        (b"=?utf-8?q?=E9t=E9?=", "été"),
        (b"=?idna?q?xn--a?=", "xn--a"),
        (b"=?unicode_escape?q?\\x41?=", "\\x41"),
        (b"=?rot13?q?uryyb?=", "uryyb"),
        # Broken words.
        (b"=?utf-8?b?w6k?=", "é"),
        (b"=?utf-8?b?!!!?=", ""),
        (b"=?utf-8?q?with blanks?=", "with blanks"),
        (b"=?utf-8?x?nothing?=", "=?utf-8?x?nothing?="),
        (b"=?utf-8?q?never ended", "=?utf-8?q?never ended"),
        # Octets that are no ASCII, without any word.
        ("été".encode(), "été"),
        ("été".encode("cp1252"), "été"),
        # What hides, or turns the direction of text.
        ("a\u202eb\u2066c\x00d\x07e\u200bf".encode(), "abcdef"),
        (b"=?utf-8?q?a=0D=0ABcc:_x=40y?=", "a Bcc: x@y"),
    ],
)
def test_subjects(value, text):
    assert message(b"Subject: " + value).subject == text


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("Tue, 24 Nov 2026 10:00:00 +0100", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ("24 Nov 2026 10:00:00 -0130 (here)", datetime(2026, 11, 24, 11, 30, tzinfo=UTC)),
        ("Tue, 24 Nov 26 10:00 GMT", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 10:00:00", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 10:00:00 -0000", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 10:00:00 +9999", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 10:00:00 EST", datetime(2026, 11, 24, 15, tzinfo=UTC)),
        ("yesterday", None),
        ("Tue, 99 Nov 2026 10:00:00 +0100", None),
        ("Tue, 24 Nov 0001 10:00:00 +0100", None),
        ("1" * 100_000, None),
        ("", None),
    ],
)
def test_dates(written, instant):
    assert date(written) == instant


def test_the_zone_that_was_written_is_kept():
    found = date("Tue, 24 Nov 2026 10:00:00 +0530")
    assert found.tzinfo == timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    "value",
    [
        b"a@b, " * 100_000,
        b"<" * 100_000,
        b'"' + b"\\" * 100_001,
        b'"\\' * 60_000,
        b"(" * 100_000,
        b"=?utf-8?q?" * 20_000,
        b"=?a?b?c?= " * 20_000,
        b" \r\n" * 60_000,
        b";" * 14_000,
        b"x" * 210_000,
        b"=?gb2312?b?" + b"A" * 100_000 + b"?=",
    ],
)
@pytest.mark.parametrize(
    "name", [b"To", b"Subject", b"References", b"Content-Type", b"Date", b"X-Y"]
)
def test_bombs_take_little_time_and_leave_little(name, value):
    started = time.process_time()
    read = message(name + b": " + value, "From: ann@acme.example")
    assert time.process_time() - started < 1.0
    assert read.from_ == (Address("ann@acme.example"),)
    assert len(read.to) <= 1_000
    assert len(read.subject) <= 2_000
    assert sum(len(v) for v in read.headers.values()) <= 10_000


def test_a_thousand_fields_and_no_more():
    read = message(*(f"X-{n}: {n}" for n in range(100_000)))
    assert len(read.headers) == 200


NASTY = st.lists(
    st.sampled_from(
        [b'"', b"<", b">", b",", b";", b":", b"(", b")", b"\\", b"@", b"a", b" ", b"\t", b"\r\n ",
         b"=", b"=?utf-8?q?", b"=?utf-8?b?", b"?=", b"\xe9", b"\xc3\xa9", b"\x00",
         b"=C3", b"a@b.example"]
    )
).map(b"".join)  # fmt: skip


@given(NASTY | st.binary())
def test_nothing_makes_it_fail_and_results_are_clean(value):
    names = [b"From", b"To", b"Subject", b"Date", b"Message-ID", b"References", b"List-Id"]
    read = mime.headers(HeaderRow(1, b"".join(name + b": " + value + b"\r\n" for name in names)))
    shown = [read.subject, *(a.name for a in read.to), *(a.email for a in read.to)]
    assert all(text.isprintable() or "\xa0" in text or not text.isascii() for text in shown)
    assert not any(c in text for text in shown for c in "\r\n\x00\u202e")
    assert all("@" in a.email and " " not in a.email for a in (*read.from_, *read.to))


@given(st.binary(max_size=300))
def test_any_octets_are_a_header_block(block):
    mime.headers(HeaderRow(1, block))


@given(st.binary(max_size=60), st.none() | st.text(max_size=30))
def test_any_octets_under_any_label_are_text(octets, label):
    assert isinstance(charsets.decode(octets, label), str)


def test_unknown_labels_are_not_remembered():
    import encodings

    before = len(encodings._cache)
    for number in range(100):
        charsets.decode(b"\xe9", f"no-such-charset-{number}")
    assert len(encodings._cache) == before


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=60))
def test_words_written_by_compose_are_read_back(text):
    from connectors.mime.compose import _folded

    assert words.decoded(_folded(text, 80)) == words.clean(text)
