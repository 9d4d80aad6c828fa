"""New mail is told within seconds, by one thread, whatever happens to the connections."""

import resource
import stat
import threading
import time
from pathlib import Path

import pytest

from connectors import imap
from connectors.errors import Refused
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


@pytest.fixture(params=["pymap", "dovecot", "dovecot tls", "bare_dovecot"])
def place(request):
    name, _, tls = request.param.partition(" ")
    server = request.getfixturevalue(name)
    changed = {"security": "tls", "port": server.tls_port, "ca_file": server.ca_file} if tls else {}
    return server, lambda user: imap.connect(account(server, user, **changed))


def test_a_mail_is_told(place, user, watcher, changes):
    server, connect = place
    watcher.watch(7, lambda: connect(user))
    assert changes.wait(lambda: changes.told == [7]), "parking is told, for mail may have come"
    changes.clear()
    server.deliver(user, "INBOX", MAIL)
    assert changes.wait(lambda: changes.told == [7])


def test_a_renewed_connection_still_tells(place, user, changes):
    server, connect = place
    watcher = IdleWatcher(changes.change, 0.5, on_trouble=changes.trouble)
    try:
        watcher.watch(7, lambda: connect(user))
        assert changes.wait(lambda: changes.told)
        time.sleep(2.5)
        changes.clear()
        server.deliver(user, "INBOX", MAIL)
        assert changes.wait(lambda: changes.told)
        assert changes.troubles == []
    finally:
        watcher.close()


def test_one_thread_watches_many_and_tells_the_right_one(dovecot, watcher, changes):
    # The last ones, which no single test comes to.
    users = [f"user{number}" for number in range(285, 300)]
    for number, user in enumerate(users):
        watcher.watch(number, lambda user=user: imap.connect(account(dovecot, user)))
    assert changes.wait(lambda: len(set(changes.told)) == len(users), 30)
    time.sleep(0.5)
    changes.clear()
    dovecot.deliver(users[4], "INBOX", MAIL)
    assert changes.wait(lambda: changes.told)
    assert set(changes.told) == {4}
    assert [t.name for t in threading.enumerate()].count("imap-idle") == 1


def test_a_server_that_dies_is_told_and_found_again(watcher, changes):
    first = Dovecot(users={"ann": "secret"})
    with first:
        watcher.watch(1, lambda: imap.connect(account(first, "ann")))
        assert changes.wait(lambda: changes.told)
        changes.clear()
    assert changes.wait(lambda: changes.told and changes.troubles)
    assert changes.wait(lambda: len(changes.troubles) >= 3), "it is tried again and again"
    changes.clear()
    with first:
        assert changes.wait(lambda: changes.told == [1])
        changes.clear()
        first.deliver("ann", "INBOX", MAIL)
        assert changes.wait(lambda: changes.told == [1])


def test_a_wrong_password_is_not_hammered(dovecot, user, watcher, changes):
    watcher.watch(1, lambda: imap.connect(account(dovecot, user, password="wrong")))
    assert changes.wait(lambda: changes.troubles)
    time.sleep(1.5)
    ((_, error),) = changes.troubles
    assert isinstance(error, Refused)


def test_who_is_forgotten_is_not_told(dovecot, user, watcher, changes):
    watcher.watch(1, lambda: imap.connect(account(dovecot, user)))
    assert changes.wait(lambda: changes.told)
    watcher.forget(1)
    watcher.forget(99)
    changes.clear()
    dovecot.deliver(user, "INBOX", MAIL)
    assert not changes.wait(lambda: changes.told, 2)


def test_a_login_that_breaks_is_told_and_tried_again(watcher, changes):
    def broken():
        raise RuntimeError("no such account")

    watcher.watch(1, broken)
    assert changes.wait(lambda: len(changes.troubles) >= 2)
    assert isinstance(changes.troubles[0][1], RuntimeError)


def scripted(script, *capabilities):
    offered = frozenset({"IMAP4REV1", *capabilities})
    return lambda: Session(script.client, "script", offered, timeout=5)


def test_a_server_without_idle_is_left_to_the_poll(watcher, changes):
    with Script(lambda tag, command: tag + b" OK\r\n") as script:
        watcher.watch(1, scripted(script))
        assert not changes.wait(lambda: changes.told or changes.troubles, 1)
        assert b"IDLE" not in script.commands


def idle_server(after):
    """Opens INBOX, and says `after` to IDLE, whatever the watcher's tag is."""
    return lambda tag, command: tag + b" OK\r\n" if b"EXAMINE" in command else after


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
        watcher.watch(1, scripted(script, "IDLE"))
        # Once for the parking, once for the mail that came with it.
        assert changes.wait(lambda: changes.told == [1, 1], 5)


def test_the_end_of_a_connection_costs_no_processor_time(watcher, changes):
    class Closing(Script):
        def _serve(self):
            for line in self._server.makefile("rb"):
                tag, _, command = line.rstrip().partition(b" ")
                if command == b"IDLE":
                    break
                self._say(tag + b" OK\r\n")
            self._server.close()

    logins = []

    def login():
        if logins:
            raise RuntimeError("gone")
        logins.append(1)
        return scripted(script, "IDLE")()

    with Closing(lambda tag, command: None) as script:
        watcher.watch(1, login)
        assert changes.wait(lambda: changes.troubles)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        time.sleep(1)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 0.3


def test_closing_leaves_no_socket_open(dovecot, user, changes):
    def sockets():
        return sum(stat.S_ISSOCK(mode) for mode in map(_mode, Path("/proc/self/fd").iterdir()))

    before = sockets()
    watcher = IdleWatcher(changes.change, on_trouble=changes.trouble)
    watcher.watch(1, lambda: imap.connect(account(dovecot, user)))
    assert changes.wait(lambda: changes.told), changes.troubles
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
