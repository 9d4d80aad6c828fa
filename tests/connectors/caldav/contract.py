"""What every implementation of the Calendars port keeps, on whatever stands behind it.

A subclass has the fixtures `calendars` (the client), `calendar` (the href of an empty calendar),
and `person`, who writes and deletes there with a client of their own.
"""

import pytest

from connectors.errors import Changed


def event(uid="one", summary="Quote for ACME", *extra, key="k-1"):
    """An object as suivi writes it, with whatever else stands in it."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT"]
    lines += [f"UID:{uid}", "DTSTAMP:20260101T000000Z", "DTSTART:20260302T090000Z"]
    lines += ["DTEND:20260302T093000Z", f"SUMMARY:{summary}", f"X-SUIVI-FOLLOW-UP:{key}", *extra]
    return ("\r\n".join([*lines, "END:VEVENT", "END:VCALENDAR"]) + "\r\n").encode()


class CalendarsContract:
    def test_the_calendar_is_discovered(self, calendars, calendar):
        found = {info.href: info for info in calendars.discover()}
        assert found[calendar].name == "work"
        assert {"VEVENT", "VTODO"} <= found[calendar].components
        assert found[calendar].writable

    def test_an_empty_calendar_has_no_changes(self, calendars, calendar):
        delta = calendars.changes(calendar, None, {})
        assert (dict(delta.changed), delta.removed, delta.complete) == ({}, frozenset(), True)
        assert calendars.fetch(calendar, []) == ()

    def test_creating_twice_is_creating_once(self, calendars, calendar):
        href = calendar + "one.ics"
        first = calendars.put(calendar, href, event(), None)
        again = calendars.put(calendar, href, event(), None)
        assert (first.href, first.etag) == (href, again.etag)
        assert list(calendars.changes(calendar, None, {}).changed) == [href]

    def test_a_place_that_is_taken_is_not_overwritten(self, calendars, calendar, person):
        href = calendar + "one.ics"
        person.put(href, event("another", "Dentist", key=""))
        with pytest.raises(Changed):
            calendars.put(calendar, href, event(), None)
        (kept,) = calendars.fetch(calendar, [href])
        assert b"Dentist" in kept.data

    def test_what_put_returns_is_what_fetch_and_changes_tell(self, calendars, calendar):
        made = calendars.put(calendar, calendar + "one.ics", event(), None)
        (fetched,) = calendars.fetch(calendar, [made.href])
        assert (fetched.etag, fetched.data) == (made.etag, made.data)
        assert dict(calendars.changes(calendar, None, {}).changed) == {made.href: made.etag}

    def test_updating_from_a_stale_etag_is_refused(self, calendars, calendar, person):
        made = calendars.put(calendar, calendar + "one.ics", event(), None)
        person.put(made.href, event(summary="Moved by Anna"))
        with pytest.raises(Changed):
            calendars.put(calendar, made.href, event(summary="ours"), made.etag)
        (kept,) = calendars.fetch(calendar, [made.href])
        assert b"Moved by Anna" in kept.data
        written = calendars.put(calendar, made.href, event(summary="ours"), kept.etag)
        assert b"SUMMARY:ours" in written.data
        assert written.etag not in (made.etag, kept.etag)

    def test_updating_what_was_deleted_is_refused(self, calendars, calendar, person):
        made = calendars.put(calendar, calendar + "one.ics", event(), None)
        person.delete(made.href)
        with pytest.raises(Changed):
            calendars.put(calendar, made.href, event(summary="ours"), made.etag)
        assert calendars.fetch(calendar, [made.href]) == ()

    def test_deleting_needs_the_current_etag_and_may_be_repeated(self, calendars, calendar, person):
        made = calendars.put(calendar, calendar + "one.ics", event(), None)
        person.put(made.href, event(summary="Moved by Anna"))
        with pytest.raises(Changed):
            calendars.delete(calendar, made.href, made.etag)
        (kept,) = calendars.fetch(calendar, [made.href])
        calendars.delete(calendar, made.href, kept.etag)
        calendars.delete(calendar, made.href, kept.etag)
        assert calendars.changes(calendar, None, {}).changed == {}

    def test_a_token_tells_what_changed_since(self, calendars, calendar, person):
        stays = calendars.put(calendar, calendar + "stays.ics", event("stays"), None)
        goes = calendars.put(calendar, calendar + "goes.ics", event("goes"), None)
        before = calendars.changes(calendar, None, {})
        assert before.token
        person.delete(goes.href)
        person.put(calendar + "new.ics", event("new"))
        delta = calendars.changes(calendar, before.token, before.changed)
        assert not delta.complete
        assert (set(delta.changed), delta.removed) == ({calendar + "new.ics"}, {goes.href})
        after = calendars.changes(calendar, delta.token, {stays.href: stays.etag, **delta.changed})
        assert (dict(after.changed), after.removed) == ({}, frozenset())

    def test_a_token_that_nobody_gave_means_everything(self, calendars, calendar):
        made = calendars.put(calendar, calendar + "one.ics", event(), None)
        gone = calendar + "gone.ics"
        delta = calendars.changes(calendar, "http://example.com/never", {gone: '"1"'})
        assert delta.complete
        assert (dict(delta.changed), delta.removed) == ({made.href: made.etag}, {gone})
        assert delta.token not in (None, "http://example.com/never")

    def test_an_object_that_is_missing_is_absent_and_the_others_come(self, calendars, calendar):
        made = [calendars.put(calendar, f"{calendar}{n}.ics", event(n), None) for n in "abc"]
        wanted = [calendar + "missing.ics", *(each.href for each in made)]
        assert [each.href for each in calendars.fetch(calendar, wanted)] == wanted[1:]

    def test_unknown_properties_and_alarms_survive(self, calendars, calendar):
        alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:-", "TRIGGER:-PT7M", "END:VALARM"]
        data = event("one", "Été; déjà", "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC", *alarm)
        made = calendars.put(calendar, calendar + "one.ics", data, None)
        for kept in (b"X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC", b"TRIGGER:-PT7M"):
            assert kept in made.data
        assert "Été".encode() in made.data
        assert made.data.count(b"\n") == made.data.count(b"\r\n")
