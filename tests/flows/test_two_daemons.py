"""Two daemons on one PostgreSQL: neither does what the other does, and one that was suspended for
longer than its leases last spoils nothing when it wakes up.
"""

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.flows.drill import Drill, drill
from tests.flows.house import House, eventually
from tests.prefork import Started
from tests.servers import smtpsink

MANY = 50
HANDED = ("reminder.sending", "reminder.handed-over")
STEPS = ("mail.text-fetched", "mail.recorded", "reminder.claimed", *HANDED)

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

Told = Callable[[str], None]


@pytest.fixture
def two(
    make_house: Callable[..., House], database: str, sink: tuple[int, Path], tmp_path: Path
) -> tuple[House, House]:
    """Two machines of one installation: one database, one key, one mail server."""
    port, _ = sink
    # How long one that is suspended in a transaction holds up the other.
    url = f"{database}?options=-c%20idle_in_transaction_session_timeout%3D2s"
    first = make_house(url, smtp_port=port, batch=2, lease_seconds=1)
    folder = tmp_path / "second"
    folder.mkdir()
    (folder / "state").symlink_to(first.folder / "state")
    second = House(folder, first.dovecot, url, smtp_port=port, batch=2, lease_seconds=1)
    second.configure()
    return first, second


@pytest.fixture
def sink(tmp_path: Path) -> Any:
    """A mail server that takes its time, so that both have something to do."""
    folder = tmp_path / "sent"
    with smtpsink.separate(folder, "--slow=0.02") as port:
        yield port, folder


def _runs(house: House) -> bool:
    return "running" in house.log()


def test_each_reminder_and_message_is_taken_by_one(
    two: tuple[House, House], tmp_path: Path, tell: Told
) -> None:
    for house in two:
        house.lease_seconds = 60
        house.configure()
    with drill(two[0], tmp_path / "sent") as it, two[0].daemon(), two[1].daemon():
        eventually(lambda: all(map(_runs, two)), what="both run", house=two[0])
        it.step = "two daemons"
        it.ask(MANY)
        for _ in range(5):
            it.deliver()
            it.deliver_answer_first()
        eventually(it.caught_up, seconds=90, what="all is done", house=two[0])
        shares = [_handed_over(house) for house in two]
        it.judge(f"two daemons sent {shares[0]} and {shares[1]} reminders", tell)
        assert sum(shares) == it.asked == 2 * MANY
        assert min(shares) > 0
        # A claim is an attempt: a second one would have been a second daemon's.
        with it.store.read() as tx:
            attempts = tx.execute(sa.text("SELECT DISTINCT attempts FROM ledger")).scalars().all()
        assert attempts == [1]


@pytest.mark.timeout(900)
def test_suspended_beyond_its_leases(two: tuple[House, House], tmp_path: Path, tell: Told) -> None:
    first, second = two
    with drill(first, tmp_path / "sent") as it, second.daemon() as other:
        eventually(lambda: _runs(second), what="it runs", house=second)
        for step in STEPS:
            it.step = step
            _suspend_and_wake(it, step, other)
        it.judge("suspended at each step, while another daemon went on", tell)
        # What was in the server's hands, or about to be, is the only thing that came twice.
        assert [step for step, row in it.rows.items() if row.twice] == list(HANDED)


def _suspend_and_wake(it: Drill, step: str, other: Started) -> None:
    """One falls asleep there, the other does all the work, then the first one wakes up."""
    if step.startswith("mail."):
        # Or it might be the quicker one each time. It has nothing in hand soon.
        time.sleep(2)
        other.send_signal(signal.SIGSTOP)
    with it.house.daemon(SUIVI_CRASH_AT=f"{step}:1:stop") as process:
        it.deliver()
        if not step.startswith("mail."):
            # Else it might fall asleep while a reminder is on its way.
            it.ask()
        # Not in step with the polling: whoever is a little quicker would take each of them.
        with it.load(it.deliver if step.startswith("mail.") else it.ask, every=0.7):
            reached = f"{step} reached"
            eventually(lambda: _is_suspended(process), seconds=90, what=reached, house=it.house)
        other.send_signal(signal.SIGCONT)
        it.note_doubt()
        it.deliver_answer_first()
        it.ask()
        # A transaction in which another of its threads fell asleep is given up in its time.
        eventually(it.caught_up, seconds=150, what=f"done without {step}", house=it.house)
        process.send_signal(signal.SIGCONT)
        # It is stopped in good order now, and finishes what it had in hand.


def _is_suspended(process: Started) -> bool:
    assert process.poll() is None
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


def _handed_over(house: House) -> int:
    return sum(map(int, re.findall(r'"handed_over": (\d+)', house.log())))
