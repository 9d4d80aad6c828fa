"""Objects of many programs: every one is read, or is unreadable with a reason; soon, either way."""

import gc
import time
from dataclasses import replace

from connectors import ical
from connectors.errors import Unreadable
from connectors.ical.lines import parse
from rules.model.followups import Origin
from rules.model.sightings import When
from tests.connectors.ical.objects import SINCE, UNTIL, follow_up, paris, write

# Wall time on a machine that others use too; CPU time is what a single object may cost.
SECONDS = 1.0


def test_every_object_of_the_corpus_is_read_or_refused(corpus):
    files = sorted(path for path in (corpus / "ics").rglob("*") if path.is_file())
    assert files
    outcomes = {"read": 0, "refused": 0}
    slow = []
    for path in files:
        data = path.read_bytes()
        outcome, took = _read(data)
        outcomes[outcome] += 1
        if took > SECONDS:
            # Not the object's: what a process of many tests has to tidy up meanwhile.
            gc.collect()
            took = _read(data)[1]
        if took > SECONDS:
            slow.append((path.name, round(took, 2)))
    assert not slow
    assert outcomes["read"] > 2 * outcomes["refused"], outcomes


def _read(data: bytes) -> tuple[str, float]:
    """What comes of an object, and how many seconds of the processor it took."""
    began = time.process_time()
    try:
        ical.read(data, "Europe/Paris", SINCE, UNTIL)
    except Unreadable as refused:
        # For what it is, not for what a parser didn't foresee.
        assert str(refused) and "can't be read (" not in str(refused), data[:200]
        return "refused", time.process_time() - began
    return "read", time.process_time() - began


TIMES = {"DTSTART", "DTEND", "DUE", "DURATION", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED"}
OURS = {"SUMMARY", "STATUS", "COMPLETED", "PERCENT-COMPLETE", *TIMES}
WHEN = When(paris(2026, 11, 30, 15), paris(2026, 11, 30, 16), zone="Europe/Paris")


def test_written_into_every_object_of_the_corpus_nothing_else_changes(corpus):
    """What a person's object holds beside a title and a time, in whatever program's way, keeps its
    bytes and its order; of a series that is so for the one occurrence."""
    written = series = 0
    for path in sorted(p for p in (corpus / "ics").rglob("*") if p.is_file()):
        data = path.read_bytes()
        try:
            events = ical.read(data, "Europe/Paris", SINCE, UNTIL)
        except Unreadable:
            continue
        event = next((e for e in events if e.recurrence_id), events[0] if events else None)
        if event is None or event.recurs:
            continue
        theirs = follow_up(uid=event.uid, title="Relance Élan", when=WHEN, origin=Origin.PERSON)
        theirs = replace(theirs, description=event.description, component=event.component)
        name = event.recurrence_id or ""
        try:
            fresh = write(theirs, data, marked=False, occurrence=name)
        except Unreadable:
            # Only what can't be told apart: an object of several, or of occurrences alone.
            assert name or data.upper().count(b"\nUID") > 1 or len(events) > 1, path.name
            continue
        again = {
            (e.uid, e.recurrence_id or ""): e
            for e in ical.read(fresh, "Europe/Paris", SINCE, UNTIL)
        }
        found = again[event.uid, name]
        assert (found.summary, found.when.start) == ("Relance Élan", WHEN.start), path.name
        before, after = parse(data), parse(fresh)
        kept = [_ended(line.raw) for line in before if line.name not in OURS]
        stays = iter(_ended(line.raw) for line in after)
        lost = next((raw for raw in kept if raw not in stays), None)
        assert lost is None, (path.name, lost)
        written += 1
        series += bool(name)
    assert written > 300 and series > 30, (written, series)


def _ended(raw: bytes) -> bytes:
    """Lines that end in CR alone, of which whole objects are made, are ended as all others are."""
    return raw if raw.endswith(b"\n") else raw.replace(b"\r", b"\r\n")
