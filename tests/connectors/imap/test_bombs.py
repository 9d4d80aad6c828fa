"""Messages made to do harm, in a real mailbox among real ones: the neighbours never suffer."""

import time

import pytest

from connectors import imap, mime
from tests.connectors.imap.conftest import account

GOOD = b"From: ann@acme.example\r\nSubject: good %d\r\nMessage-ID: <g%d@x>\r\n\r\nText %d\r\n"


def nested(depth):
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%05d\r\n\r\n--b%05d\r\n" % (n, n)
        for n in range(depth)
    )
    return b"From: evil@x.example\r\n" + head + b"Content-Type: text/plain\r\n\r\nHello\r\n"


HEAD = b"From: evil@x.example\r\nSubject: bomb\r\nMIME-Version: 1.0\r\n"
BOMBS = {
    "3,000 nested parts": nested(3_000),
    "3,000 messages within": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 3_000 + b"\r\nText",
    "14 kB of semicolons": HEAD + b"Content-Type: text/plain" + b";" * 14_000 + b"\r\n\r\nText\r\n",
    "210 kB of one field": HEAD + b"References: " + b"<a@b>\r\n " * 30_000 + b"\r\n\r\nText\r\n",
    "2 MB of one field": HEAD + b"To: " + b"a@b.example,\r\n " * 140_000 + b"c@d\r\n\r\nText\r\n",
    "20,000 fields": HEAD + b"To: a@b.example\r\n" * 20_000 + b"\r\nText\r\n",
    "no Message-ID, no Date": b"From: evil@x.example\r\n\r\nText\r\n",
    "broken charset": HEAD + b'Content-Type: text/plain; charset="\xff\x01x"\r\n\r\n\xe9t\xe9\r\n',
    "quotes and parentheses": HEAD
    + b'Content-Type: text/plain; name="a\\"b)(\\\\"; charset={9}\r\n\r\nText\r\n',
    "2 MB of text": HEAD + b"Content-Type: text/plain\r\n\r\n" + b"0123456789abcdef\r\n" * 120_000,
    "5,000 parts": HEAD
    + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    + b"--a\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 5_000
    + b"--a--\r\n",
    "8-bit header": b"From: \xe9vil <evil@x.example>\r\nSubject: \xe9t\xe9\r\n\r\nText\r\n",
    "nothing but a line end": b"\r\n",
}


# Seconds of CPU: these are known to cost others minutes.
QUICK = dict.fromkeys(("3,000 nested parts", "14 kB of semicolons", "210 kB of one field"), 0.1)


@pytest.fixture(params=["dovecot", "bare_dovecot", "pymap"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_among_good_mail(server, user, bomb):
    if type(server).__name__ == "Pymap" and "3,000" in bomb:
        pytest.skip("pymap itself can't take it in")
    server.deliver(user, "INBOX", GOOD % (1, 1, 1))
    server.deliver(user, "INBOX", BOMBS[bomb])
    server.deliver(user, "INBOX", GOOD % (2, 2, 2))
    mailbox = imap.connect(account(server, user))
    try:
        state = mailbox.examine("INBOX")
        first, evil, last = range(state.uidnext - 3, state.uidnext)
        started = time.process_time()
        batch = mailbox.headers(1, state.uidnext - 1)
        # Every UID is a row, or a hole that is named: nothing is missed in silence.
        assert sorted([*(row.uid for row in batch.rows), *batch.holes]) == [first, evil, last]
        assert set(batch.holes) <= {evil}
        for row in batch.rows:
            mime.headers(row)
        texts = {fetched.uid: mime.text(fetched) for fetched in mailbox.texts([first, evil, last])}
        assert (texts[first].body.text, texts[last].body.text) == ("Text 1", "Text 2")
        assert evil in texts
        body = texts[evil].body
        assert body is None or len(body.text) <= 8 * 65_536
        assert time.process_time() - started < QUICK.get(bomb, 5)
        assert mailbox.examine("INBOX").exists == 3, "the session has survived"
    finally:
        mailbox.close()


def test_a_real_header_of_210_kilobytes_takes_no_time(dovecot, user, corpus):
    (path,) = corpus.glob("mail/flanker/**/long-header.eml")
    raw = path.read_bytes()
    dovecot.deliver(user, "INBOX", raw)
    mailbox = imap.connect(account(dovecot, user))
    uid = mailbox.examine("INBOX").uidnext - 1
    started = time.process_time()
    (row,) = mailbox.headers(uid, uid).rows
    read = mime.headers(row)
    (fetched,) = mailbox.texts([uid])
    mime.text(fetched)
    assert time.process_time() - started < 0.1
    assert len(raw) > 200_000
    assert read.from_
    mailbox.close()


def test_a_header_too_long_to_keep_is_a_hole(dovecot, user):
    dovecot.deliver(user, "INBOX", BOMBS["2 MB of one field"])
    mailbox = imap.connect(account(dovecot, user))
    uid = mailbox.examine("INBOX").uidnext - 1
    assert mailbox.headers(uid, uid).holes == (uid,)
    mailbox.close()
