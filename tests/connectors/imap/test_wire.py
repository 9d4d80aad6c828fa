"""However the octets are cut, the same responses come out; and nothing grows without bound."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.imap import values
from connectors.imap.wire import RESPONSE_MOST, Parser, Response, WireError

TALK = (
    b"* OK hello\r\n"
    b'* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[HEADER.FIELDS (FROM "TO")]<0> {10}\r\nTo: a\r\n{3}'
    b' X "a\\"b\\\\" NIL)\r\n'
    b"* 2 FETCH (UID 6 BODY[] {0}\r\n BODY[TEXT] ~{2+}\r\n\r\n)\r\n"
    b"* LIST (\\Noselect) NIL {3}\r\na\nb\r\n"
    b"+ idling\r\n"
    b"A1 OK [READ-ONLY] done\r\n"
)
WHOLE = [
    Response((b"* OK hello",)),
    Response(
        (
            b'* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[HEADER.FIELDS (FROM "TO")]<0> {10}',
            b"To: a\r\n{3}",
            b' X "a\\"b\\\\" NIL)',
        )
    ),
    Response((b"* 2 FETCH (UID 6 BODY[] {0}", b"", b" BODY[TEXT] ~{2+}", b"\r\n", b")")),
    Response((b"* LIST (\\Noselect) NIL {3}", b"a\nb", b"")),
    Response((b"+ idling",)),
    Response((b"A1 OK [READ-ONLY] done",)),
]


def fed(parser, octets, cuts):
    out = []
    marks = [0, *sorted(cuts), len(octets)]
    for start, end in pairwise(marks):
        out += parser.feed(octets[start:end])
    return out


def test_a_talk_is_understood():
    parser = Parser()
    assert parser.feed(TALK) == WHOLE
    assert parser.idle()


@pytest.mark.parametrize("cut", range(len(TALK)))
def test_a_cut_at_any_place_changes_nothing(cut):
    assert fed(Parser(), TALK, [cut]) == WHOLE


def test_octet_by_octet_changes_nothing():
    assert fed(Parser(), TALK, range(len(TALK))) == WHOLE


@given(
    octets=st.lists(
        st.sampled_from(
            [b"* A", b"{3}", b"\r\n", b"\n", b"\r", b'"', b"(", b"abc", b"{12}", b"~{1+}"]
        )
    ).map(b"".join),
    cuts=st.lists(st.integers(0, 60)),
    line=st.integers(1, 20),
    literal=st.integers(0, 5),
)
def test_any_segments_of_anything_give_the_same(octets, cuts, line, literal):
    cuts = [min(cut, len(octets)) for cut in cuts]
    at_once = Parser(literal, line)
    in_pieces = Parser(literal, line)
    assert at_once.feed(octets) == fed(in_pieces, octets, cuts)
    assert at_once.idle() == in_pieces.idle()


def test_a_long_literal_is_cut_and_says_so():
    first, second = Parser(literal_kept=4).feed(b"* 1 X {10}\r\n0123456789 Y\r\n* OK\r\n")
    assert first == Response((b"* 1 X {10}", b"0123", b" Y"), cut=True)
    assert second == Response((b"* OK",))


def test_a_long_line_is_cut_and_its_literal_still_read():
    first, second = Parser(line_kept=8).feed(b"* 1 " + b"x" * 100 + b" {3}\r\nabc)\r\n* OK\r\n")
    assert first == Response((b"* 1 xxxx", b"abc", b")"), cut=True)
    assert second == Response((b"* OK",))


def test_a_line_without_end_takes_no_memory():
    parser = Parser(line_kept=1000)
    with pytest.raises(WireError):
        for _ in range(RESPONSE_MOST // 100_000 + 2):
            parser.feed(b"x" * 100_000)
    assert len(parser._buffer) + len(parser._line) < 200_000


def test_a_literal_of_absurd_length_is_refused_before_it_comes():
    with pytest.raises(WireError):
        Parser().feed(b"* 1 X {99999999999}\r\n")


def test_values_of_every_kind():
    response = Parser().feed(TALK)[1]
    assert values.read(response, len(b"* 1 FETCH ")) == [
        [
            b"UID", b"5", b"FLAGS", [b"\\Seen"],
            b'BODY[HEADER.FIELDS (FROM "TO")]<0>', b"To: a\r\n{3}",
            b"X", b'a"b\\', None,
        ]
    ]  # fmt: skip


@given(st.binary(max_size=200))
def test_values_of_anything_are_read_or_refused(octets):
    response = Response((octets.replace(b"\n", b" "),))
    try:
        read = values.read(response)
    except ValueError:
        return
    assert isinstance(read, list)


def test_nesting_is_bounded_and_never_recurses():
    with pytest.raises(values.TooDeep):
        values.read(Response((b"(" * 100_000 + b")" * 100_000,)))


@pytest.mark.parametrize("hostile", [b'"' + b"\\" * 200_001, b"[" * 20_000, b'"a" ' * 50_000])
def test_hostile_text_takes_linear_time(hostile):
    try:
        values.read(Response((hostile,)))
    except ValueError:
        return
