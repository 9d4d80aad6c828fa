"""Calendar objects made to take for ever or to fill the memory: each is read or refused at once.

Run with a limit of memory in MiB, in an interpreter of its own; prints what each one cost.
"""

import json
import resource
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from connectors import ical
from connectors.errors import Unreadable
from tests.connectors.ical.objects import SINCE, UNTIL, calendar, vevent

START = "DTSTART;TZID=Europe/Paris:20260302T100000"
DAILY = "RRULE:FREQ=DAILY"
OFTEN = "RRULE:FREQ=HOURLY;INTERVAL=9"
NEVER = "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"
HOURS = "BYHOUR=" + ",".join(map(str, range(24)))
MINUTES = "BYMINUTE=" + ",".join(map(str, range(60)))
OBSERVANCE = (
    "BEGIN:DAYLIGHT\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\n"
)
ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1M", "END:VALARM")


def zone(name, observances):
    return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{observances * OBSERVANCE}END:VTIMEZONE\r\n"


def guests(number):
    return [f"ATTENDEE;CN=A{n};PARTSTAT=ACCEPTED:mailto:a{n}@b.example" for n in range(number)]


def times(number):
    first = datetime(2026, 1, 1)
    return [f"{first + timedelta(minutes=7 * n):%Y%m%dT%H%M%SZ}" for n in range(number)]


def several(number, *lines):
    """As many components with UIDs of their own."""
    return [
        line
        for n in range(number)
        for line in ("BEGIN:VEVENT", f"UID:u{n}", *(one.format(n=n) for one in lines), "END:VEVENT")
    ]


def changed(number, params=""):
    """A daily series and as many changes to it."""
    yield from ("BEGIN:VEVENT", "UID:u1", START, DAILY, "END:VEVENT")
    for n in range(number):
        at = f"{SINCE + timedelta(hours=20 * n):%Y%m%dT%H%M%SZ}"
        yield from ("BEGIN:VEVENT", "UID:u1", f"RECURRENCE-ID{params}:{at}")
        yield from (f"DTSTART:{at}", "END:VEVENT")


BOMBS = {
    "every second": lambda: vevent(START, "RRULE:FREQ=SECONDLY"),
    "every second of a day": lambda: vevent(
        START, f"{DAILY};{HOURS};{MINUTES};BYSECOND={','.join(map(str, range(60)))};BYSETPOS=-1"
    ),
    "a count that no machine has": lambda: vevent(START, f"{DAILY};COUNT=9{400 * '9'}"),
    "an interval of ages": lambda: vevent(START, f"{DAILY};INTERVAL=999999999"),
    "daily since the year 2": lambda: vevent("DTSTART:00020101T000000Z", DAILY),
    "a leap Monday since the year 2": lambda: vevent(
        "DTSTART:00020101T000000Z", f"{DAILY};BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"
    ),
    "every week of the year, never": lambda: vevent(
        "DTSTART:00020101T000000Z",
        f"RRULE:FREQ=YEARLY;BYWEEKNO={','.join(map(str, range(1, 54)))};BYMONTH=2;BYMONTHDAY=31",
    ),
    "never": lambda: vevent(START, NEVER),
    "ten times never": lambda: vevent(START, *(f"{NEVER};BYHOUR={n}" for n in range(10))),
    "a hundred series that never come": lambda: calendar(*several(99, START, NEVER)),
    "five thousand rules": lambda: vevent("DTSTART:19700101T000000Z", *5000 * [DAILY]),
    "a hundred old series": lambda: calendar(
        *several(99, "DTSTART:19000101T000000Z", "RRULE:FREQ=MONTHLY;BYDAY=-1SU;UNTIL=19990101")
    ),
    "RDATEs": lambda: vevent(START, "RDATE:" + ",".join(times(900))),
    "thousands of RDATEs": lambda: vevent(START, *(f"RDATE:{at}" for at in times(19_000))),
    "thousands of EXDATEs": lambda: vevent(START, DAILY, *(f"EXDATE:{a}" for a in times(19_000))),
    "changed 900 times": lambda: calendar(*changed(900)),
    "changed 900 times from then on": lambda: calendar(*changed(900, ";RANGE=THISANDFUTURE")),
    "moved by thousands of years": lambda: calendar(
        *("BEGIN:VEVENT", "UID:u1", START, DAILY, "END:VEVENT", "BEGIN:VEVENT", "UID:u1"),
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260402T080000Z",
        *("DTSTART:99980402T080000Z", "END:VEVENT"),
    ),
    "a thousand guests, often": lambda: vevent(START, OFTEN, *guests(1000)),
    "19,000 guests": lambda: vevent(START, *guests(19_000)),
    "long texts, often": lambda: vevent(START, OFTEN, *60 * [f"DESCRIPTION:{60_000 * 'x'}"]),
    "too many long texts": lambda: calendar(*several(1000, START, f"DESCRIPTION:{7000 * 'x'}")),
    "many categories, often": lambda: vevent(START, OFTEN, "CATEGORIES:" + 16_000 * "abc,"),
    "many alarms, often": lambda: vevent(START, OFTEN, *4000 * ALARM),
    "a duration of ages": lambda: vevent(START, "DURATION:P999999999W"),
    "a long one, often": lambda: vevent("DTSTART:19700101T000000Z", "DURATION:P9999D", DAILY),
    "an alarm of ages": lambda: vevent(START, ALARM[0], "TRIGGER:-P99999DT999999H", ALARM[3]),
    "the end of time": lambda: vevent("DTSTART;TZID=America/New_York:99991231T235959"),
    "the last day": lambda: vevent("DTSTART;VALUE=DATE:99991231"),
    "the beginning of time": lambda: vevent("DTSTART;TZID=Asia/Tokyo:00010101T000000", DAILY),
    "a zone with many rules": lambda: vevent(
        "DTSTART;TZID=Ours:20260302T100000", zones=zone("Ours", 5000)
    ),
    "many zones": lambda: calendar(
        *several(900, "DTSTART;TZID=Ours{n}:20260302T100000"),
        zones="".join(zone(f"Ours{n}", 9) for n in range(900)),
    ),
    "a zone over thousands of years": lambda: vevent(
        *("DTSTART;TZID=Ours:20260302T100000", OFTEN),
        *(f"EXDATE;TZID=Ours:{year}0302T100000" for year in range(2000, 6900)),
        zones=zone("Ours", 50),
    ),
    "components in components": lambda: calendar(*100_000 * ["BEGIN:VEVENT"]),
    "a line of 100 MB": lambda: vevent(START, f"DESCRIPTION:{100_000_000 * 'x'}"),
    "a line of 8 MB": lambda: vevent(START, f"DESCRIPTION:{8_000_000 * 'x'}"),
    "parameters of 8 MB": lambda: vevent(START, "ATTENDEE;CN=" + 2_000_000 * '"a",' + ":x"),
    "a line of 149,000 folds": lambda: vevent(START, "DESCRIPTION:x", *149_000 * [" y"]),
    "149,000 lines": lambda: vevent(START, *149_000 * ["X-A:b"]),
}  # fmt: skip


def _grown():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def main(limit):
    """Reads each one with no more memory than `limit` MiB above what the object itself takes."""
    ical.read(vevent(START, DAILY, zones=zone("Ours", 1)), "Europe/Paris", SINCE, UNTIL)
    for name, make in BOMBS.items():
        data = make()
        ceiling = _grown() + limit * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (ceiling, resource.RLIM_INFINITY))
        began = time.process_time()
        try:
            told = f"{len(ical.read(data, 'Europe/Paris', SINCE, UNTIL))} events"
        except Unreadable as refused:
            told = str(refused)
        took = time.process_time() - began
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(json.dumps([name, round(took, 2), told]), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
