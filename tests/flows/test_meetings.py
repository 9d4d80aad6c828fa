"""Meetings that were recorded follow their calendars: moved, called off, deleted, back again."""

from collections.abc import Callable
from datetime import timedelta

from tests.flows.house import House
from tests.flows.inside import Inside, ago, event, furnish, inside, utc
from tests.servers.dav import DavServer

JEAN = "ATTENDEE;CN=Jean;PARTSTAT=ACCEPTED:mailto:jean@mistral.example"
ANN = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@lumen.example"
BOB = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@lumen.example"
HREF = "/ann/work/visit.ics"
WEEK = timedelta(days=7)


def standing(suivi: Inside) -> list[tuple[str, object]]:
    """Reference and time of what took place."""
    suivi.sync()
    return [(e.ref, e.happened_at) for e in suivi.exchanges("CU-1")]


def explained(suivi: Inside) -> list[str]:
    """Why, decision after decision."""
    return [f"{row['verdict']} {row['reason']}" for row in suivi.rows("decision")]


def test_a_meeting_that_moved_or_fell_through_is_corrected_and_comes_back(
    make_house: Callable[..., House], sqlite: str, dav: DavServer
) -> None:
    start = ago(days=3)
    visit = event("Visit-1", "Visite", start, JEAN, ANN)
    dav.put("ann", HREF, visit)
    house = furnish(make_house(sqlite, dav=dav, users=("ann",)))
    with inside(house) as suivi:
        ((ref, held),) = standing(suivi)
        assert held == start
        # It was two hours later, says a new revision.
        later = event("Visit-1", "Visite", start + timedelta(hours=2), JEAN, ANN, "SEQUENCE:1")
        dav.put("ann", HREF, later)
        assert standing(suivi) == [(ref, start + timedelta(hours=2))]
        # Called off, declined, put off to next week: it did not take place.
        declined = ANN.replace("ACCEPTED", "DECLINED")
        for change in (
            event("Visit-1", "Visite", start, JEAN, ANN, "STATUS:CANCELLED"),
            event("Visit-1", "Visite", start, JEAN, declined),
            event("Visit-1", "Visite", start + WEEK, JEAN, ANN),
        ):
            dav.put("ann", HREF, change)
            assert standing(suivi) == []
            assert [e["status"] for e in suivi.rows("exchange")] == ["withdrawn"]
            dav.put("ann", HREF, visit)
            assert standing(suivi) == [(ref, start)]
        dav.delete("ann", HREF)
        assert standing(suivi) == []
        assert explained(suivi)[-1] == "ignore cancelled"
        # Restored under another name, as some clients do.
        dav.put("ann", "/ann/work/restored.ics", visit)
        assert standing(suivi) == [(ref, start)]
        # Nothing private is kept, not even withdrawn.
        dav.put(
            "ann", "/ann/work/restored.ics", visit.replace(b"SUMMARY", b"CLASS:PRIVATE\r\nSUMMARY")
        )
        assert standing(suivi) == [] and suivi.rows("exchange") == []
        dav.put("ann", "/ann/work/restored.ics", visit)
        assert [held for _, held in standing(suivi)] == [start]
        trail = [row["action"] for row in suivi.rows("audit")]
        assert trail.count("withdraw exchange") == 5 and trail.count("bring back exchange") == 4
    assert house.suivi("explain", "Visit-1").stdout.count("cancelled") >= 2


def test_occurrences_fall_through_one_by_one(
    make_house: Callable[..., House], sqlite: str, dav: DavServer
) -> None:
    first = ago(days=22)
    rule = "RRULE:FREQ=WEEKLY"
    dav.put("ann", HREF, event("weekly", "Point", first, JEAN, rule))
    house = furnish(make_house(sqlite, dav=dav, users=("ann",)))
    with inside(house) as suivi:
        refs = {held: ref for ref, held in standing(suivi)}
        assert list(refs) == [first, first + WEEK, first + 2 * WEEK, first + 3 * WEEK]
        # One is struck out, one was moved by a day, and the last is cancelled.
        lines = event("weekly", "Point", first, JEAN, rule, f"EXDATE:{utc(first)}").decode()
        moved = event(
            "weekly",
            "Point",
            first + WEEK + timedelta(days=1),
            JEAN,
            f"RECURRENCE-ID:{utc(first + WEEK)}",
        ).decode()
        off = event(
            "weekly",
            "Point",
            first + 3 * WEEK,
            JEAN,
            "STATUS:CANCELLED",
            f"RECURRENCE-ID:{utc(first + 3 * WEEK)}",
        ).decode()
        more = "".join(
            "BEGIN:VEVENT" + one.split("BEGIN:VEVENT")[1].split("END:VCALENDAR")[0]
            for one in (moved, off)
        )
        changed = lines.replace("END:VCALENDAR", more + "END:VCALENDAR")
        dav.put("ann", HREF, changed.encode())
        assert standing(suivi) == [
            (refs[first + WEEK], first + WEEK + timedelta(days=1)),
            (refs[first + 2 * WEEK], first + 2 * WEEK),
        ]
        # The person thinks again.
        dav.put("ann", HREF, event("weekly", "Point", first, JEAN, rule, "SEQUENCE:2"))
        assert {held: ref for ref, held in standing(suivi)} == refs
        # It is looked at again though it never changes: what is far ahead comes nearer.
        assert [w["kind"] for w in suivi.rows("work") if w["kind"] == "look-again"] == [
            "look-again"
        ]


def test_a_colleagues_copy_keeps_a_meeting_standing(
    make_house: Callable[..., House], sqlite: str, dav: DavServer
) -> None:
    start = ago(days=3)
    data = event("Common-X", "Visite", start, JEAN, ANN, BOB)
    dav.put("ann", HREF, data)
    # Another server keeps no capitals.
    dav.put("bob", "/bob/work/visit.ics", data.replace(b"Common-X", b"common-x"))
    house = furnish(make_house(sqlite, dav=dav))
    with inside(house) as suivi:
        assert [held for _, held in standing(suivi)] == [start]
        dav.delete("ann", HREF)
        assert [held for _, held in standing(suivi)] == [start]
        # The latest revision tells when it was, whoever is read last.
        moved = event("common-x", "Visite", start - WEEK, JEAN, ANN, BOB, "SEQUENCE:3")
        dav.put("bob", "/bob/work/visit.ics", moved)
        assert [held for _, held in standing(suivi)] == [start - WEEK]
        dav.put("ann", HREF, data)
        assert [held for _, held in standing(suivi)] == [start - WEEK]
        dav.delete("bob", "/bob/work/visit.ics")
        assert [held for _, held in standing(suivi)] == [start]
        dav.delete("ann", HREF)
        assert standing(suivi) == []


def test_who_tidies_up_an_old_calendar_loses_nothing(
    make_house: Callable[..., House], sqlite: str, dav: DavServer
) -> None:
    old, recent = ago(days=200), ago(days=2)
    dav.put("ann", HREF, event("old", "Visite", old, JEAN))
    dav.put("ann", "/ann/work/recent.ics", event("recent", "Visite", recent, JEAN))
    house = furnish(make_house(sqlite, dav=dav, users=("ann",)))
    with inside(house) as suivi:
        assert [held for _, held in standing(suivi)] == [old, recent]
        dav.delete("ann", HREF)
        assert [held for _, held in standing(suivi)] == [old, recent]
