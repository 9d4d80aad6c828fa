"""When events happen: held against a second implementation, on the objects of many programs. Every
difference is judged here; a new one fails."""

import warnings

import pytest

from connectors.errors import Unreadable
from tests.connectors.ical.golden import horizon, ours, theirs

X_ZONE = "X-WR-TIMEZONE moves nothing: a time without TZID is floating (RFC 5545 §3.3.5)"
UTC_SERIES = "X-WR-TIMEZONE moves nothing: a series in UTC stays in UTC (RFC 5545 §3.3.5)"
NO_ZONE = "nothing explains the name (§3.2.19 wants a VTIMEZONE): it is the reader's clock"
ALL_DAY = "DTSTART is a DATE, so it is all day, whatever kind the end is (§3.6.1)"
FIRST = "DTSTART is the first instance, also of a rule that ended before it (§3.8.5.3)"
UNTIL = "UNTIL without Z is on the clock of DTSTART, and includes the last (§3.3.10)"

# All are judged for us.
DIFFERENCES = {
    "allenporter-ical/tests/testdata/todo-invalid-dtstart-tzid.ics": NO_ZONE,
    "ical.net/Ical.Net.Tests/Calendars/Serialization/Duration1.ics": ALL_DAY,
    "ical.net/Ical.Net.Tests/Calendars/Serialization/TimeZone3.ics": ALL_DAY,
    "ical4j/src/test/resources/samples/invalid/schedule-unstable.ics": ALL_DAY,
    "ical4j/src/test/resources/samples/valid/google_aus_holidays.ics": ALL_DAY,
    "ical4j/src/test/resources/samples/valid/japan_west.ics": ALL_DAY,
    "ical4j/src/test/resources/samples/valid/lotr-updated.ics": FIRST,
    "ical4j/src/test/resources/samples/valid/lotr.ics": FIRST,
    "khal/tests/ics/event_dt_mixed_awareness.ics": "a time with Z is in UTC, TZID or not (§3.2.19)",
    "khal/tests/ics/event_dtr_no_tz_exdatez.ics": NO_ZONE,
    "libical/test-data/classify.ics": "one UID is one event: the latest SEQUENCE counts (§3.8.7.4)",
    "node-ical/test/fixtures/bad_ms_tz.ics": "each object defines its own zones (§3.6.5); theirs "
    "keeps one of the same name from an object that it read before",
    "node-ical/test/fixtures/biweekly-exdate-until.ics": UTC_SERIES,
    "node-ical/test/fixtures/mixed-timezone-handling.ics": X_ZONE,
    "node-ical/test/fixtures/non-utc-until-ny.ics": UNTIL,
    "node-ical/test/fixtures/tv-show-episode.ics": X_ZONE,
    "node-ical/test/fixtures/yearly-recurring-unicode.ics": ALL_DAY,
    "vobject-sabre/tests/VObject/RecurrenceIterator/UntilRespectsTimezoneTest.ics": UNTIL,
}
BY_CHANCE = {"node-ical/test/fixtures/bad_ms_tz.ics"}
# Of the others every so many, unless all are asked for.
SAMPLE = 15


@pytest.mark.filterwarnings("ignore")
def test_two_implementations_tell_the_same_times(corpus, pytestconfig):
    root, all_of_them = corpus / "ics", pytestconfig.getoption("--long")
    files = sorted(path for path in root.rglob("*") if path.is_file())
    different, same, occurrences = set(), 0, 0
    for number, path in enumerate(files):
        name = str(path.relative_to(root))
        if not (all_of_them or name in DIFFERENCES or number % SAMPLE == 0):
            continue
        data = path.read_bytes()
        span = horizon(data)
        try:
            here = ours(data, *span) if span else set()
            with warnings.catch_warnings(action="ignore"):
                there = theirs(data, *span) if span else set()
        except Unreadable:
            continue
        except Exception:  # noqa: BLE001  what they can't read there is nothing to compare with
            continue
        same += here == there
        occurrences += len(here)
        if here != there:
            different.add(name)
    print(f"{same} objects alike, {len(different)} judged, {occurrences} occurrences")
    assert different - DIFFERENCES.keys() == set()
    assert DIFFERENCES.keys() - different <= BY_CHANCE
    assert same > (500 if all_of_them else 25)
