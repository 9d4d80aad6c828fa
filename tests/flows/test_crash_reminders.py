"""Kill −9 at each named step of the reminder arrow.

After restart every reminder was received, and twice only where the ledger stood at `sending` when
the daemon died; then with the same Message-ID and the same bytes.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.steps import STEPS
from tests.flows.drill import drill
from tests.flows.house import House

REMINDER = [step for step in STEPS if step.startswith("reminder.")]


@pytest.mark.timeout(600)
def test_at_each_step_of_the_reminder_arrow(
    make_house: Callable[..., House],
    database: str,
    sink: tuple[int, Path],
    tell: Callable[[str], None],
) -> None:
    port, sent = sink
    house = make_house(database, smtp_port=port, lease_seconds=1, users=())
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
        # One reminder is in the server's hands at a time, whatever the size of the batch.
        assert doubt["reminder.sending"] == doubt["reminder.handed-over"] == 2
        assert sum(doubt.values()) == 4
        # The drill bites: what the server had already taken comes again, and nothing else does.
        assert {step for step in REMINDER if it.rows[step].twice} == {"reminder.handed-over"}
        assert it.rows["reminder.handed-over"].twice == 2
