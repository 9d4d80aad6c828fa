"""The event arrow on every calendar server: meetings that took place become exchanges, once each;
the rest leaves href and etag, and a count."""

import signal
from collections.abc import Callable
from datetime import timedelta

import pytest

from daemon.store import calendars
from tests.flows.agenda import Calendar
from tests.flows.house import House
from tests.flows.inside import ago, ahead, event, furnish, inside, utc, wait_until
from tests.servers.dav import DavServer

JEAN = "ATTENDEE;CN=Jean;PARTSTAT=ACCEPTED:mailto:jean@mistral.example"
ANN = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@lumen.example"
BOB = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@lumen.example"
STRANGER = "ATTENDEE:mailto:zoe@zelda-nowhere.example"


def house_of(make_house: Callable[..., House], database: str, dav: DavServer) -> House:
    """Ann alone, with her mailbox and her calendars."""
    return furnish(make_house(database, dav=dav, users=("ann",)))


def test_what_took_place_is_recorded_and_nothing_of_the_rest_is_kept(
    make_house: Callable[..., House], sqlite: str, anns: Calendar
) -> None:
    dav, work = anns.server, anns.href
    week, series, visit = timedelta(days=7), ago(days=24), ago(days=2)
    declined = "ATTENDEE;PARTSTAT=DECLINED:mailto:ann@lumen.example"
    objects = {
        "held": event("held", "Visite", visit, JEAN, ANN),
        "weekly": event(
            "weekly",
            "Point hebdo",
            series,
            JEAN,
            "RRULE:FREQ=WEEKLY;COUNT=6",
            f"EXDATE:{utc(series + week)}",
        ),
        "private": event("private", "Zprivate", ago(days=3), JEAN, "CLASS:PRIVATE"),
        "cancelled": event("cancelled", "Zcancelled", ago(days=3), JEAN, "STATUS:CANCELLED"),
        "declined": event("declined", "Zdeclined", ago(days=3), JEAN, declined),
        "internal": event("internal", "Zinternal", ago(days=3), ANN, BOB),
        "unmatched": event("unmatched", "Zunmatched", ago(days=3), STRANGER),
        "alone": event("alone", "Zalone", ago(days=3)),
    }
    for name, data in objects.items():
        dav.put("ann", f"{work}{name}.ics", data)
    standing = dav.objects("ann", work)
    house = house_of(make_house, sqlite, dav)
    with inside(house) as suivi:
        suivi.sync()
        found = suivi.exchanges("CU-1")
        # 24, 10 and 3 days ago; that of 17 days ago was struck out, two are still to come.
        assert [(e.subject, e.happened_at) for e in found] == [
            ("Point hebdo", series),
            ("Point hebdo", series + 2 * week),
            ("Point hebdo", series + 3 * week),
            ("Visite", visit),
        ]
        assert {e.mode for e in found} == {"meeting"}
        # Of the others there is an etag, a keyed hash and a reason.
        assert len(suivi.rows("sighting")) == 4
        known = {row["href"].rsplit("/")[-1] for row in suivi.rows("calendar_object")}
        assert known == {f"{name}.ics" for name in objects}
        reasons = {r["reason"] for r in suivi.rows("decision") if r["verdict"] == "ignore"}
        expected = {"private", "cancelled", "declined", "internal", "no-third-party"}
        assert reasons == expected
        kept = "".join(str(suivi.rows(t)) for t in ("decision", "calendar_object", "tally"))
        assert "zelda" not in kept and "Zunmatched" not in kept and "Zprivate" not in kept
        # Nothing new: nothing judged, nothing doubled.
        assert not suivi.sync().counts
        assert len(suivi.exchanges("CU-1")) == 4
    report = house.json("report")
    counted = {r["reason"]: r["count"] for r in report if r["place"].startswith("ann-calendar")}
    assert expected <= counted.keys()
    assert counted["matched"] == 4
    assert counted["no-third-party"] == 2

    # The directory learns who that was: what was seen then is judged again, unchanged.
    people = house.folder / "more.csv"
    people.write_text("code,name,kind,email\nCU-9,Later,customer,zoe@zelda-nowhere.example\n")
    house.suivi("import", "third-parties", str(people))
    with inside(house) as suivi:
        suivi.sync()
        assert [e.subject for e in suivi.exchanges("CU-9")] == ["Zunmatched"]
        assert len(suivi.exchanges("CU-1")) == 4
    assert dav.objects("ann", work) == standing


def test_a_meeting_to_come_is_recorded_once_it_is_over(
    make_house: Callable[..., House], sqlite: str, anns: Calendar
) -> None:
    dav, work = anns.server, anns.href
    house = house_of(make_house, sqlite, dav)
    with inside(house) as suivi:
        over = ago(seconds=-4)
        for name in ("soon", "withdrawn"):
            start = over - timedelta(hours=1)
            dav.put("ann", f"{work}{name}.ics", event(name, name, start, JEAN))
        suivi.sync()
        assert suivi.exchanges("CU-1") == ()
        assert len(suivi.rows("work")) == 2
        dav.delete("ann", f"{work}withdrawn.ics")
        wait_until(over)
        suivi.sync()
        assert [e.subject for e in suivi.exchanges("CU-1")] == ["soon"]
        # Neither the one that is over nor the one that has gone is waited for.
        assert [w for w in suivi.rows("work") if w["kind"] == "look-again"] == []
        suivi.sync()
        assert len(suivi.exchanges("CU-1")) == 1


def test_the_copies_of_two_colleagues_are_one_exchange(
    make_house: Callable[..., House], database: str, dav: DavServer
) -> None:
    data = event("common", "Visite", ago(days=1), JEAN, ANN, BOB)
    for user in ("ann", "bob"):
        dav.put(user, f"/{user}/work/common-{user}.ics", data)
    house = furnish(make_house(database, dav=dav))
    with inside(house) as suivi:
        suivi.sync()
        (met,) = suivi.exchanges("CU-1")
        assert {s["exchange_id"] for s in suivi.rows("sighting")} == {met.id}
        assert len(suivi.rows("sighting")) == 2
        assert set(met.mailbox_owners) == {suivi.user("ann").id, suivi.user("bob").id}


def test_an_object_that_cannot_be_read_stops_no_other(
    make_house: Callable[..., House], sqlite: str, dav: DavServer
) -> None:
    dav.put("ann", "/ann/work/good.ics", event("good", "Visite", ago(days=1), JEAN))
    huge = "ATTENDEE:mailto:" + 70_000 * "x" + "@mistral.example"
    dav.put("ann", "/ann/work/bad.ics", event("bad", "Visite", ago(days=1), huge))
    house = house_of(make_house, sqlite, dav)
    with inside(house) as suivi:
        suivi.sync()
        assert [e.subject for e in suivi.exchanges("CU-1")] == ["Visite"]
        (aside,) = suivi.rows("quarantine")
        assert aside["reason"] == "ATTENDEE of more than 64 KiB"


def test_while_observing_meetings_are_only_counted(
    make_house: Callable[..., House], sqlite: str, dav: DavServer
) -> None:
    dav.put("ann", "/ann/work/held.ics", event("held", "Visite", ago(days=1), JEAN))
    relance = event("r", "Relance Brasserie Mistral", ahead(days=1))
    dav.put("ann", "/ann/work/r.ics", relance)
    standing = dav.objects("ann", "/ann/work/")
    house = furnish(make_house(sqlite, dav=dav, users=("ann",), observe_days=3))
    with inside(house) as suivi:
        suivi.sync()
        assert suivi.exchanges("CU-1") == () and suivi.follow_ups() == ()
        counted = {(t["verdict"], t["reason"]): t["count"] for t in suivi.rows("tally")}
        assert counted == {("record", "matched"): 1, ("ignore", "follow-up"): 1}
    house.suivi("release")
    with inside(house) as suivi:
        suivi.sync()
        assert len(suivi.exchanges("CU-1")) == 1
        assert suivi.follow_up().title == "Relance Brasserie Mistral"
    assert dav.objects("ann", "/ann/work/") == standing


@pytest.mark.parametrize(("step", "stored"), [("event.fetched", 0), ("event.recorded", 1)])
def test_killed_while_recording_each_is_there_once(
    make_house: Callable[..., House], sqlite: str, dav: DavServer, step: str, stored: int
) -> None:
    dav.put("ann", "/ann/work/held.ics", event("held", "Visite", ago(days=1), JEAN))
    typed = event("typed", "Relance Brasserie Mistral", ahead(days=1))
    dav.put("ann", "/ann/work/typed.ics", typed)
    standing = dav.objects("ann", "/ann/work/")
    house = house_of(make_house, sqlite, dav)
    with house.daemon(SUIVI_CRASH_AT=f"{step}:1") as process:
        assert process.wait(60) == -signal.SIGKILL, house.log()
    with inside(house) as suivi:
        assert len(suivi.exchanges("CU-1")) == len(suivi.follow_ups()) == stored
        (work,) = suivi.rows("calendar")
        with suivi.read() as tx:
            # The token never runs ahead of what it stands for.
            assert calendars.state(tx, work["id"]).token is None
        suivi.forget_leases()
        suivi.sync()
        assert [e.subject for e in suivi.exchanges("CU-1")] == ["Visite"]
        assert len(suivi.rows("sighting")) == 1
        assert suivi.follow_up().uid == "typed"
        assert not suivi.sync().counts
    assert dav.objects("ann", "/ann/work/") == standing
