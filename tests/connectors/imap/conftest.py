"""The servers that the IMAP connector is tried on, each with one staff mailbox."""

import pytest

from connectors.imap import ImapAccount
from tests.servers.dovecot import BARE, Dovecot

PASSWORD = "pàsswörd 1"


@pytest.fixture(scope="session")
def dovecot():
    """Everything that Dovecot offers."""
    with Dovecot(users=users(PASSWORD)) as server:
        yield server


@pytest.fixture(scope="session")
def bare_dovecot():
    """The same server without ESEARCH, SPECIAL-USE and the like."""
    with Dovecot(users=users(PASSWORD), capability=BARE) as server:
        yield server


@pytest.fixture(scope="session")
def pymap():
    pymap = pytest.importorskip("tests.servers.pymap")
    with pymap.Pymap(users("ascii only"), ("Envoyés", "Clients")) as server:
        yield server


def users(password):
    return {f"user{number}": password for number in range(300)}


_taken = iter(range(300))


@pytest.fixture
def user():
    """A user that no other test has used, so that servers can be shared."""
    return f"user{next(_taken)}"


def account(server, user, **changes):
    """The account of a user on a server's plain port."""
    fields = {"port": server.port, "security": "none", "timeout": 20}
    fields["password"] = server.users[user]
    return ImapAccount("127.0.0.1", user=user, **(fields | changes))
