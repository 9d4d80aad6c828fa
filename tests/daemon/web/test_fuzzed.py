"""Whatever the OpenAPI document allows is answered as it says, and what it forbids is refused.

schemathesis calls every operation, with all of its checks, over HTTP: rightly and wrongly made.
"""

from pathlib import Path

import pytest

from tests.daemon.web.conftest import TOKEN, WEAK
from tests.daemon.web.fuzzing import fuzz

SHORT = ("--phases", "coverage", "--max-examples", "4", "--seed", "1")


def test_every_operation_keeps_its_word(server, known, tmp_path: Path) -> None:
    found = fuzz(server.url, TOKEN, known, tmp_path, *SHORT)
    assert "\n".join(found.failures) == ""
    assert found.broken() == set()
    assert found.never_well() == set()
    assert len(found.statuses) >= 5


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("token", [TOKEN, WEAK])
def test_every_operation_keeps_its_word_over_many_requests(
    server, known, tmp_path: Path, token: str
) -> None:
    found = fuzz(server.url, token, known, tmp_path, "--max-examples", "200")
    assert "\n".join(found.failures) == ""
    assert found.broken() == set()
