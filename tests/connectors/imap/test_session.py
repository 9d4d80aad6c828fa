"""Commands in flight, and servers that lie, hang, hang up, or answer in their own order."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import Refused, Unreachable
from tests.connectors.imap.script import Script

HEADER = b"From: ann@acme.example\r\nSubject: {3}\r\n\r\n"


def row(uid, header=HEADER):
    return b"* %d FETCH (UID %d FLAGS () BODY[HEADER.FIELDS (FROM)] {%d}\r\n%s)\r\n" % (
        uid, uid, len(header), header,
    )  # fmt: skip


def server(there, silent=(), esearch=True, said=None):
    """Answers SEARCH and FETCH truthfully, but never gives the header of the silent ones."""

    def answer(tag, command):
        if said is not None and (special := said(tag, command)) is not None:
            return special
        if b"HEADER Message-ID" in command:
            return b"* SEARCH\r\n" + tag + b" OK done\r\n"
        asked = re.search(rb"UID (?:FETCH )?(\d+)(?::(\d+))?", command)
        lo, hi = int(asked[1]), int(asked[2] or asked[1])
        uids = [uid for uid in there if lo <= uid <= hi]
        if b"RETURN (COUNT)" in command:
            data = b'* ESEARCH (TAG "%s") UID COUNT %d\r\n' % (tag, len(uids))
        elif b"SEARCH" in command:
            data = b"* SEARCH%s\r\n" % b"".join(b" %d" % uid for uid in uids)
        else:
            data = b"".join(row(uid) for uid in uids if uid not in silent)
        return data + tag + b" OK done\r\n"

    return answer


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_any_segmentation_gives_the_same_batches(segments):
    with Script(server([1, 2, 5, 9]), segments) as script:
        mailbox = script.mailbox("ESEARCH")
        batches = list(mailbox.sweep([(1, 4), (5, 8), (9, 12)]))
        assert [[r.uid for r in b.rows] for b in batches] == [[1, 2], [5], [9]]
        assert all(r.header == HEADER for b in batches for r in b.rows)


@pytest.mark.parametrize("capabilities", [("ESEARCH",), ()])
def test_four_fetches_are_in_flight(capabilities):
    held = []
    answer = server(range(1, 100))

    def hold(tag, command):
        # Nothing is answered until four FETCHes have been asked.
        held.append(answer(tag, command))
        if sum(b"FETCH" in said for said in script.commands) < 4:
            return b""
        everything = b"".join(held)
        held.clear()
        return everything

    with Script(hold) as script:
        mailbox = script.mailbox(*capabilities)
        batches = mailbox.sweep([(n, n + 9) for n in (1, 11, 21, 31)])
        assert [len(batch.rows) for batch in batches] == [10, 10, 10, 10]


@pytest.mark.parametrize("capabilities", [("ESEARCH",), ()])
def test_what_is_missing_is_asked_again_and_named_when_it_stays_away(capabilities):
    with Script(server([3, 4, 5], silent={4})) as script:
        batch = script.mailbox(*capabilities).headers(1, 10)
        assert [r.uid for r in batch.rows] == [3, 5]
        assert batch.holes == (4,)
        assert [c for c in script.commands if c.startswith(b"UID FETCH 4 ")]


@pytest.mark.parametrize("there", [[4], range(1, 100)])
def test_one_message_that_breaks_the_server_is_a_hole_and_a_broken_server_is_unreachable(there):
    def broken(tag, command):
        return tag + b" NO [SERVERBUG] Internal error\r\n" if b"FETCH" in command else None

    with Script(server(there, said=broken)) as script:
        mailbox = script.mailbox("ESEARCH")
        if len(there) == 1:
            assert mailbox.headers(1, 100).holes == (4,)
            return
        with pytest.raises(Unreachable, match="Internal error"):
            mailbox.headers(1, 100)


def test_what_comes_at_the_second_asking_is_no_hole():
    def shy(tag, command):
        return row(3) + tag + b" OK\r\n" if command.startswith(b"UID FETCH 1:") else None

    with Script(server([3, 4], said=shy)) as script:
        batch = script.mailbox("ESEARCH").headers(1, 10)
        assert ([r.uid for r in batch.rows], batch.holes) == ([3, 4], ())


def test_what_was_expunged_meanwhile_is_no_hole():
    there = [3, 4]

    def expunging(tag, command):
        if command.startswith(b"UID FETCH 4 "):
            there.remove(4)

    with Script(server(there, silent={4}, said=expunging)) as script:
        batch = script.mailbox("ESEARCH").headers(1, 10)
        assert ([r.uid for r in batch.rows], batch.holes) == ([3], ())


def test_data_given_before_an_earlier_command_ends_is_not_lost():
    # Dovecot answers the FETCH, and ends the SEARCH in front of it only then.
    held = []

    def late(tag, command):
        if b"SEARCH" in command:
            held.append(b'* ESEARCH (TAG "%s") UID COUNT 2\r\n' % tag)
            held.append(tag + b" OK search\r\n")
            return b""
        return held[0] + row(1) + row(2) + held[1] + tag + b" OK fetch\r\n"

    with Script(late) as script:
        batch = script.mailbox("ESEARCH").headers(1, 5)
        assert ([r.uid for r in batch.rows], batch.holes) == ([1, 2], ())


def test_a_later_search_that_ends_before_an_earlier_fetch_takes_no_rows_away():
    # Dovecot again: while a FETCH waits for its octets to be taken, the next SEARCH is done.
    tags = {}

    def overtaking(tag, command):
        kind = b"SEARCH" if b"SEARCH" in command else b"FETCH"
        lo = re.search(rb"(\d+):", command)[1]
        tags[kind + lo] = tag
        if len(tags) < 4:
            return b""
        return (
            b'* ESEARCH (TAG "%s") UID COUNT 2\r\n' % tags[b"SEARCH1"]
            + tags[b"SEARCH1"]
            + b" OK\r\n"
            + row(1)
            + b'* ESEARCH (TAG "%s") UID COUNT 1\r\n' % tags[b"SEARCH11"]
            + tags[b"SEARCH11"]
            + b" OK\r\n"
            + row(2)
            + tags[b"FETCH1"]
            + b" OK\r\n"
            + row(12)
            + tags[b"FETCH11"]
            + b" OK\r\n"
        )

    with Script(overtaking) as script:
        batches = list(script.mailbox("ESEARCH").sweep([(1, 10), (11, 20)]))
        assert [([r.uid for r in b.rows], b.holes) for b in batches] == [([1, 2], ()), ([12], ())]
        assert len(script.commands) == 4, "nothing was asked twice"


def test_nested_questions_keep_their_answers_apart():
    with Script(server(range(1, 200))) as script:
        mailbox = script.mailbox("ESEARCH")
        outer = mailbox.sweep([(n, n + 9) for n in range(1, 90, 10)])
        inner = mailbox.sweep([(n, n + 4) for n in range(100, 190, 5)])
        for number in range(9):
            assert [r.uid for r in next(outer).rows] == list(
                range(10 * number + 1, 10 * number + 11)
            )
            assert mailbox.find("x") == ()
            for half in (0, 1):
                first = 100 + 10 * number + 5 * half
                assert [r.uid for r in next(inner).rows] == list(range(first, first + 5))
        assert [list(outer), list(inner)] == [[], []]


def test_a_sweep_may_be_interrupted_by_other_questions_and_left_early():
    with Script(server(range(1, 100))) as script:
        mailbox = script.mailbox("ESEARCH")
        sweep = mailbox.sweep([(n, n + 9) for n in range(1, 90, 10)])
        assert len(next(sweep).rows) == 10
        assert len(mailbox.headers(95, 99).rows) == 5
        assert [r.uid for r in next(sweep).rows] == list(range(11, 21))
        sweep.close()
        assert len(mailbox.headers(1, 3).rows) == 3


def test_unasked_data_between_is_harmless():
    def chatty(tag, command):
        if b"FETCH" not in command:
            return None
        noise = b"* 7 EXISTS\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 3 EXPUNGE\r\n* OK [X] y\r\n"
        return noise + row(1) + noise + row(50) + tag + b" OK\r\n"

    with Script(server([1], said=chatty)) as script:
        batch = script.mailbox("ESEARCH").headers(1, 5)
        assert ([r.uid for r in batch.rows], batch.holes) == ([1], ())


@pytest.mark.parametrize("at", range(0, 60, 7))
def test_the_end_of_the_connection_is_an_exception_wherever_it_comes(at):
    whole = row(1)
    with Script(lambda tag, command: None) as script:
        script._server.sendall(whole[:at])
        mailbox = script.mailbox("ESEARCH")
        with pytest.raises(Unreachable, match="script: "):
            mailbox.headers(1, 5)
        with pytest.raises(Unreachable):
            mailbox.headers(1, 5)


def test_bye_is_told_with_its_reason():
    bye = Script(lambda tag, command: b"* BYE Too busy\x07today\r\n")
    with bye as script, pytest.raises(Unreachable, match="Too busy today"):
        script.mailbox().headers(1, 5)


def test_a_server_that_says_nothing_is_given_up():
    with Script(lambda tag, command: b"") as script:
        started = time.monotonic()
        with pytest.raises(Unreachable, match="no answer in time"):
            script.mailbox(timeout=0.2).headers(1, 5)
        assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "said",
    [
        b"NO [LIMIT] Request is throttled. Suggested Backoff Time: 299961 milliseconds",
        b"BAD User is authenticated but not connected",
        b"NO [UNAVAILABLE] later",
    ],
)
def test_a_passing_trouble_is_unreachable_and_makes_no_holes(said):
    busy = Script(lambda tag, command: tag + b" " + said + b"\r\n")
    with busy as script, pytest.raises(Unreachable):
        script.mailbox("ESEARCH").headers(1, 5)


def test_a_refusal_is_refused():
    closed = Script(lambda tag, command: tag + b" NO [NOPERM] not yours\r\n")
    with closed as script, pytest.raises(Refused, match="not yours"):
        script.mailbox().examine("Secrets")


def test_one_broken_structure_spoils_no_other_text():
    deep = b"(" * 3000 + b'"text" "plain" NIL NIL NIL "7bit" 1 1' + b")" * 3000
    good = b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 5 1)'

    def answer(tag, command):
        if b"BODYSTRUCTURE" in command:
            data = b"* 1 FETCH (UID 1 BODYSTRUCTURE %s)\r\n" % deep
            data += b"* 2 FETCH (UID 2 BODYSTRUCTURE %s)\r\n" % good
            data += b"* 3 FETCH (UID 3 BODYSTRUCTURE nonsense)\r\n"
        else:
            data = b"* 2 FETCH (UID 2 BODY[1]<0> {5}\r\nhello)\r\n"
        return data + tag + b" OK\r\n"

    with Script(answer) as script:
        texts = script.mailbox().texts([1, 2, 3])
        assert [(t.uid, [octets for _, octets in t.parts]) for t in texts] == [
            (1, []),
            (2, [b"hello"]),
            (3, []),
        ]


def test_one_text_that_can_not_be_read_costs_its_group_nothing():
    good = b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 5 1)'

    def answer(tag, command):
        data = b""
        if b"BODYSTRUCTURE" in command:
            data = b"".join(
                b"* %d FETCH (UID %d BODYSTRUCTURE %s)\r\n" % (n, n, good) for n in (1, 2, 3)
            )
        elif b"FETCH 1:3 " in command or b"FETCH 2 " in command:
            return tag + b" NO [SERVERBUG] message 2 is broken\r\n"
        else:
            uid = int(re.search(rb"FETCH (\d+)", command)[1])
            data = b"* %d FETCH (UID %d BODY[1]<0> {5}\r\nhello)\r\n" % (uid, uid)
        return data + tag + b" OK\r\n"

    with Script(answer) as script:
        texts = script.mailbox().texts([1, 2, 3])
        assert [(t.uid, len(t.parts)) for t in texts] == [(1, 1), (2, 0), (3, 1)]


FRAGMENTS = st.sampled_from(
    [b"* ", b"1 ", b"FETCH (", b"UID 1 ", b"FLAGS (\\Seen)", b"BODYSTRUCTURE ", b"BODY[1]<0> ",
     b"BODY[HEADER.FIELDS (FROM)] ", b"{3}\r\nabc", b")", b"(", b'"', b"NIL ", b"\r\n", b"LIST () ",
     b'"/" ', b"INBOX", b"SEARCH ", b"99999999999999999999 ", b"ESEARCH (TAG ", b"UID COUNT 3",
     b"OK ", b"[UIDVALIDITY 1] ", b"[UIDNEXT 0] ", b"7 EXISTS", b"\xff\x00", b"\\", b"* BYE x\r\n"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(FRAGMENTS, max_size=25).map(b"".join), st.sampled_from([b"OK", b"NO", b"BAD", b"?"])
)
def test_whatever_a_server_says_is_an_answer_or_an_error_of_ours(said, status):
    def answer(tag, command):
        return said + b"\r\n" + tag + b" " + status + b" done\r\n"

    questions = [
        lambda mailbox: mailbox.folders(),
        lambda mailbox: mailbox.examine("INBOX"),
        lambda mailbox: mailbox.headers(1, 3),
        lambda mailbox: mailbox.texts([1, 2]),
        lambda mailbox: mailbox.find("a@b"),
    ]
    for question in questions:
        with Script(answer) as script:
            try:
                question(script.mailbox("ESEARCH", timeout=0.05))
            except (Unreachable, Refused) as error:
                assert "\n" not in str(error)


def test_folders_are_known_by_attribute_or_else_by_name():
    def answer(tag, command):
        return (
            (
                b'* LIST (\\HasNoChildren) "/" INBOX\r\n'
                b'* LIST (\\Noselect) "/" Clients\r\n'
                b'* LIST () "/" "Clients/Sent"\r\n'
                b'* LIST (\\HasNoChildren \\Sent) "/" "&AMk-l&AOk-ments envoy&AOk-s"\r\n'
                b'* LIST () "/" Sent\r\n'
                b'* LIST () "/" {9}\r\nBrouillon\r\n'
                b'* LIST () "/" "broken &name"\r\n'
            )
            + tag
            + b" OK\r\n"
        )

    with Script(answer) as script:
        found = {f.name: (f.role.value, f.selectable) for f in script.mailbox().folders()}
        assert found == {
            "INBOX": ("inbox", True),
            "Clients": ("other", False),
            "Clients/Sent": ("other", True),
            "Éléments envoyés": ("sent", True),
            # The server has told which folder holds what was sent: this one is something else.
            "Sent": ("other", True),
            "Brouillon": ("drafts", True),
            "broken &name": ("other", True),
        }


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("Sent", b'"Sent"'),
        ("Envoyés", b'"Envoy&AOk-s"'),
        ('a "b" \\c', b'"a \\"b\\" \\\\c"'),
        ("R&D", b'"R&-D"'),
    ],
)
def test_folder_names_are_written_as_the_server_knows_them(name, wire):
    def answer(tag, command):
        return b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\n" + tag + b" OK\r\n"

    with Script(answer) as script:
        assert script.mailbox().examine(name).uidvalidity == 7
        assert script.commands == [b"EXAMINE " + wire]


def test_a_missing_uidnext_is_reckoned_and_a_missing_uidvalidity_refused():
    def answer(tag, command):
        if b"FETCH" in command:
            return b"* 2 FETCH (UID 41)\r\n" + tag + b" OK\r\n"
        known = b"* OK [UIDVALIDITY 7] x\r\n" if b"Good" in command else b""
        return b"* 2 EXISTS\r\n" + known + tag + b" OK [READ-ONLY]\r\n"

    with Script(answer) as script:
        assert script.mailbox().examine("Good").uidnext == 42
        with pytest.raises(Refused, match="UIDVALIDITY"):
            script.mailbox().examine("Bad")


def test_extras_are_asked_where_they_are_offered_and_size_is_not_where_it_costs():
    with Script(server([])) as script:
        script.mailbox("OBJECTID", "X-GM-EXT-1").headers(1, 2)
        script.mailbox(welcome=b"DavMail 6.2 ready").headers(1, 2)
    gmail, davmail = [c for c in script.commands if b"FETCH" in c]
    assert b"EMAILID X-GM-MSGID" in gmail
    assert b"RFC822.SIZE" in gmail
    assert b"RFC822.SIZE" not in davmail
