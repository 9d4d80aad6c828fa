"""What an unexpected error shows in the log: where it happened, never what it happened to."""

import io
import json
import logging

import pytest
import structlog

from daemon import logs
from daemon.config.settings import Log


@pytest.mark.parametrize("form", ["text", "json"])
def test_local_variables_never_reach_the_log(form: str) -> None:
    stream = io.StringIO()
    logs.setup(Log(format=form), stream)
    log = structlog.stdlib.get_logger("test")
    # Made at run time: a traceback shows the lines of the source.
    secret = "-".join(["hush"] * 2)
    try:
        _fail(secret)
    except RuntimeError:
        log.exception("job failed")
    finally:
        logging.getLogger().handlers.clear()
    told = stream.getvalue()
    assert "job failed" in told
    assert "test_log_secrets" in told
    assert secret not in told
    if form == "json":
        json.loads(told)


def _fail(password: str) -> None:
    raise RuntimeError(f"{len(password)} letters are too few")
