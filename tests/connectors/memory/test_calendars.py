"""The calendar twin: tokens, preconditions, and somebody else who writes in between."""

import pytest

from connectors.errors import Changed, Refused, Unreachable
from connectors.memory import MemoryCalendars

WORK = "/alice/work/"


@pytest.fixture
def calendars():
    it = MemoryCalendars()
    it.add(WORK, "Work")
    return it


def test_discover_names_what_may_be_written(calendars):
    calendars.add("/shared/", "Holidays", {"VEVENT"}, writable=False)
    assert [(it.href, it.writable, sorted(it.components)) for it in calendars.discover()] == [
        (WORK, True, ["VEVENT", "VTODO"]),
        ("/shared/", False, ["VEVENT"]),
    ]


def test_a_token_answers_with_what_changed_since(calendars):
    calendars.place(WORK, "old.ics", b"old")
    first = calendars.changes(WORK, None, {})
    assert (dict(first.changed).keys(), first.complete) == ({"old.ics"}, True)
    etag = calendars.place(WORK, "new.ics", b"new")
    calendars.take(WORK, "old.ics")
    second = calendars.changes(WORK, first.token, first.changed)
    assert (dict(second.changed), second.removed) == ({"new.ics": etag}, {"old.ics"})
    assert not second.complete
    assert not calendars.changes(WORK, second.token, {}).changed


@pytest.mark.parametrize("token", ["memory:99", "memory:x", "somebody-else's"])
def test_a_token_that_is_not_ours_means_a_full_comparison(calendars, token):
    calendars.place(WORK, "a.ics", b"a")
    delta = calendars.changes(WORK, token, {"gone.ics": '"1"'})
    assert (delta.complete, set(delta.changed), delta.removed) == (True, {"a.ics"}, {"gone.ics"})


def test_forgotten_tokens_lose_nothing(calendars):
    calendars.place(WORK, "a.ics", b"a")
    token = calendars.changes(WORK, None, {}).token
    calendars.forgets_tokens = True
    assert calendars.changes(WORK, token, {}).complete


def test_the_same_bytes_later_have_another_etag(calendars):
    first = calendars.place(WORK, "a.ics", b"a")
    calendars.place(WORK, "a.ics", b"b")
    assert calendars.place(WORK, "a.ics", b"a") != first


def test_put_creates_once_and_answers_with_what_is_there(calendars):
    made = calendars.put(WORK, "a.ics", b"a", None)
    assert calendars.fetch(WORK, ["none.ics", "a.ics"]) == (made,)
    assert calendars.put(WORK, "a.ics", b"a", None) == made
    assert calendars.writes == ["a.ics"]
    with pytest.raises(Changed):
        calendars.put(WORK, "a.ics", b"another", None)


def test_a_write_between_read_and_write_is_noticed(calendars):
    etag = calendars.place(WORK, "a.ics", b"a")
    calendars.meanwhile = lambda: calendars.place(WORK, "a.ics", b"theirs")
    with pytest.raises(Changed):
        calendars.put(WORK, "a.ics", b"ours", etag)
    assert calendars.objects(WORK) == {"a.ics": b"theirs"}
    (now,) = calendars.fetch(WORK, ["a.ics"])
    assert calendars.put(WORK, "a.ics", b"merged", now.etag).data == b"merged"


def test_delete_asks_for_the_etag_and_may_be_repeated(calendars):
    etag = calendars.place(WORK, "a.ics", b"a")
    with pytest.raises(Changed):
        calendars.delete(WORK, "a.ics", '"0"')
    calendars.delete(WORK, "a.ics", etag)
    calendars.delete(WORK, "a.ics", etag)
    assert (calendars.objects(WORK), calendars.writes) == ({}, ["a.ics"])


def test_a_read_only_calendar_refuses(calendars):
    calendars.add("/shared/", writable=False)
    with pytest.raises(Refused):
        calendars.put("/shared/", "a.ics", b"a", None)
    with pytest.raises(Refused, match="no such calendar"):
        calendars.fetch("/nowhere/", [])


def test_faults_strike_in_order(calendars):
    calendars.faults = [None, Unreachable("caldav: timed out")]
    calendars.discover()
    with pytest.raises(Unreachable):
        calendars.discover()
    assert calendars.discover()
