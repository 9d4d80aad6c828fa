"""Kill −9 at each named step of the mail arrow, and at random moments of a daemon under load.

After restart every expected exchange exists exactly once, with each of its copies.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.steps import STEPS
from tests.flows.drill import drill
from tests.flows.house import House

MAIL = [step for step in STEPS if step.startswith("mail.")]


@pytest.mark.timeout(600)
def test_at_each_step_of_the_mail_arrow(
    make_house: Callable[..., House], database: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    house = make_house(database, batch=2, lease_seconds=1)
    with drill(house, tmp_path) as it:
        for step in MAIL:
            # The first time, and amid a backfill some of which is stored.
            for time in (1, 5):
                it.step = step
                it.deliver()
                it.deliver_answer_first()
                with it.load(it.deliver):
                    it.dies(step, f"{step}:{time}")
        it.settle()
        it.judge(f"kill -9, the mail arrow on {database.partition(':')[0]}", tell)


@pytest.mark.timeout(3600)
def test_at_random_moments_under_load(
    make_house: Callable[..., House],
    database: str,
    sink: tuple[int, Path],
    request: pytest.FixtureRequest,
    tell: Callable[[str], None],
) -> None:
    port, sent = sink
    house = make_house(database, smtp_port=port, batch=2, lease_seconds=1)
    moments = random.Random(20261124)
    with drill(house, sent) as it:
        for _ in range(200 if request.config.getoption("--long") else 26):
            it.step = "random"
            it.deliver_answer_first()
            with it.load(it.deliver, it.ask, every=0.4):
                it.dies_at_work("random", moments.uniform(0, 2))
        it.settle()
        it.judge(f"kill -9, random moments under load on {database.partition(':')[0]}", tell)
