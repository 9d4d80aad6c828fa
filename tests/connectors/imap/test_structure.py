"""Which parts of a message are its text, by its BODYSTRUCTURE."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.imap import structure, values
from connectors.imap.texts import uid_set
from connectors.imap.wire import Response

TEXT = b'("TEXT" "%s" ("CHARSET" "utf-8") NIL NIL "7BIT" %d 4)'
PLAIN = TEXT % (b"PLAIN", 50)
HTML = TEXT % (b"HTML", 900)
PDF = (
    b'("APPLICATION" "PDF" ("NAME" "a.pdf") NIL NIL "BASE64" 7800 NIL '
    b'("ATTACHMENT" ("FILENAME" "quote.pdf")) NIL NIL)'
)
FORWARDED = (
    b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 400 '
    b'(NIL "Old subject" NIL NIL NIL NIL NIL NIL NIL NIL) %s 12)' % PLAIN
)


def chosen(text):
    (value,) = values.read(Response((text,)))
    choice = structure.choose(value)
    wanted = [(part.section, part.media_type) for part in choice.wanted]
    return wanted, [(part.section, part.filename) for part in choice.others]


@pytest.mark.parametrize(
    ("text", "wanted", "others"),
    [
        (PLAIN, [("1", "text/plain")], []),
        (HTML, [("1", "text/html")], []),
        (b"(%s%s " % (PLAIN, HTML) + b'"ALTERNATIVE")', [("1", "text/plain")], []),
        (b'(%s%s "ALTERNATIVE")' % (TEXT % (b"PLAIN", 2), HTML), [("2", "text/html")], []),
        (
            b'((%s%s "ALTERNATIVE")%s "MIXED" ("BOUNDARY" "x") NIL NIL)' % (PLAIN, HTML, PDF),
            [("1.1", "text/plain")],
            [("2", "quote.pdf")],
        ),
        # Apple cuts a text at each picture.
        (
            b'(%s%s%s "MIXED")' % (PLAIN, PDF, PLAIN),
            [("1", "text/plain"), ("3", "text/plain")],
            [("2", "quote.pdf")],
        ),
        (
            b'((%s%s "RELATED") "MIXED")' % (HTML, PDF),
            [("1.1", "text/html")],
            [("1.2", "quote.pdf")],
        ),
        # A forwarded message is a file to its reader.
        (b'(%s%s "MIXED")' % (PLAIN, FORWARDED), [("1", "text/plain")], [("2", "Old subject")]),
        (
            b'(%s("TEXT" "CALENDAR" NIL NIL NIL "7BIT" 900 20) "ALTERNATIVE")' % PLAIN,
            [("1", "text/plain"), ("2", "text/calendar")],
            [],
        ),
        # A calendar of more than 64 KiB is not read.
        (
            b'(%s("TEXT" "CALENDAR" NIL NIL NIL "7BIT" 65537 20) "MIXED")' % PLAIN,
            [("1", "text/plain")],
            [("2", None)],
        ),
        (
            b'("TEXT" "PLAIN" ("NAME" "log.txt") NIL NIL "7BIT" 9 1 NIL ("ATTACHMENT" NIL))',
            [],
            [("1", "log.txt")],
        ),
        # RFC 2231: pieces, some of them percent-encoded.
        (
            b'("IMAGE" "PNG" ("NAME*0*" "utf-8\'\'%c3%a9t" "NAME*1" "e.png") NIL NIL "BASE64" 8)',
            [],
            [("1", "éte.png")],
        ),
        (b'("IMAGE" "PNG" ("NAME*" "nonsense\'\'%ff") NIL NIL "BASE64" 8)', [], [("1", "\ufffd")]),
    ],
)  # fmt: skip
def test_the_text_is_chosen_and_the_rest_is_named(text, wanted, others):
    assert chosen(text) == (wanted, others)


def test_only_so_many_texts_and_parts_are_looked_at():
    wanted, others = chosen(b"(" + PLAIN * 600 + PDF * 600 + b' "MIXED")')
    assert len(wanted) == structure.TEXT_PARTS_MOST
    assert len(others) < structure.PARTS_MOST


VALUE = st.recursive(
    st.none() | st.sampled_from([b"TEXT", b"PLAIN", b"MIXED", b"MESSAGE", b"RFC822", b"12", b""]),
    lambda inner: st.lists(inner, max_size=12),
    max_leaves=40,
)


@given(VALUE)
def test_whatever_a_server_says_is_read_or_refused(value):
    try:
        choice = structure.choose(value)
    except (ValueError, IndexError):
        return
    assert len(choice.wanted) <= structure.TEXT_PARTS_MOST + 1


@given(st.sets(st.integers(1, 60)))
def test_a_uid_set_names_each_uid_once(uids):
    named = []
    for run in uid_set(uids).split(",") if uids else []:
        lo, _, hi = run.partition(":")
        named += range(int(lo), int(hi or lo) + 1)
    assert named == sorted(uids)
