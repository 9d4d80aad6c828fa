"""Objects of many programs: every one is read, or is unreadable with a reason; soon, either way."""

import time

from connectors import ical
from connectors.errors import Unreadable
from tests.connectors.ical.objects import SINCE, UNTIL

# Wall time on a machine that others use too; CPU time is what a single object may cost.
SECONDS = 1.0


def test_every_object_of_the_corpus_is_read_or_refused(corpus):
    files = sorted(path for path in (corpus / "ics").rglob("*") if path.is_file())
    assert files
    outcomes = {"read": 0, "refused": 0}
    slow = []
    for path in files:
        data = path.read_bytes()
        began = time.process_time()
        try:
            ical.read(data, "Europe/Paris", SINCE, UNTIL)
            outcomes["read"] += 1
        except Unreadable as refused:
            outcomes["refused"] += 1
            # For what it is, not for what a parser didn't foresee.
            assert str(refused) and "can't be read (" not in str(refused), path
        took = time.process_time() - began
        if took > SECONDS:
            slow.append((path.name, round(took, 2)))
    assert not slow
    assert outcomes["read"] > 2 * outcomes["refused"], outcomes
