"""A reply is read before its parent, and the sync ends in between: the next one makes it good."""

import threading
from collections.abc import Iterable

import pytest

from daemon.app.turns import take
from daemon.jobs import Turn
from tests.flows.house import House, mail
from tests.flows.inside import Inside, furnish, inside

STRANGER = "comptable@ailleurs.example"
CHAIN = (
    ("Re: Re: Plan", "r2@ailleurs.example", "r1@ailleurs.example", STRANGER),
    ("Re: Plan", "r1@ailleurs.example", "p@mistral.example", STRANGER),
    ("Plan", "p@mistral.example", None, "jean@mistral.example"),
)


@pytest.fixture
def chain(house: House) -> House:
    """The mailbox of Ann, where the last word lies first and is read alone."""
    house.batch = 1
    house.users = ("ann",)
    for subject, name, parent, sender in CHAIN:
        _deliver(house, subject, name, parent, sender)
    return furnish(house)


def _deliver(house: House, subject: str, name: str, parent: str | None, sender: str) -> None:
    headers = {"In-Reply-To": f"<{parent}>"} if parent else {}
    raw = mail(sender, "ann@lumen.example", subject, message_id=name, headers=headers)
    house.dovecot.deliver("ann", "INBOX", raw)


def _stopped(it: Inside) -> None:
    """A turn that is told to stop: it ends after one batch."""
    stopping = threading.Event()
    stopping.set()
    (ann,) = it.parts.mail_members()
    assert take(it.parts.store, "a daemon", ann, Turn("ann", stopping, 60)) is not None


def _subjects(it: Inside) -> list[str]:
    return sorted(exchange.subject for exchange in it.exchanges("CU-1"))


def _left(it: Inside) -> list[str]:
    return [row["key"] for row in it.rows("work") if row["kind"].startswith("orphans:")]


def _judged(it: Inside) -> int:
    return sum(row["count"] for row in it.rows("tally"))


def _all(chain: Iterable[tuple[str, ...]] = CHAIN) -> list[str]:
    return sorted(subject for subject, *_ in chain)


def test_stopped_before_the_parent_was_read(chain: House) -> None:
    with inside(chain) as it:
        _stopped(it)
        assert (_subjects(it), len(_left(it))) == ([], 1)
        _stopped(it)
        assert (_subjects(it), len(_left(it))) == ([], 2)
        it.sync()
        assert (_subjects(it), _left(it)) == (_all(), [])
        # Three when they were read, two when their parent was known; what was only looked at
        # once more is not counted again.
        assert _judged(it) == 5
        it.sync()
        assert (_subjects(it), _judged(it)) == (_all(), 5)


def test_stopped_after_the_parent_was_read(chain: House) -> None:
    with inside(chain) as it:
        for _ in CHAIN:
            _stopped(it)
        assert _subjects(it) == ["Plan"]
        it.sync()
        assert (_subjects(it), _left(it)) == (_all(), [])


def test_the_mailbox_is_numbered_anew_meanwhile(chain: House) -> None:
    with inside(chain) as it:
        _stopped(it)
        box = chain.dovecot.folder("ann", "INBOX")
        for index in box.glob("dovecot*"):
            index.unlink()
        (box / "dovecot-uidlist").unlink(missing_ok=True)
        it.sync()
        assert (_subjects(it), _left(it)) == (_all(), [])


def test_nothing_is_left_when_every_sync_ends(chain: House) -> None:
    with inside(chain) as it:
        it.sync()
        assert (_subjects(it), _left(it)) == (_all(), [])
        _deliver(chain, "Re: Autre", "o@ailleurs.example", "unknown@ailleurs.example", STRANGER)
        it.sync()
        assert (_subjects(it), _left(it)) == (_all(), [])
