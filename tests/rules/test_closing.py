"""Closing: which exchanges answer a follow-up, and which never do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rules import closing
from rules.model.decisions import CloseFollowUp, WithdrawFollowUp
from rules.model.exchanges import Direction, Exchange, ExchangeId, Source
from rules.model.followups import FollowUpId, Origin, State
from rules.model.sightings import MailKind, When
from tests.rules.house import ACME, JEAN, NOW, RULES, SYLVIE, VENDOME, follow_up

LIVE = NOW - timedelta(days=10)

ANSWER = Exchange(
    id=ExchangeId(12),
    ref="EXC-12",
    entity=None,
    third_parties=(ACME,),
    contacts=(SYLVIE,),
    direction=Direction.INBOUND,
    mode="email",
    happened_at=NOW,
    recorded_at=NOW,
    source=Source.MAIL,
    kind=MailKind.HUMAN,
)


def closed(exchange=ANSWER, *open_ones, live_since=LIVE, rules=RULES):
    return closing.closes(rules, exchange, open_ones or (follow_up(),), live_since)


def test_a_human_answer_closes_with_its_reason():
    assert closed() == (CloseFollowUp(FollowUpId(1), ExchangeId(12), "EXC-12: they answered"),)


@pytest.mark.parametrize("mode", ["meeting", "video", "phone"])
def test_a_held_meeting_closes_whoever_called_it(mode):
    met = replace(
        ANSWER, source=Source.CALENDAR, mode=mode, kind=None, direction=Direction.OUTBOUND
    )
    assert len(closed(met)) == 1


@pytest.mark.parametrize(
    "differs",
    [
        *({"kind": kind} for kind in MailKind if kind is not MailKind.HUMAN),
        {"kind": None},
        {"direction": Direction.OUTBOUND},
        {"source": Source.PERSON},
        {"source": Source.API},
        {"third_parties": (VENDOME,)},
        {"third_parties": ()},
        {"happened_at": LIVE - timedelta(seconds=1)},
    ],
)
def test_what_is_no_answer(differs):
    assert closed(replace(ANSWER, **differs)) == ()


@pytest.mark.parametrize(
    "differs",
    [
        {"state": State.DONE},
        {"state": State.NOT_NEEDED},
        {"live": False},
        {"third_party": None},
        {"exchange": ExchangeId(12)},
        {"opened_at": NOW + timedelta(minutes=1)},
        {"contact": JEAN},
        {"when": When(NOW + timedelta(days=90))},
    ],
)
def test_what_it_does_not_answer(differs):
    assert closed(ANSWER, follow_up(**differs)) == ()


def test_one_that_names_a_person_is_closed_by_that_person():
    named = follow_up(contact=SYLVIE)
    assert len(closed(ANSWER, named)) == 1
    assert closed(replace(ANSWER, contacts=()), named) == ()
    call = replace(ANSWER, contacts=(), source=Source.CALENDAR, mode="phone")
    assert len(closed(call, named)) == 1


def test_an_overdue_one_is_closed_too():
    assert len(closed(ANSWER, follow_up(when=When(NOW - timedelta(days=40))))) == 1


def test_one_that_waited_for_an_answer_is_withdrawn():
    waiting = follow_up(origin=Origin.RULE, key=f"{closing.NO_ANSWER}quote:1")
    assert [type(e) for e in closed(ANSWER, waiting)] == [WithdrawFollowUp]
    other = follow_up(origin=Origin.RULE, key="quote:1")
    assert [type(e) for e in closed(ANSWER, other)] == [CloseFollowUp]


def test_each_once_though_listed_twice():
    assert len(closed(ANSWER, follow_up(), follow_up())) == 1


def test_before_the_release_and_where_rules_say_so_nothing_closes():
    assert closed(live_since=None) == ()
    assert closed(rules=replace(RULES, answer_closes=False)) == ()
