"""The mailbox twin keeps IMAP's promises, and breaks them where it is told to."""

from datetime import UTC, datetime

import pytest

from connectors.errors import Refused, Unreachable
from connectors.memory import MemoryMailbox
from rules.model.sightings import FolderRole

PLAIN = b"Message-ID: <one@example.com>\r\nSubject: Hello\r\n\r\nBody\r\n"
MIXED = (
    b"Message-ID:\r\n <two@example.com>\r\n"
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    b"--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\nD\xe9j\xe0\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>Encore</p>\r\n--b--\r\n"
    b"--a\r\nContent-Type: application/pdf\r\n"
    b"Content-Disposition: attachment; filename=devis.pdf\r\n\r\nPDF\r\n"
    b"--a\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n"
    b"--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: within\r\n\r\nText\r\n--a--\r\n"
)


@pytest.fixture
def mailbox():
    return MemoryMailbox({"INBOX": FolderRole.INBOX, "Envoyés": FolderRole.SENT})


def test_folders_have_their_roles(mailbox):
    assert [(it.name, it.role) for it in mailbox.folders()] == [
        ("INBOX", FolderRole.INBOX),
        ("Envoyés", FolderRole.SENT),
    ]


def test_uids_ascend_and_leave_gaps(mailbox):
    assert mailbox.deliver("INBOX", PLAIN) == 1
    assert mailbox.deliver("INBOX", PLAIN, uid=10) == 10
    state = mailbox.examine("INBOX")
    assert (state.uidnext, state.exists) == (11, 2)
    with pytest.raises(ValueError, match="ascend"):
        mailbox.deliver("INBOX", PLAIN, uid=10)


def test_headers_come_by_range_without_the_body(mailbox):
    when = datetime(2026, 5, 4, 9, tzinfo=UTC)
    mailbox.deliver("INBOX", PLAIN, received=when, flags={"\\Seen"}, emailid="M1")
    mailbox.deliver("INBOX", PLAIN)
    mailbox.examine("INBOX")
    batch = mailbox.headers(1, 1)
    (row,) = batch.rows
    assert row.header == PLAIN[: -len(b"Body\r\n")]
    assert (row.uid, row.size, row.received) == (1, len(PLAIN), when)
    assert (row.flags, row.emailid) == (frozenset({"\\Seen"}), "M1")
    assert batch.holes == ()
    assert mailbox.read == len(row.header)


def test_silence_is_a_hole_and_expunging_is_not(mailbox):
    for _ in range(3):
        mailbox.deliver("INBOX", PLAIN)
    mailbox.silent.add(("INBOX", 2))
    mailbox.expunge("INBOX", 3)
    mailbox.examine("INBOX")
    batch = mailbox.headers(1, 9)
    assert ([row.uid for row in batch.rows], batch.holes) == ([1], (2,))


def test_texts_number_parts_as_imap_does(mailbox):
    mailbox.deliver("INBOX", MIXED)
    mailbox.examine("INBOX")
    (fetched,) = mailbox.texts([1, 99])
    assert [(it.section, it.media_type, data) for it, data in fetched.parts] == [
        ("1.1", "text/plain", b"D\xe9j\xe0"),
        ("3", "text/calendar", b"BEGIN:VCALENDAR"),
    ]
    assert fetched.parts[0][0].charset == "iso-8859-1"
    assert fetched.parts[0][0].encoding == "8bit"
    assert [(it.section, it.media_type, it.filename) for it in fetched.others] == [
        ("2", "application/pdf", "devis.pdf"),
        ("4", "message/rfc822", None),
    ]


def test_html_without_plain_text_is_the_text(mailbox):
    mailbox.deliver("INBOX", MIXED.replace(b"text/plain", b"text/enriched"))
    mailbox.examine("INBOX")
    (fetched,) = mailbox.texts([1])
    assert [it.section for it, _ in fetched.parts] == ["1.2", "3"]


def test_a_simple_message_has_one_part(mailbox):
    mailbox.deliver("INBOX", PLAIN)
    mailbox.examine("INBOX")
    (fetched,) = mailbox.texts([1])
    assert [(it.section, data) for it, data in fetched.parts] == [("1", b"Body\r\n")]


def test_thousands_of_nested_parts_are_no_text_and_no_crash(mailbox):
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(3000)
    )
    mailbox.deliver("INBOX", deep + b"\r\nText")
    mailbox.examine("INBOX")
    (fetched,) = mailbox.texts([1])
    assert (fetched.uid, fetched.parts) == (1, ())


def test_find_answers_for_the_examined_folder(mailbox):
    mailbox.deliver("INBOX", PLAIN)
    mailbox.deliver("INBOX", MIXED)
    mailbox.examine("INBOX")
    assert mailbox.find("two@example.com") == (2,)
    assert mailbox.find("<one@example.com>") == (1,)
    mailbox.examine("Envoyés")
    assert mailbox.find("two@example.com") == ()


def test_a_renumbered_folder_starts_again_under_a_new_uidvalidity(mailbox):
    mailbox.deliver("INBOX", PLAIN, uid=7)
    before = mailbox.examine("INBOX")
    mailbox.renumber("INBOX")
    after = mailbox.examine("INBOX")
    assert after.uidvalidity > before.uidvalidity
    assert [row.uid for row in mailbox.headers(1, after.uidnext).rows] == [1]


def test_after_unreachable_the_session_is_dead_until_login(mailbox):
    mailbox.faults = [None, Unreachable("imap: reset by peer")]
    mailbox.folders()
    with pytest.raises(Unreachable, match="reset"):
        mailbox.examine("INBOX")
    with pytest.raises(Unreachable, match="closed"):
        mailbox.folders()
    assert mailbox.login().folders()


def test_a_refusal_leaves_the_session_alive(mailbox):
    mailbox.faults = [Refused("imap: no")]
    with pytest.raises(Refused):
        mailbox.folders()
    with pytest.raises(Refused, match="no such folder"):
        mailbox.examine("Nowhere")
    with pytest.raises(Refused, match="examined"):
        mailbox.headers(1, 2)
    assert mailbox.examine("INBOX").exists == 0
