"""What is read of every message of the corpus, against the standard library's tolerant reading:
sender, date, subject, and the words of the text, which tell the charset.

Every difference stands in `differences.tsv` with its verdict; `VERDICTS` says what each means.
"""

from collections import Counter
from pathlib import Path

import pytest

from connectors import mime
from connectors.errors import Unreadable
from tests.mailcorpus import messages
from tests.tolerant import Tolerant, plain

LIST = Path(__file__).parent / "differences.tsv"
VERDICTS = {
    "octets": "better: octets without a charset, or a wrong one, are UTF-8 or Windows-1252 to us; "
    "they put marks of replacement",
    "windows-1252": "better: what says Latin-1 and has quotation marks is Windows-1252 (WHATWG)",
    "not-a-field": "better: they stop at the first line that is no field, or at a blank in a name",
    "blanks": "the same but for blanks beside encoded words",
    "years-since-1900": "better: year 102 of programs of 2002 (RFC 5322 §4.3)",
    "before-1970": "refused: nobody wrote mail then, and a clock that was not set says so",
    "encoded-address": "better: an address within an encoded word is decoded",
    "nothing-there": "a file without a message, or parts nested more than 100 deep: refused, and "
    "through a mailbox captured by its headers",
    "repaired": "both repair what is broken, each in its way; no word of a sender is lost",
}


def differences(raw):
    """Field, ours, theirs; for text ours are the words that theirs lacks."""
    try:
        ours = mime.parse(raw)
    except Unreadable as error:
        yield "unreadable", str(error), ""
        return
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    theirs = Tolerant(raw.lstrip())
    if (subject := plain(ours.subject)) != theirs.subject()[: len(subject) or None]:
        yield "subject", subject, theirs.subject()
    sender = sorted({a.email.lower() for a in ours.from_})
    if sender != theirs.sender():
        yield "sender", sender, theirs.sender()
    if ours.date != theirs.date():
        yield "date", ours.date, theirs.date()
    if ours.body is not None:
        expected = theirs.words()
        words = {w.lstrip(">") for w in plain(ours.body.text).split()} - expected
        if words := words - {w.lstrip(">") for w in expected} - {""}:
            yield "text", words, expected


@pytest.mark.timeout(1200)
def test_every_difference_has_a_verdict(corpus, record_property):
    accepted = {}
    for line in LIST.read_text("utf-8").splitlines():
        field, name, verdict = line.split("\t")
        assert verdict in VERDICTS
        accepted[field, name] = verdict
    number, found = 0, set()
    for name, raw in messages(corpus):
        number += 1
        found |= {(field, name) for field, _, _ in differences(raw)}
    told = Counter(field for field, _ in found)
    record_property("told", f"corpus: {number} messages read, differences {dict(told)}")
    assert found - accepted.keys() == set()
    assert accepted.keys() - found == set(), "agrees now: take it off the list"
