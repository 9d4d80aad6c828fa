"""What came back is told at the mail that was sent, whichever of the two is read first."""

from dataclasses import replace

import pytest

from daemon.store import exchanges
from rules import access
from rules.model.exchanges import Direction
from rules.model.people import Level, Right, User, UserId
from rules.model.sightings import MailKind, Report, Undelivered

CARLA = Undelivered("carla@acme.example", "5.1.1")


def sent(world, **other):
    return world.draft("sent", direction=Direction.OUTBOUND, **other)


def bounce(world, **other):
    report = Report("sent@acme.example", (CARLA,))
    facts = {"kind": MailKind.BOUNCE, "parents": ("sent@acme.example",), "report": report}
    return world.draft("back", **(facts | other))


@pytest.mark.parametrize("sent_first", [True, False])
def test_the_mail_that_was_sent_tells_whom_it_did_not_reach(store, world, sent_first):
    drafts = [sent(world), bounce(world)]
    with store.write() as tx:
        for uid, draft in enumerate(drafts if sent_first else reversed(drafts), 1):
            world.record(tx, draft, uid)
            # Judged again it says no more.
            world.record(tx, draft, uid)
    with store.read() as tx:
        told = {e.direction: e.undelivered for e in exchanges.history(tx)}
        threads = {e.thread for e in exchanges.history(tx)}
    assert told == {Direction.OUTBOUND: (CARLA,), Direction.INBOUND: ()}
    assert len(threads) == 1


def test_a_batch_is_stored_alike(store, world, now):
    judged = [
        (world.sighting(uid), world.decision(draft))
        for uid, draft in enumerate((bounce(world), sent(world)), 1)
    ]
    with store.write() as tx:
        exchanges.record_all(tx, judged, now)
    with store.read() as tx:
        assert [e.undelivered for e in exchanges.history(tx) if e.undelivered] == [(CARLA,)]


def test_what_they_sent_us_does_not_come_back(store, world):
    with store.write() as tx:
        world.record(tx, world.draft("sent"), 1)
        world.record(tx, bounce(world), 2)
    with store.read() as tx:
        assert not any(e.undelivered for e in exchanges.history(tx))


def test_a_report_that_names_nobody_says_that_it_came_back(store, world):
    with store.write() as tx:
        world.record(tx, sent(world), 1)
        world.record(tx, bounce(world, report=Report("sent@acme.example")), 2)
    with store.read() as tx:
        assert [e.undelivered for e in exchanges.history(tx)].count((Undelivered(""),)) == 1


@pytest.mark.parametrize("level", [Level.SUBJECT, Level.HAPPENED])
def test_a_stricter_level_hides_whom(store, world, level):
    with store.write() as tx:
        world.record(tx, sent(world), 1)
        world.record(tx, bounce(world), 2)
        world.record(tx, bounce(world), 3, level, bobs=True)
    with store.read() as tx:
        told = [e.undelivered for e in exchanges.history(tx)]
    assert told.count((Undelivered("", "5.1.1"),)) == 1
    assert "carla@" not in str(told)


def test_a_deleted_bounce_takes_its_flag_along(store, world, now):
    with store.write() as tx:
        world.record(tx, sent(world), 1)
        back = world.record(tx, bounce(world), 2).exchange
        exchanges.delete(tx, back, world.anna, "mistake", now)
    with store.read() as tx:
        assert not any(e.undelivered for e in exchanges.history(tx))


def test_who_may_see_no_text_sees_no_recipient(store, world):
    with store.write() as tx:
        number = world.record(tx, sent(world), 1).exchange
        world.record(tx, bounce(world), 2)
        one = exchanges.get(tx, number)
    rights = frozenset({Right.SEE_EXCHANGES, Right.SEE_ALL_EXCHANGES})
    other = User(UserId(99), "Eve", "eve@we.example", rights=rights)
    shown = access.visible(replace(one, level=Level.SUBJECT), other, {})
    assert shown.undelivered == (Undelivered("", "5.1.1"),)
    assert access.visible(one, other, {}).undelivered == (CARLA,)
