"""Kill −9 at each named step of an answer by mail and of the post.

Each answer is carried out once and told of; twice only where the server had the letter already
when the daemon died, and then with the same bytes.
"""

import signal
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from daemon.clock import now
from daemon.steps import STEPS
from rules.model.followups import FollowUp
from tests.flows.house import House, eventually
from tests.flows.inside import furnish, inside
from tests.flows.office import Office
from tests.flows.test_answers import answer
from tests.servers import smtpsink

DRILLED = [step for step in STEPS if step.startswith(("command.", "letter."))]
TWO_HOURS = timedelta(hours=2)


@pytest.mark.timeout(600)
def test_at_each_step_of_an_answer(
    make_house: Callable[..., House],
    sqlite: str,
    sink: tuple[int, Path],
    tell: Callable[[str], None],
) -> None:
    drill(make_house(sqlite, smtp_port=sink[0], lease_seconds=3, users=()), sink[1], tell)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_and_on_both_databases(
    make_house: Callable[..., House],
    database: str,
    sink: tuple[int, Path],
    tell: Callable[[str], None],
) -> None:
    drill(make_house(database, smtp_port=sink[0], lease_seconds=3, users=()), sink[1], tell)


def drill(house: House, sent: Path, tell: Callable[[str], None]) -> None:
    """Die at each step in turn, and look at what arrived in the end."""
    start = now().replace(second=0, microsecond=0) + timedelta(days=2)
    asked: dict[str, FollowUp] = {}
    with inside(furnish(house)) as within:
        office, sender, ann = Office(within), within.parts.sender, within.user("ann")
        assert sender is not None

        def ask(name: str) -> None:
            """Ann answers: two hours later than it was, so that twice would be four."""
            asked[name] = office.open(name, start)
            to = sender.letter.ways.reply_to(asked[name], ann, now())
            assert to is not None
            answer(house, to.email, "+2h", name=name)

        def is_told(name: str) -> bool:
            """And known to be: or the next death would strike a letter of before."""
            states = {row["state"] for row in within.rows("post")}
            return bool(told(sent, name)) and states == {"sent"}

        for step in DRILLED:
            ask(step)
            with house.daemon(SUIVI_CRASH_AT=f"{step}:1") as dying:
                assert dying.wait(60) == -signal.SIGKILL, step
            with house.daemon():
                eventually(partial(is_told, step), what=step, house=house)
        # This one comes after whatever might come again.
        with house.daemon():
            ask("last")
            eventually(partial(is_told, "last"), what="the last", house=house)
        after = {name: office.get(one).when.start for name, one in asked.items()}
        assert after == dict.fromkeys(asked, start + TWO_HOURS)
        assert {row["state"] for row in within.rows("post")} == {"sent"}
    copies = {name: len(told(sent, name)) for name in asked}
    assert {name for name, number in copies.items() if number > 1} == {"letter.handed-over"}
    assert copies["letter.handed-over"] == 2
    assert len(set(told(sent, "letter.handed-over"))) == 1
    tell(f"kill -9, answers by mail on {house.database.partition(':')[0]}: copies {copies}")


def told(sent: Path, name: str) -> list[bytes]:
    """The answer mails to the mail of this name, as bytes."""
    mark = f"In-Reply-To: <{name}@phone.example>".encode()
    return [m.data for m in smtpsink.mails(sent) if mark in m.data]
