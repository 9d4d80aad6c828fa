"""format=flowed: RFC 3676, with its own corner cases."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import mime
from connectors.mime.flowed import paragraphs


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("Une ligne \nqui continue.\nUne autre.", "Une ligne qui continue.\nUne autre."),
        # Stuffed lines lose their blank (§4.4), and only one of them.
        (" From here\n  two\n > no quote", "From here\n two\n> no quote"),
        ("> Cité \n> encore\nMoi.", "> Cité encore\nMoi."),
        # A change of depth ends a paragraph, though its last line says that it goes on (§4.5).
        (">> profond \n> moins\nMoi.", ">> profond\n> moins\nMoi."),
        ("Merci \n-- \nAnn \nMartin", "Merci \n-- \nAnn Martin"),
        ("", ""),
        ("fin ", "fin "),
    ],
)
def test_lines_are_joined_as_they_were_written(wire, read):
    assert [line.rstrip() for line in paragraphs(wire).split("\n")] == [
        line.rstrip() for line in read.split("\n")
    ]


def test_the_signature_mark_keeps_its_blank():
    assert "\n-- \n" in paragraphs("Merci \n-- \nAnn")


def test_delsp_takes_the_blank_out():
    assert paragraphs("Donau \ndampf\nschiff", delsp=True) == "Donaudampf\nschiff"


def test_a_message_says_that_it_flows():
    raw = (
        b"From: j@x.example\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n"
        b"D'accord \r\npour mardi.\r\n\r\n> Mardi \r\n> ?\r\n"
    )
    body = mime.parse(raw).body
    assert body.text == "D'accord pour mardi.\n\n> Mardi ?"
    assert body.text[: body.quoted_from] == "D'accord pour mardi.\n\n"
    plain = mime.parse(raw.replace(b"; format=flowed", b"")).body
    assert plain.text.startswith("D'accord \npour")


@pytest.mark.parametrize("piece", ["a ", "> \n", "x \n", ">", ">> a \n> b \n"])
def test_a_megabyte_takes_twice_as_long_as_half_of_it(piece):
    half, whole = (_seconds(piece * (size // len(piece))) for size in (500_000, 1_000_000))
    assert whole < 3 * half + 0.02
    assert whole < 20


def _seconds(text):
    started = time.process_time()
    paragraphs(text)
    return time.process_time() - started


@given(st.text("ab >-\n", max_size=200))
def test_no_word_is_lost(text):
    assert [c for c in paragraphs(text) if c in "ab-"] == [c for c in text if c in "ab-"]
