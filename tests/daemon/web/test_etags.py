"""Whoever changes something says what they read."""

import pytest

from daemon.web.etags import etag, must_match
from daemon.web.problems import Problem


@pytest.mark.parametrize("said", ['"r7"', ' "r7" ', '"r6", "r7"', '"other",  "r7"', "*"])
def test_the_revision_that_was_read_may_be_changed(said: str) -> None:
    assert etag(7) == '"r7"'
    must_match(said, 7)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (None, 428),
        ('"r6"', 412),
        ('W/"r7"', 412),
        ("r7", 412),
        ("", 412),
        (f'"r{"9" * 150}"', 412),
    ],
)
def test_any_other_is_refused(said: str | None, status: int) -> None:
    with pytest.raises(Problem) as refused:
        must_match(said, 7)
    assert refused.value.status_code == status
