"""A reply is read before what it answers: in the same sync, an earlier one, or another mailbox. The
order of reading changes nothing."""

import itertools
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
    for letter in CHAIN:
        _deliver(house, "ann", *letter)
    return furnish(house)


def _deliver(
    house: House, user: str, subject: str, name: str, parent: str | None, sender: str
) -> None:
    headers = {"In-Reply-To": f"<{parent}>"} if parent else {}
    raw = mail(sender, f"{user}@lumen.example", subject, message_id=name, headers=headers)
    house.dovecot.deliver(user, "INBOX", raw)


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


def _waiting(it: Inside) -> int:
    return len(it.rows("orphan"))


def _judged(it: Inside) -> int:
    return sum(row["count"] for row in it.rows("tally"))


def _all(chain: Iterable[tuple[str, ...]] = CHAIN) -> list[str]:
    return sorted(subject for subject, *_ in chain)


def test_stopped_before_the_parent_was_read(chain: House) -> None:
    with inside(chain) as it:
        _stopped(it)
        assert (_subjects(it), _waiting(it), _left(it)) == ([], 1, [])
        _stopped(it)
        assert (_subjects(it), _waiting(it), _left(it)) == ([], 2, [])
        it.sync()
        assert (_subjects(it), _waiting(it), _left(it)) == (_all(), 0, [])
        # Three when they were read, two when their parent was known.
        assert _judged(it) == 5
        it.sync()
        assert (_subjects(it), _judged(it)) == (_all(), 5)


def test_stopped_after_the_parent_was_read(chain: House) -> None:
    with inside(chain) as it:
        for _ in CHAIN:
            _stopped(it)
        assert (_subjects(it), len(_left(it))) == (["Plan"], 1)
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


def test_what_is_answered_comes_days_later(house: House) -> None:
    house.users = ("ann",)
    _deliver(house, "ann", *CHAIN[0])
    _deliver(house, "ann", *CHAIN[1])
    with inside(furnish(house)) as it:
        it.sync()
        assert (_subjects(it), _waiting(it)) == ([], 2)
        _deliver(house, "ann", *CHAIN[2])
        it.sync()
        assert (_subjects(it), _waiting(it), _left(it)) == (_all(), 0, [])


def test_an_answer_to_nobody_we_know_waits_and_is_told_to_nobody(house: House) -> None:
    house.users = ("ann",)
    _deliver(house, "ann", "Re: Autre", "o@ailleurs.example", "x@ailleurs.example", STRANGER)
    with inside(furnish(house)) as it:
        it.sync()
        assert (_subjects(it), _waiting(it), _left(it)) == ([], 1, [])
        (row,) = it.rows("orphan")
        assert row.keys() == {"mark", "folder_id", "uidvalidity", "uid", "at"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("boxes", [("ann", "bob", "ann"), ("bob", "ann", "bob")])
def test_in_two_mailboxes_whichever_is_read_first(
    house: House, boxes: tuple[str, ...], order: tuple[int, ...]
) -> None:
    """What the second mailbox records lets the first be looked at again, and so on."""
    for user, number in zip(boxes, order, strict=True):
        _deliver(house, user, *CHAIN[number])
    with inside(furnish(house)) as it:
        it.sync()
        assert (_subjects(it), _waiting(it), _left(it)) == (_all(), 0, [])
        judged = _judged(it)
        it.sync()
        assert (_subjects(it), _judged(it)) == (_all(), judged)
