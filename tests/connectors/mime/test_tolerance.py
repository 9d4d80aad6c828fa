"""What real programs write against the letter: comments in addresses, old years, rare charsets."""

from datetime import UTC, datetime

import pytest

from connectors.mime import charsets
from connectors.mime.addresses import addresses
from connectors.mime.dates import date


@pytest.mark.parametrize(
    "value",
    [
        "Ann <ann (at work)@ (the) acme.example>",
        "Ann <ann(at work)@acme.example>",
        "<ann@acme.example(of Acme)>",
    ],
)
def test_comments_are_no_part_of_an_address(value):
    assert [a.email for a in addresses(value)] == ["ann@acme.example"]


def test_years_that_were_counted_from_1900():
    assert date("Thu, 22 Aug 102 12:07:35 +0000") == datetime(2002, 8, 22, 12, 7, 35, tzinfo=UTC)


@pytest.mark.parametrize(
    ("label", "octets", "text"),
    [
        ("windows-874", b"\xa1\xe8", "ก่"),
        ("koi8-u", b"\xa4", "є"),
        ("ks_c_5601-1987", b"\xb0\xed", "고"),
    ],
)
def test_charsets_that_python_lists_nowhere(label, octets, text):
    assert charsets.decode(octets, label) == text
