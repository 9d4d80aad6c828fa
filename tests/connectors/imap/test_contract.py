"""What every Mailbox promises: the memory twin, pymap, and Dovecot rich and poor keep it alike."""

import pytest

from connectors import imap, mime
from connectors.errors import Refused, Unreachable
from connectors.memory import MemoryMailbox
from rules.model.sightings import FolderRole, Report, Undelivered
from tests.connectors.imap.conftest import account

PLAIN = (
    b"From: Ann <ann@acme.example>\r\nTo: bob@staff.example\r\nSubject: %d\r\n"
    b"Message-ID: <m%d@acme.example>\r\nX-Irrelevant: yes\r\n\r\nText %d\r\n"
)
MIXED = (
    b"From: ann@acme.example\r\nMessage-ID: <mixed@acme.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    b"--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nD=E9j=E0 vu\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>again</p>\r\n--b--\r\n"
    b"--a\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename=quote.pdf\r\n\r\nUERG\r\n"
    b"--a\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n"
    b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n--a--\r\n"
)


BOUNCE = (
    b"From: MAILER-DAEMON@mx.staff.example\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
    b"Message-ID: <bounce@mx.staff.example>\r\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=a\r\n\r\n"
    b"--a\r\nContent-Type: text/plain\r\n\r\nNobody there.\r\n"
    b"--a\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; mx.staff.example\r\n\r\n"
    b"Final-Recipient: rfc822; ann@acme.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    b"--a\r\nContent-Type: %s\r\n\r\n"
    b"From: bob@staff.example\r\nMessage-ID: <quote@staff.example>\r\nSubject: Quote\r\n\r\n"
    b"%s--a--\r\n"
)


class Memory:
    """The twin dressed as a server."""

    def __init__(self):
        self.mailbox = MemoryMailbox({"INBOX": FolderRole.INBOX, "Clients": FolderRole.OTHER})

    def deliver(self, user, folder, raw, flags=""):
        self.mailbox.deliver(folder, raw, flags={"\\Seen"} if "S" in flags else ())

    def connect(self, user):
        return self.mailbox.login()


class Real:
    """A real server."""

    def __init__(self, server):
        self.server = server
        self.deliver = server.deliver

    def connect(self, user):
        return imap.connect(account(self.server, user))


@pytest.fixture(params=["memory", "pymap", "dovecot", "bare_dovecot"])
def place(request):
    return Memory() if request.param == "memory" else Real(request.getfixturevalue(request.param))


@pytest.fixture
def mailbox(place, user):
    mailbox = place.connect(user)
    yield mailbox
    mailbox.close()


def test_inbox_is_known_and_selectable(mailbox):
    inbox = next(f for f in mailbox.folders() if f.name.upper() == "INBOX")
    assert (inbox.role, inbox.selectable) == (FolderRole.INBOX, True)


def test_examine_tells_where_new_mail_will_be(place, user, mailbox):
    before = mailbox.examine("INBOX")
    place.deliver(user, "INBOX", PLAIN % (1, 1, 1))
    after = mailbox.examine("INBOX")
    assert before.uidvalidity == after.uidvalidity > 0
    assert (before.exists, after.exists) == (0, 1)
    (row,) = mailbox.headers(1, after.uidnext - 1).rows
    assert before.uidnext <= row.uid < after.uidnext


def test_headers_are_complete_raw_and_in_order(place, user, mailbox):
    for number in range(5):
        place.deliver(user, "INBOX", PLAIN % (number, number, number), "S" if number == 2 else "")
    state = mailbox.examine("INBOX")
    batch = mailbox.headers(1, state.uidnext + 500)
    assert [b"Subject: %d" % n in row.header for n, row in enumerate(batch.rows)] == [True] * 5
    assert [row.uid for row in batch.rows] == sorted(row.uid for row in batch.rows)
    assert ["\\Seen" in row.flags for row in batch.rows] == [False, False, True, False, False]
    assert all(row.size == len(PLAIN % (0, 0, 0)) for row in batch.rows)
    assert b"Text" not in batch.rows[0].header
    assert batch.holes == ()


def test_headers_come_for_the_range_asked_only(place, user, mailbox):
    for number in range(4):
        place.deliver(user, "INBOX", PLAIN % (number, number, number))
    state = mailbox.examine("INBOX")
    uids = [row.uid for row in mailbox.headers(1, state.uidnext).rows]
    assert [row.uid for row in mailbox.headers(uids[1], uids[2]).rows] == uids[1:3]
    # IMAP gives the last message for n:* beyond the end; nobody has asked for that one.
    beyond = mailbox.headers(state.uidnext + 10, state.uidnext + 20)
    assert (beyond.rows, beyond.holes) == ((), ())


def test_texts_are_the_readable_parts_and_the_names_of_the_rest(place, user, mailbox):
    place.deliver(user, "INBOX", MIXED)
    state = mailbox.examine("INBOX")
    uid = state.uidnext - 1
    (fetched,) = mailbox.texts([uid, uid + 7])
    assert fetched.uid == uid
    octets = {part.media_type: octets.strip() for part, octets in fetched.parts}
    assert octets["text/plain"] == b"D=E9j=E0 vu"
    assert octets["text/calendar"] == b"BEGIN:VCALENDAR\r\nEND:VCALENDAR"
    assert fetched.parts[0][0].charset.lower() == "iso-8859-1"
    named = [p for p in fetched.others if p.filename]
    assert [(p.filename, p.media_type, p.encoding) for p in named] == [
        ("quote.pdf", "application/pdf", "base64")
    ]


@pytest.mark.parametrize(
    ("kind", "body"),
    [(b"message/rfc822", b"The price is 3 euros.\r\n"), (b"text/rfc822-headers", b"")],
)
def test_of_a_bounce_its_status_and_the_header_of_what_came_back(place, user, mailbox, kind, body):
    place.deliver(user, "INBOX", BOUNCE % (kind, body))
    uid = mailbox.examine("INBOX").uidnext - 1
    (fetched,) = mailbox.texts([uid])
    assert b"price" not in b"".join(octets for _, octets in fetched.parts)
    assert mime.report(fetched) == Report(
        "quote@staff.example", (Undelivered("ann@acme.example", "5.1.1"),)
    )
    text = mime.text(fetched)
    assert text.body.text == "Nobody there."
    assert "message/delivery-status" in [a.media_type for a in text.attachments]


def test_a_message_is_found_by_its_id(place, user, mailbox):
    for number in range(3):
        place.deliver(user, "INBOX", PLAIN % (number, number, number))
    state = mailbox.examine("INBOX")
    assert mailbox.find("m1@acme.example") == (state.uidnext - 2,)
    assert mailbox.find('never"seen@acme.example') == ()


def test_reading_leaves_no_trace(place, user, mailbox):
    place.deliver(user, "INBOX", MIXED)
    uid = mailbox.examine("INBOX").uidnext - 1
    mailbox.headers(1, uid)
    mailbox.texts([uid])
    mailbox.examine("INBOX")
    assert "\\Seen" not in mailbox.headers(uid, uid).rows[0].flags


def test_an_unknown_folder_is_refused_and_the_session_lives_on(mailbox):
    with pytest.raises(Refused):
        mailbox.examine("No such folder")
    with pytest.raises(Refused, match="examined"):
        mailbox.headers(1, 10)
    assert mailbox.examine("INBOX").exists == 0


def test_after_close_the_session_is_dead(place, user):
    mailbox = place.connect(user)
    mailbox.examine("INBOX")
    mailbox.close()
    mailbox.close()
    with pytest.raises((Unreachable, Refused)):
        mailbox.headers(1, 10)
