"""One item that can't be judged is put aside with a reason that quotes nothing of it."""

import pytest
import structlog

from connectors.errors import Unreachable, Unreadable
from daemon.capture.aside import each
from daemon.store import LeaseLost


def test_neighbours_go_on_and_the_reason_quotes_nothing() -> None:
    def step(number: int) -> int:
        if number == 2:
            raise Unreadable("parts nested more than 100 deep")
        if number == 3:
            raise ValueError("confidential words")
        return 10 * number

    aside: dict[int, str] = {}
    with structlog.testing.capture_logs() as logged:
        assert each(step, [1, 2, 3, 4], aside.__setitem__) == [10, 40]
    assert aside[2] == "parts nested more than 100 deep"
    assert aside[3].startswith("suivi can't judge it (ValueError in test_aside.py:")
    assert "confidential" not in str(logged)
    assert [entry["kind"] for entry in logged] == ["ValueError"]


@pytest.mark.parametrize("error", [Unreachable("gone"), LeaseLost("theirs")])
def test_trouble_with_a_server_or_the_database_is_not_the_items(error: Exception) -> None:
    def step(_number: int) -> int:
        raise error

    aside: dict[int, str] = {}
    with pytest.raises(type(error)):
        each(step, [1], aside.__setitem__)
    assert aside == {}
