"""New mail is told within seconds, by one thread; connections are lent out and parked again."""

import resource
import stat
import threading
import time
from pathlib import Path

import pytest

from connectors import imap
from connectors.imap import ImapMailbox
from connectors.imap.session import Session
from connectors.imap.watch import IdleWatcher
from tests.connectors.imap.conftest import account
from tests.connectors.imap.script import Script
from tests.servers.dovecot import Dovecot

MAIL = b"From: ann@acme.example\r\nSubject: hello\r\n\r\nText\r\n"


class Changes:
    """What a watcher tells, and a way to wait for it."""

    def __init__(self):
        self.told = []
        self.troubles = []
        self._more = threading.Condition()

    def change(self, account):
        with self._more:
            self.told.append(account)
            self._more.notify_all()

    def trouble(self, account, error):
        with self._more:
            self.troubles.append((account, error))
            self._more.notify_all()

    def wait(self, true, seconds=15.0):
        with self._more:
            return self._more.wait_for(true, seconds)

    def clear(self):
        with self._more:
            self.told.clear()
            self.troubles.clear()


@pytest.fixture
def changes():
    return Changes()


@pytest.fixture
def watcher(changes):
    watcher = IdleWatcher(
        changes.change, 540.0, on_trouble=changes.trouble, first_wait=0.2, jitter=lambda: 0.5
    )
    yield watcher
    watcher.close()
    assert "imap-idle" not in [thread.name for thread in threading.enumerate()]


def park(watcher, number, mailbox):
    """Hand a connection over, as whoever has read all of it."""
    watcher.watch(number)
    watcher.park(number, mailbox.session, news=mailbox.at_rest())
    # It has been taken, once what was ordered after it is done.
    taken = threading.Event()
    watcher.call(taken.set)
    assert taken.wait(10)


@pytest.fixture(params=["pymap", "dovecot", "dovecot tls", "bare_dovecot"])
def place(request):
    name, _, tls = request.param.partition(" ")
    server = request.getfixturevalue(name)
    changed = {"security": "tls", "port": server.tls_port, "ca_file": server.ca_file} if tls else {}
    return server, lambda user: imap.connect(account(server, user, **changed))


def test_a_mail_is_told(place, user, watcher, changes):
    server, connect = place
    park(watcher, 7, connect(user))
    assert watcher.accounts == {7}
    assert not changes.wait(lambda: changes.told, 0.6), "nothing came, so nothing is told"
    server.deliver(user, "INBOX", MAIL)
    assert changes.wait(lambda: changes.told == [7])


def test_what_came_before_it_was_parked_is_told(place, user, watcher, changes):
    server, connect = place
    mailbox = connect(user)
    mailbox.examine("INBOX")
    server.deliver(user, "INBOX", MAIL)
    # Its owner read another folder meanwhile.
    mailbox.examine(next(info.name for info in mailbox.folders() if info.name != "INBOX"))
    park(watcher, 7, mailbox)
    assert changes.wait(lambda: changes.told == [7])


def test_what_comes_while_it_is_read_is_told(place, user, watcher, changes):
    server, connect = place
    mailbox = connect(user)
    state = mailbox.examine("INBOX")
    server.deliver(user, "INBOX", MAIL)
    mailbox.headers(state.uidnext, state.uidnext)
    park(watcher, 7, mailbox)
    assert changes.wait(lambda: changes.told == [7])


def test_a_connection_is_borrowed_and_parked_again(place, user, watcher, changes):
    server, connect = place
    mailbox = connect(user)
    first = mailbox.session
    park(watcher, 7, mailbox)
    for _ in range(3):
        changes.clear()
        # pymap tells nothing of what comes while it begins to idle.
        time.sleep(0.2)
        server.deliver(user, "INBOX", MAIL)
        assert changes.wait(lambda: changes.told == [7])
        session = watcher.borrow(7)
        assert session is first
        assert watcher.borrow(7) is None, "it is out"
        borrowed = ImapMailbox(session)
        state = borrowed.examine("INBOX")
        assert len(borrowed.headers(1, state.uidnext - 1).rows) == state.exists > 0
        park(watcher, 7, borrowed)
    changes.clear()
    assert not changes.wait(lambda: changes.told, 0.6), "all of it was read"
    assert changes.troubles == []


def test_nothing_is_lost_between_two_borrowers(dovecot, user, watcher, changes):
    """Mail falls in while the connection goes to and fro: after the last word all was read."""
    park(watcher, 7, imap.connect(account(dovecot, user)))
    stop, read = threading.Event(), set()

    def deliver():
        for _ in range(60):
            dovecot.deliver(user, "INBOX", MAIL)
            time.sleep(0.02)
        stop.set()

    sender = threading.Thread(target=deliver)
    sender.start()
    quiet = time.monotonic() + 2
    while not stop.is_set() or time.monotonic() < quiet:
        if not changes.wait(lambda: changes.told, 0.2):
            continue
        quiet = time.monotonic() + 2
        changes.clear()
        borrowed = ImapMailbox(watcher.borrow(7))
        state = borrowed.examine("INBOX")
        read |= {row.uid for row in borrowed.headers(1, state.uidnext - 1).rows}
        park(watcher, 7, borrowed)
    sender.join()
    assert len(read) == 60


def test_a_renewed_connection_still_tells_and_can_be_borrowed(place, user, changes):
    server, connect = place
    watcher = IdleWatcher(changes.change, 0.5, on_trouble=changes.trouble)
    try:
        park(watcher, 7, connect(user))
        time.sleep(2.5)
        server.deliver(user, "INBOX", MAIL)
        assert changes.wait(lambda: changes.told)
        # At any moment of a renewal.
        for pause in (0.0, 0.17, 0.31, 0.47):
            time.sleep(pause)
            borrowed = ImapMailbox(watcher.borrow(7))
            borrowed.examine("INBOX")
            park(watcher, 7, borrowed)
        assert changes.troubles == []
    finally:
        watcher.close()


def test_one_thread_watches_many_and_tells_the_right_one(dovecot, watcher, changes):
    # The last ones, which no single test comes to.
    users = [f"user{number}" for number in range(285, 300)]
    for number, user in enumerate(users):
        park(watcher, number, imap.connect(account(dovecot, user)))
    assert watcher.connected == len(users)
    dovecot.deliver(users[4], "INBOX", MAIL)
    assert changes.wait(lambda: changes.told)
    time.sleep(0.5)
    assert set(changes.told) == {4}
    assert [t.name for t in threading.enumerate()].count("imap-idle") == 1


def test_a_server_that_dies_is_told_and_found_again(watcher, changes):
    first = Dovecot(users={"ann": "secret"})
    with first:
        park(watcher, 1, imap.connect(account(first, "ann")))
    assert changes.wait(lambda: changes.told and changes.troubles)
    assert watcher.accounts == frozenset()
    assert watcher.borrow(1) is None
    changes.clear()
    with first:
        park(watcher, 1, imap.connect(account(first, "ann")))
        first.deliver("ann", "INBOX", MAIL)
        assert changes.wait(lambda: changes.told == [1])


class Closing(Script):
    """Hangs up when it is asked for IDLE."""

    def _serve(self):
        for line in self._server.makefile("rb"):
            tag, _, command = line.rstrip().partition(b" ")
            if command == b"IDLE":
                break
            self._say(tag + b" OK\r\n")
        self._server.close()


def test_a_server_that_hangs_up_at_once_is_not_hammered(watcher, changes):
    """Each time it is told later: who would log in at once again waits."""
    times = []
    for _ in range(4):
        before = time.monotonic()
        changes.clear()
        with Closing(lambda tag, command: None) as script:
            watcher.watch(1)
            watcher.park(1, scripted(script, "IDLE"))
            assert changes.wait(lambda: changes.told == [1])
        times.append(time.monotonic() - before)
    assert times[0] < times[1] < times[2] < times[3]
    assert times[3] > 1.0


def test_who_is_forgotten_is_not_told(dovecot, user, watcher, changes):
    park(watcher, 1, imap.connect(account(dovecot, user)))
    watcher.forget(1)
    watcher.forget(99)
    dovecot.deliver(user, "INBOX", MAIL)
    assert not changes.wait(lambda: changes.told, 2)
    assert watcher.borrow(1) is None


def test_what_nobody_watches_is_hung_up(dovecot, user, watcher):
    mailbox = imap.connect(account(dovecot, user))
    mailbox.examine("INBOX")
    watcher.park(1, mailbox.session)
    assert watcher.borrow(1) is None
    assert mailbox.session.sock.fileno() == -1


def test_a_second_connection_takes_the_place_of_the_first(dovecot, user, watcher, changes):
    one, two = (imap.connect(account(dovecot, user)) for _ in range(2))
    park(watcher, 1, one)
    park(watcher, 1, two)
    assert one.session.sock.fileno() == -1
    assert watcher.borrow(1) is two.session
    two.close()


def scripted(script, *capabilities):
    offered = frozenset({"IMAP4REV1", *capabilities})
    return Session(script.client, "script", offered, timeout=5)


def test_a_server_without_idle_is_left_to_the_poll(watcher, changes):
    with Script(lambda tag, command: tag + b" OK\r\n") as script:
        watcher.watch(1)
        watcher.park(1, scripted(script))
        assert not changes.wait(lambda: changes.told or changes.troubles, 1)
        assert watcher.accounts == frozenset()
        assert b"IDLE" not in script.commands


@pytest.mark.parametrize("segments", [[1], [9, 5], [1000]])
def test_what_comes_with_the_acceptance_or_in_pieces_is_told(watcher, changes, segments):
    class Idling(Script):
        def _serve(self):
            for line in self._server.makefile("rb"):
                tag, _, command = line.rstrip().partition(b" ")
                if command == b"IDLE":
                    time.sleep(0.6)
                    self._say(b"+ idling\r\n* 3 EXISTS\r\n")
                elif command.startswith(b"EXAMINE"):
                    self._say(tag + b" OK\r\n")

    with Idling(lambda tag, command: None, segments) as script:
        watcher.watch(1)
        watcher.park(1, scripted(script, "IDLE"))
        assert changes.wait(lambda: changes.told == [1], 5)


def test_the_end_of_a_connection_costs_no_processor_time(watcher, changes):
    with Closing(lambda tag, command: None) as script:
        watcher.watch(1)
        watcher.park(1, scripted(script, "IDLE"))
        assert changes.wait(lambda: changes.troubles)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        time.sleep(1)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 0.3


def test_closing_leaves_no_socket_open(dovecot, user, changes):
    def sockets():
        return sum(stat.S_ISSOCK(mode) for mode in map(_mode, Path("/proc/self/fd").iterdir()))

    before = sockets()
    watcher = IdleWatcher(changes.change, on_trouble=changes.trouble)
    park(watcher, 1, imap.connect(account(dovecot, user)))
    assert sockets() > before
    watcher.close()
    watcher.close()
    assert sockets() == before


def _mode(path):
    try:
        return path.stat().st_mode
    except OSError:
        # The directory that is being read is one of them, and gone by now.
        return 0
