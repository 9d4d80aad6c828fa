"""Zone names as they are met: IANA, Windows, vendors' paths, inventions with and without rules."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.ical.vtimezone import vtimezone
from tests.connectors.ical.objects import PARIS, one, vevent

PARIS_RULES = """\
BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
""".replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("europe/paris", "Europe/Paris"),
        ("/freeassociation.sourceforge.net/Europe/Paris", "Europe/Paris"),
        ("/mozilla.org/20050126_1/Europe/Paris", "Europe/Paris"),
        ("Romance Standard Time", "Europe/Paris"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("UTC", "UTC"),
        # Nothing explains these: the time is taken as local.
        ("Customized Time Zone", "Europe/Paris"),
        ("../../../etc/passwd", "Europe/Paris"),
        ("America", "Europe/Paris"),
        ("x" * 5000, "Europe/Paris"),
    ],
)
def test_a_name_means_a_zone(tzid, zone):
    when = one(vevent(f"DTSTART;TZID={tzid}:20260702T100000")).when
    assert (when.zone, when.start.hour) == (zone, 10)


def test_quoted_names_with_colons():
    tzid = '"(UTC+01:00) Brussels, Copenhagen, Madrid, Paris"'
    zones = PARIS_RULES.format(name=tzid.strip('"'))
    when = one(vevent(f"DTSTART;TZID={tzid}:20260702T100000", zones=zones), "Asia/Tokyo").when
    assert when.start == datetime(2026, 7, 2, 8, tzinfo=UTC)


def test_an_invented_name_keeps_the_clock_that_comes_with_it():
    data = vevent("DTSTART;TZID=Ours:20260702T100000", zones=PARIS_RULES.format(name="Ours"))
    assert one(data).when.zone == "Europe/Paris"
    elsewhere = one(data, "America/New_York").when
    assert (elsewhere.zone, elsewhere.start) == (
        "America/New_York",
        datetime(2026, 7, 2, 8, tzinfo=UTC),
    )


def test_one_calendar_does_not_explain_the_names_of_the_next():
    tokyo = PARIS_RULES.format(name="Ours").replace("+0200", "+0900").replace("+0100", "+0900")
    first = one(vevent("DTSTART;TZID=Ours:20260702T100000", zones=tokyo))
    second = one(vevent("DTSTART;TZID=Ours:20260702T100000", zones=PARIS_RULES.format(name="Ours")))
    assert first.when.start == datetime(2026, 7, 2, 1, tzinfo=UTC)
    assert second.when.start == datetime(2026, 7, 2, 8, tzinfo=UTC)


def test_hours_that_an_invented_clock_shows_twice_or_never_are_told_like_those_of_a_named_one():
    zones = PARIS_RULES.format(name="Ours").replace("2SU", "1SU")
    for local in ("20260329T023000", "20261025T023000", "20261025T033000", "20260329T033000"):
        ours = one(vevent(f"DTSTART;TZID=Ours:{local}", zones=zones), "Asia/Tokyo")
        named = one(vevent(f"DTSTART;TZID=Europe/Paris:{local}"))
        assert ours.when.start.astimezone(UTC) == named.when.start.astimezone(UTC), local


def test_a_name_with_commas_is_escaped_where_it_is_defined():
    name = "(UTC+02:00) Athens, Bucharest"
    escaped = name.replace(",", "\\,")
    zones = PARIS_RULES.format(name=escaped).replace("+0200", "+0300").replace("+0100", "+0200")
    data = vevent(f'DTSTART;TZID="{name}":20260702T100000', zones=zones)
    assert one(data).when.start == datetime(2026, 7, 2, 7, tzinfo=UTC)


def test_rules_that_say_the_hour_too():
    zones = PARIS_RULES.format(name="Ours").replace("YEARLY;", "YEARLY;BYMINUTE=0;BYHOUR=2;")
    data = vevent("DTSTART;TZID=Ours:20260702T100000", zones=zones)
    assert one(data, "Asia/Tokyo").when.start == datetime(2026, 7, 2, 8, tzinfo=UTC)


def test_an_hour_that_the_clock_skips_is_told_as_it_passes():
    when = one(vevent("DTSTART;TZID=Europe/Paris:20260329T023000")).when
    assert when.start == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert (when.start.hour, when.zone) == (3, "Europe/Paris")


US_RULES = """\
BEGIN:VTIMEZONE
TZID:Ours
BEGIN:DAYLIGHT
DTSTART:19870405T020000
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4;UNTIL=20060402T070000Z
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19671029T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10;UNTIL=20061029T060000Z
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTHDAY=8,9,10,11,12,13,14;BYDAY=SU;BYMONTH=3
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
RDATE:20081102T020000,20091101T020000
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
END:VTIMEZONE
""".replace("\n", "\r\n")


@pytest.mark.parametrize("year", [1999, 2006, 2007, 2009, 2026, 2040])
def test_a_definition_whose_rules_changed_tells_the_clock_of_each_year(year):
    for month in range(1, 13):
        for day in (3, 9, 20, 30 if month != 2 else 27):
            local = datetime(year, month, day, 12, tzinfo=ZoneInfo("America/New_York"))
            data = vevent(f"DTSTART;TZID=Ours:{local:%Y%m%dT%H%M%S}", zones=US_RULES)
            assert one(data, "Asia/Tokyo").when.start == local


def test_fixed_offsets():
    when = one(vevent("DTSTART;TZID=GMT+0200:20260302T100000")).when
    assert when.start == datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=YEARLY;BYSECOND=1,2,3", "FREQ=YEARLY;X=1"])
def test_rules_that_run_for_ever_are_not_followed(rule):
    zones = PARIS_RULES.format(name="Ours").replace("FREQ=YEARLY", rule)
    assert one(vevent("DTSTART;TZID=Ours:20260702T100000", zones=zones)).when is not None


@pytest.mark.parametrize(
    "key",
    [
        "Europe/Paris",
        "Europe/Dublin",
        "America/New_York",
        "America/Sao_Paulo",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "Asia/Tokyo",
    ],
)
def test_the_definition_that_we_write_shows_the_same_clock(key):
    """Read back under a name that says nothing, so that only its rules count."""
    zones = vtimezone(key, 2026).decode().replace(f"TZID:{key}", "TZID:Invented")
    for month in range(1, 13):
        local = datetime(2026, month, 20, 12, tzinfo=ZoneInfo(key))
        data = vevent(f"DTSTART;TZID=Invented:{local:%Y%m%dT%H%M%S}", zones=zones)
        assert one(data, "Pacific/Kiritimati").when.start == local, month


def test_the_definition_names_the_change_on_the_clock_before_it():
    text = vtimezone(PARIS.key, 2026).decode()
    assert "DTSTART:20250330T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" in text
    assert "DTSTART:20251026T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" in text
