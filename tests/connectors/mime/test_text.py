"""Fetched parts become the text that a reader sees, and names of what else hangs on the mail."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import mime
from connectors.mime import html, invites
from connectors.mime.quotes import fold
from rules.model.sightings import Attachment, EventRef
from rules.model.wire import FetchedText, Part


def part(media_type="text/plain", encoding="7bit", charset=None, **more):
    return Part("1", media_type, charset, encoding, **more)


def read(octets, **of_part):
    return mime.text(FetchedText(1, ((part(**of_part), octets),))).body


@pytest.mark.parametrize(
    ("octets", "of_part", "text"),
    [
        (b"Hello\r\nyou\r\n", {}, "Hello\nyou"),
        (b"D=E9j=E0 =\r\nvu", {"encoding": "quoted-printable", "charset": "iso-8859-1"}, "Déjà vu"),
        (b"w6k=\r\n", {"encoding": "base64", "charset": "utf-8"}, "é"),
        # Cut in the middle, with a list server's footer, and of the wrong length.
        (b"w6nDqcOpw", {"encoding": "base64", "charset": "utf-8"}, "ééé"),
        (b"w6k=\r\n_____\r\nfooter", {"encoding": "base64", "charset": "utf-8"}, "é"),
        ("été".encode("cp1252"), {"charset": "us-ascii"}, "été"),
        ("été".encode(), {"charset": "iso-8859-1"}, "été"),
        ("été €".encode("cp1252"), {"charset": "iso-8859-1"}, "été €"),
        ("été".encode("utf-16"), {"charset": "utf-16"}, "été"),
        ("日本".encode("iso2022_jp"), {"charset": "ISO-2022-JP"}, "日本"),
        (b"\xe9t\xe9", {"charset": "no-such-charset"}, "été"),
        (b"a\x00b\x07c", {}, "abc"),
        (b"x", {"encoding": "x-unknown"}, "x"),
    ],
)
def test_every_encoding_and_charset(octets, of_part, text):
    assert read(octets, **of_part).text == text


def test_a_text_cut_at_the_limit_ends_with_a_whole_character():
    octets = b"a" + "é".encode() * 40_000
    assert read(octets[:65_536], charset="utf-8").text == "a" + "é" * 32_767


def test_html_reads_as_on_the_screen():
    octets = (
        b"<html><head><title>no</title><style>p{}</style></head><body><!-- no -->"
        b"<p>Bonjour&nbsp;Paul,<br class=x>ligne\r\nune</p><div>deux</div>"
        b"<table><tr><td>a</td><td>b</td></tr></table><script>no()</script></body></html>"
    )
    assert read(octets, media_type="text/html").text == "Bonjour Paul,\nligne une\ndeux\n\na b"


def test_the_quote_is_found_in_html_too():
    octets = (
        b"<div>Merci.</div><br><div class=gmail_quote>Le lun. 3 mars 2025 \xc3\xa0 10:12, Jean "
        b"&lt;<a href='mailto:j@x'>j@x</a>&gt; a \xc3\xa9crit&nbsp;:<br>"
        b"<blockquote>Bonjour</blockquote></div>"
    )
    body = read(octets, media_type="text/html", charset="utf-8")
    assert body.text[: body.quoted_from].strip() == "Merci."


def test_nothing_readable_is_no_body():
    assert mime.text(FetchedText(1, ())).body is None
    assert read(b" \r\n\x00") is None


def test_several_texts_are_one():
    parts = ((part(), b"One\r\n"), (part(), b"Two\r\n"))
    assert mime.text(FetchedText(1, parts)).body.text == "One\n\nTwo"


def test_attachments_are_named_decoded_and_measured():
    others = (
        part("application/pdf", "base64", size=7800, filename="=?utf-8?q?d=C3=A9vis.pdf?="),
        part("image/png", filename="a\u202egnp.exe\r\n", size=5),
        part("text/plain", disposition="attachment", size=3),
        part("text/html"),
        part("message/rfc822", filename="Old subject"),
        part("nonsense", "7bit", filename="x"),
    )
    assert mime.text(FetchedText(1, (), others)).attachments == (
        Attachment("dévis.pdf", "application/pdf", 5700),
        Attachment("agnp.exe", "image/png", 5),
        Attachment("", "text/plain", 3),
        Attachment("Old subject", "message/rfc822", 0),
        Attachment("x", "application/octet-stream", 0),
    )


CALENDAR = (
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\n{}UID:long-\r\n name@acme.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.mark.parametrize(
    ("line", "recurrence"),
    [
        ("", None),
        ("RECURRENCE-ID:20260301T090000Z\r\n", "20260301T090000Z"),
        ("RECURRENCE-ID;TZID=Europe/Paris:20260701T090000\r\n", "20260701T070000Z"),
        ('RECURRENCE-ID;X="a:b";TZID="Europe/Paris":20260101T090000\r\n', "20260101T080000Z"),
        ("RECURRENCE-ID;TZID=Romance Standard Time:20260701T090000\r\n", "20260701T090000"),
        ("RECURRENCE-ID;TZID=../../etc/passwd:20260701T090000\r\n", "20260701T090000"),
        ("RECURRENCE-ID;VALUE=DATE:20260701\r\n", "20260701"),
    ],
)
def test_an_invitation_says_which_meeting_it_is_about(line, recurrence):
    ref = EventRef("long-name@acme.example", recurrence, "REQUEST")
    assert invites.read(CALENDAR.format(line)) == ref
    octets = CALENDAR.format(line).encode()
    found = mime.text(FetchedText(1, ((part("text/calendar"), octets),)))
    assert (found.invites, found.body) == (ref, None)


def test_a_calendar_without_an_event_invites_to_nothing():
    assert invites.read("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n") is None
    assert invites.read("") is None


@given(st.binary(max_size=400), st.sampled_from(["base64", "quoted-printable", "8bit", "x"]))
def test_any_octets_are_a_text(octets, encoding):
    for media_type in ("text/plain", "text/html", "text/calendar"):
        found = mime.text(FetchedText(1, ((part(media_type, encoding, "utf-8"), octets),)))
        assert found.body is None or "\x00" not in found.body.text


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 13_000,
        "<br" * 21_000,
        "<" * 65_000,
        "<p>x</p>" * 8_000,
        "&nbsp;" * 10_000,
        "<!--" * 16_000,
        "<blockquote type=cite>" * 3_000,
        "<blockquote " * 5_400,
        "</blockquote>" * 5_000,
    ],
)
def test_hostile_html_takes_little_time(source):
    started = time.process_time()
    html.text(source)
    assert time.process_time() - started < 1.0


GMAIL = (
    '<div dir="ltr">Oui, mardi.</div><br><div class="gmail_quote"><div dir="ltr" '
    'class="gmail_attr">Le lun. 3 mars 2025 à 10:12, Jean &lt;<a href="mailto:j@x.example">'
    'j@x.example</a>&gt; a écrit :<br></div><blockquote class="gmail_quote" style="margin:0">'
    "<div>Mardi ?</div><blockquote type=cite>Quand ?</blockquote></blockquote></div>"
)


def test_quotes_in_html_are_signed_and_folded():
    seen = html.text(GMAIL)
    assert seen.endswith(" a écrit :\n\n> Mardi ?\n>\n>> Quand ?")
    assert seen[: fold(seen)].strip() == "Oui, mardi."


def test_an_answer_between_quotes_in_html_is_not_folded():
    seen = html.text(
        "<p>Am 3.3.25 um 10:12 schrieb Jean:</p><blockquote type=cite>Morgen?</blockquote>"
        "<p>Ja.</p><blockquote type='cite'>Und der Preis?</blockquote><p>Bleibt.</p>"
    )
    assert fold(seen) is None
    assert "> Morgen?" in seen
    assert "\nJa." in seen


def test_what_is_only_indented_is_no_quote():
    assert ">" not in html.text('<blockquote style="margin:0 0 0 40px">Prix : 3 €</blockquote>')
