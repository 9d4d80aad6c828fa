"""Kill −9 at each named step of the reminder arrow, and at random moments.

After restart every reminder was received, and twice only where the ledger stood at `sending` when
the daemon died; then with the same Message-ID and the same bytes.
"""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.steps import STEPS
from tests.flows.drill import PATIENCE, drill
from tests.flows.house import House, eventually
from tests.servers.postfix import Postfix

HANDED_OVER = ("reminder.sending", "reminder.handed-over")
REMINDER = [step for step in STEPS if step.startswith("reminder.")]


@pytest.mark.timeout(600)
def test_at_each_step_of_the_reminder_arrow(
    make_house: Callable[..., House],
    database: str,
    sink: tuple[int, Path],
    tell: Callable[[str], None],
) -> None:
    port, sent = sink
    house = make_house(database, smtp_port=port, connections=1, lease_seconds=1, users=())
    with drill(house, sent) as it:
        for step in REMINDER:
            for time in (1, 2):
                it.step = step
                it.ask(2)
                with it.load(it.ask):
                    it.dies(step, f"{step}:{time}")
        it.settle()
        it.judge(f"kill -9, the reminder arrow on {database.partition(':')[0]}", tell)
        doubt = {step: it.rows[step].doubt for step in REMINDER}
        # One reminder a connection is in the server's hands, whatever the size of the batch.
        assert doubt["reminder.sending"] == doubt["reminder.handed-over"] == 2
        # That one is settled, and the next one on its way, in one commit.
        assert doubt["reminder.sent"] <= 2
        assert sum(doubt.values()) == 4 + doubt["reminder.sent"]
        # The drill bites: what the server had already taken comes again, and nothing else does.
        assert {step for step in REMINDER if it.rows[step].twice} == {"reminder.handed-over"}
        assert it.rows["reminder.handed-over"].twice == 2


@pytest.mark.timeout(600)
def test_through_postfix_every_reminder_arrives(
    make_house: Callable[..., House], sqlite: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with Postfix() as server:
        house = make_house(sqlite, smtp_port=server.port, lease_seconds=1, users=())
        with drill(house, tmp_path) as it:
            it.arrived = server.sent_as
            for step, time in (("reminder.claimed", 1), *((step, 3) for step in HANDED_OVER)):
                it.step = step
                it.ask(10)
                it.dies(step, f"{step}:{time}")
            it.settle()
            # What Postfix has taken reaches the mailbox a moment later.
            eventually(lambda: len(it.received()) == it.asked, what="delivered")
            it.judge("kill -9, to Postfix", tell)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kills", [int(os.environ.get("SUIVI_KILLS", "1000"))])
def test_at_very_many_random_moments(
    make_house: Callable[..., House],
    database: str,
    sink: tuple[int, Path],
    tell: Callable[[str], None],
    kills: int,
) -> None:
    port, sent = sink
    house = make_house(database, smtp_port=port, lease_seconds=1, users=())
    moments = random.Random(20261124)
    with drill(house, sent) as it:
        for number in range(kills):
            it.step = f"{number // 100 * 100 + 1} and on"
            it.ask(2)
            with it.load(it.ask, every=0.2, most=5):
                it.dies_at_work(it.step, moments.uniform(0, 0.5))
        it.settle(PATIENCE + kills)
        it.judge(f"{kills} times kill -9 on {database.partition(':')[0]}", tell)
        rows = it.rows.values()
        # What came twice had stood at `sending` at a death: so few of what was on its way then.
        assert sum(row.twice for row in rows) <= sum(row.doubt for row in rows)
        assert sum(row.working for row in rows) == kills
