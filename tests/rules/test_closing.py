"""Closing: which exchanges answer a follow-up, and which never do."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import closing
from rules.model.decisions import CloseFollowUp, WithdrawFollowUp
from rules.model.exchanges import Direction, Exchange, ExchangeId, Source
from rules.model.followups import Answered, FollowUpId, How, Origin, State
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

ANSWERED = Answered(How.ANSWERED, "EXC-12")

SENT = replace(
    ANSWER,
    id=ExchangeId(7),
    ref="EXC-7",
    direction=Direction.OUTBOUND,
    happened_at=NOW - timedelta(days=5),
)
WAITING = follow_up(origin=Origin.RULE, key=f"{closing.NO_ANSWER}quote:1", exchange=SENT.id)


def closed(exchange=ANSWER, *open_ones, live_since=LIVE, rules=RULES, sent=SENT, undone=()):
    waited = {f.id: sent for f in open_ones if closing.waits_for_answer(f) and sent}
    return closing.closes(rules, exchange, open_ones or (follow_up(),), live_since, waited, undone)


def test_a_human_answer_closes_with_its_reason():
    assert closed() == (CloseFollowUp(FollowUpId(1), ExchangeId(12), ANSWERED),)


@pytest.mark.parametrize("mode", ["meeting", "video", "phone"])
def test_a_held_meeting_closes_whoever_called_it(mode):
    met = replace(
        ANSWER, source=Source.CALENDAR, mode=mode, kind=None, direction=Direction.OUTBOUND
    )
    (effect,) = closed(met)
    assert effect.reason == Answered(How.SPOKEN, "EXC-12", mode)


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


def test_a_reply_withdraws_whatever_was_read_first():
    late = replace(WAITING, opened_at=NOW + timedelta(hours=1))
    assert closed(ANSWER, late) == (WithdrawFollowUp(FollowUpId(1), ExchangeId(12), ANSWERED),)
    # Far ahead, or of another person in the thread: it is the reply that was waited for.
    ahead = replace(WAITING, when=When(NOW + timedelta(days=90)), contact=SYLVIE)
    colleague = replace(ANSWER, contacts=(JEAN,), thread="t")
    assert len(closed(colleague, ahead, sent=replace(SENT, thread="t"))) == 1
    assert closed(colleague, ahead, sent=SENT) == ()
    before = replace(ANSWER, happened_at=SENT.happened_at - timedelta(seconds=1))
    assert closed(before, WAITING) == ()


def test_what_was_taken_back_stays_open_for_that_exchange():
    other = follow_up(id=FollowUpId(2))
    assert [e.follow_up for e in closed(ANSWER, follow_up(), other, undone={FollowUpId(1)})] == [2]


@pytest.mark.parametrize("default", [True, False])
def test_rules_that_fired_decide_before_the_default(default):
    rules = replace(RULES, answer_closes=default)
    assert len(closed(replace(ANSWER, answers=True), rules=rules)) == 1
    assert closed(replace(ANSWER, answers=False), rules=rules) == ()
    assert len(closed(ANSWER, rules=rules)) == default


def test_each_once_though_listed_twice():
    assert len(closed(ANSWER, follow_up(), follow_up())) == 1


def test_before_the_release_and_where_rules_say_so_nothing_closes():
    assert closed(live_since=None) == ()
    assert closed(rules=replace(RULES, answer_closes=False)) == ()


EXCHANGES = st.builds(
    replace,
    st.just(ANSWER),
    id=st.integers(1, 20).map(ExchangeId),
    kind=st.sampled_from((*MailKind, None)),
    direction=st.sampled_from(Direction),
    source=st.sampled_from(Source),
    answers=st.sampled_from((True, False, None)),
    third_parties=st.sampled_from(((ACME,), (VENDOME,), (ACME, VENDOME), ())),
    contacts=st.sampled_from(((SYLVIE,), (JEAN,), ())),
    happened_at=st.integers(-300, 300).map(lambda h: NOW + timedelta(hours=h)),
)
FOLLOW_UPS = st.lists(
    st.builds(
        replace,
        st.sampled_from((follow_up(), WAITING)),
        id=st.integers(1, 6).map(FollowUpId),
        third_party=st.sampled_from((ACME, VENDOME, None)),
        contact=st.sampled_from((SYLVIE, JEAN, None)),
        opened_at=st.integers(-300, 300).map(lambda h: NOW + timedelta(hours=h)),
        when=st.integers(-900, 1500).map(lambda h: When(NOW + timedelta(hours=h))),
    ),
    max_size=5,
    unique_by=lambda f: f.id,
)


@given(st.lists(EXCHANGES, max_size=4, unique_by=lambda e: e.id), FOLLOW_UPS)
def test_which_are_closed_does_not_depend_on_the_order(exchanges, follow_ups):
    def left(order):
        still = {f.id: f for f in follow_ups}
        for exchange in order:
            for effect in closed(exchange, *still.values()) if still else ():
                assert exchange.happened_at >= LIVE
                assert closing.answer(exchange) is not None
                del still[effect.follow_up]
        return frozenset(still)

    assert len({left(order) for order in itertools.permutations(exchanges)}) == 1
