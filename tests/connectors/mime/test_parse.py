"""Whole messages: two parsers agree, bombs are put aside, and real mail of every kind is read."""

import base64
import time

import fast_mail_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import mime
from connectors.errors import Unreadable
from connectors.mime.parse import _fetched, by_fast_parser, by_standard_library, parse
from rules.model.sightings import Attachment
from rules.model.wire import HeaderRow

MIXED = (
    b"From: ann@acme.example\r\nSubject: =?utf-8?q?d=C3=A9vis?=\r\nMessage-ID: <1@x>\r\n"
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    b"--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nD=E9j=E0 vu\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>again</p>\r\n--b--\r\n"
    b"--a\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''d%C3%A9vis.pdf\r\n\r\nUERG\r\n"
    b"--a\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n"
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:e1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    b"--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: within\r\n\r\nNot mine\r\n--a--\r\n"
)


def nested(depth):
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%05d\r\n\r\n--b%05d\r\n" % (n, n)
        for n in range(depth)
    )
    return b"From: ann@acme.example\r\n" + head + b"Content-Type: text/plain\r\n\r\nHello\r\n"


def test_a_whole_message():
    read = parse(MIXED)
    assert (read.subject, read.message_id, read.size) == ("dévis", "1@x", len(MIXED))
    assert read.body.text == "Déjà vu"
    assert read.attachments[1:] == (
        Attachment("dévis.pdf", "application/pdf", 2),
        Attachment("within", "message/rfc822", read.attachments[2].size),
    )
    assert (read.invites.uid, read.invites.method) == ("e1", "REQUEST")


def shape(node):
    part = node.part
    # What is within a forwarded message is looked at by neither.
    whole = part.media_type == "message/rfc822" or node.children
    leaf = () if whole else (node.content().replace(b"\r\n", b"\n").strip(),)
    return (part.media_type, part.charset, part.filename, part.disposition, *leaf,
            [shape(child) for child in node.children])  # fmt: skip


@pytest.mark.parametrize("raw", [MIXED, nested(5), b"Subject: x\r\n\r\nText\r\n", b"Text only\r\n"])
def test_both_parsers_see_the_same(raw):
    fast, standard = shape(by_fast_parser(raw)), shape(by_standard_library(raw))
    assert str(fast).replace("7bit", "") == str(standard).replace("7bit", "")


def test_a_mailbox_files_first_line_is_no_header():
    read = parse(b"From ann@acme.example Tue Nov 24 10:00:00 2026\nSubject: x\n\nText\n")
    assert (read.subject, read.body.text) == ("x", "Text")


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b" \n"])
def test_nothing_is_unreadable(raw):
    with pytest.raises(Unreadable):
        parse(raw)


@pytest.mark.parametrize("depth", [150, 3_000, 20_000])
def test_parts_within_parts_without_end_are_unreadable_and_soon(depth):
    # fast-mail-parser 0.10 kills the process over the last of these.
    started = time.process_time()
    with pytest.raises(Unreadable):
        parse(nested(depth))
    assert time.process_time() - started < 5


@pytest.mark.parametrize("media_type", [b"message/rfc822", b"MESSAGE/Global"])
def test_parts_hidden_in_an_encoded_message_harm_nobody(media_type):
    head = b"From: ann@acme.example\r\nContent-Transfer-Encoding: base64\r\n"
    hidden = base64.encodebytes(nested(20_000))
    read = parse(head + b"Content-Type: " + media_type + b"\r\n\r\n" + hidden)
    assert read.from_[0].email == "ann@acme.example"
    assert read.body is None


BOMBS = {
    "14 kB of semicolons": b"Content-Type: text/plain" + b";" * 14_000 + b"\r\n\r\nText",
    "210 kB of header": b"Subject: x\r\nX-A: " + b"a" * 210_000 + b"\r\n\r\nText",
    "210 kB of fields": b"Subject: x\r\n" + b"X-A: a\r\n" * 30_000 + b"\r\nText",
    "broken charset": b'Content-Type: text/plain; charset="\xff\x00idna"\r\n\r\n\xe9t\xe9',
    "charset that is a codec": b"Content-Type: text/plain; charset=zip\r\n\r\nText",
    "broken base64": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!=a",
    "no boundary": b"Content-Type: multipart/mixed\r\n\r\n--a\r\n\r\nText",
    "boundary never closed": b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nText",
    "ten thousand parts": b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    + b"--a\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 10_000,
    "nul": b"Subject: a\x00b\r\n\r\na\x00b",
    "no header": b"just text",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_read_or_put_aside_and_soon(bomb):
    started = time.process_time()
    try:
        read = parse(BOMBS[bomb])
    except Unreadable:
        return
    assert time.process_time() - started < 5
    assert len(read.attachments) <= 200
    assert read.body is None or "\x00" not in read.body.text


@given(st.binary(max_size=500))
def test_any_octets_are_a_message_or_unreadable(raw):
    try:
        parse(raw)
    except Unreadable:
        return


@given(st.data())
def test_a_broken_message_is_a_message_or_unreadable(data):
    position = data.draw(st.integers(0, len(MIXED) - 1))
    junk = data.draw(st.binary(max_size=6))
    length = data.draw(st.integers(0, 40))
    try:
        parse(MIXED[:position] + junk + MIXED[position + length :])
    except Unreadable:
        return


def test_real_mail_is_read(corpus):
    unreadable = []
    files = sorted(corpus.glob("mail/**/*.eml"))
    assert files
    for path in files:
        raw = path.read_bytes()
        mime.headers(HeaderRow(1, raw))
        try:
            parse(raw)
        except Unreadable as error:
            unreadable.append((path.name, str(error)))
    # A handful of these files were made to be unreadable.
    assert len(unreadable) <= len(files) / 100, unreadable


def test_both_parsers_read_the_same_text_of_real_mail(corpus):
    compared, different = 0, []
    for path in sorted(corpus.glob("mail/**/*.eml")):
        raw = path.read_bytes()
        if b"\n" not in raw:
            continue
        try:
            trees = by_fast_parser(raw), by_standard_library(raw)
        except (fast_mail_parser.ParseError, Unreadable):
            continue
        compared += 1
        fast, standard = (mime.text(_fetched(tree)).body for tree in trees)
        if words(fast) != words(standard):
            different.append(path.name)
    # They repair some broken messages in their own ways.
    assert compared > 100
    assert len(different) <= compared * 0.02, different


def words(body):
    return body.text.split() if body else []
