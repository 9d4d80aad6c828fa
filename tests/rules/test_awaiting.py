"""No reply: when a message that nobody answered deserves a follow-up, and when it never does."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import awaiting, closing
from rules.awaiting import LookAgain, NotNeeded
from rules.model.exchanges import Direction, Exchange, ExchangeId, Source
from rules.model.followups import Assignee, Awaited, FollowUpDraft, Origin
from rules.model.rules import DayKind, Later
from rules.model.sightings import MailKind, When
from tests.rules.house import ACME, JEAN, NADIA, SYLVIE, VENDOME, follow_up

PARIS = ZoneInfo("Europe/Paris")
# A Thursday, four in the afternoon; one working day on is Friday, three are Tuesday.
SENT_AT = datetime(2026, 11, 26, 16, 0, tzinfo=PARIS)
UP = datetime(2026, 12, 1, 16, 0, tzinfo=PARIS)
LIVE = SENT_AT - timedelta(days=30)
HOUR = timedelta(hours=1)

SENT = Exchange(
    id=ExchangeId(1),
    ref="EXC-1",
    entity=None,
    third_parties=(ACME,),
    contacts=(SYLVIE,),
    direction=Direction.OUTBOUND,
    mode="email",
    happened_at=SENT_AT,
    recorded_at=SENT_AT,
    source=Source.MAIL,
    kind=MailKind.HUMAN,
    thread="quote@maison.fr",
)
REPLY = replace(
    SENT,
    id=ExchangeId(2),
    ref="EXC-2",
    direction=Direction.INBOUND,
    happened_at=SENT_AT + HOUR,
)
AGAIN = replace(SENT, id=ExchangeId(3), ref="EXC-3", happened_at=SENT_AT + timedelta(days=1))
AWAITED = Awaited(
    exchange=SENT.id,
    rule="quote",
    within=3,
    later=Later(1, DayKind.WORKING_DAYS, at=time(9)),
    draft=FollowUpDraft(
        key=awaiting.key("quote", "m1"),
        title="Relance devis",
        when=When(SENT_AT, zone="Europe/Paris"),
        assignees=(Assignee(NADIA, owner=True),),
        third_party=ACME,
    ),
)


def look(*since, now=UP, others=(), live_since=LIVE, holidays=(), awaited=AWAITED):
    return awaiting.look(awaited, SENT, since, others, now, live_since, PARIS, holidays)


def test_when_the_time_is_up_the_follow_up_comes():
    opened = look()
    assert opened.when.start == datetime(2026, 12, 2, 9, 0, tzinfo=PARIS)
    assert opened.when.zone == "Europe/Paris"
    assert (opened.origin, opened.exchange) == (Origin.RULE, SENT.id)
    assert closing.waits_for_answer(follow_up(key=opened.key, origin=opened.origin))


def test_before_that_it_says_when_to_look_again():
    assert look(now=UP - timedelta(seconds=1)) == LookAgain(UP.astimezone(UTC))
    assert look(now=SENT_AT) == LookAgain(UP.astimezone(UTC))


def test_holidays_are_not_counted():
    assert look(holidays={date(2026, 11, 27)}) == LookAgain(
        datetime(2026, 12, 2, 16, 0, tzinfo=PARIS)
    )


def test_looked_at_late_it_comes_from_now_on():
    friday = datetime(2026, 12, 4, 11, 0, tzinfo=PARIS)
    assert look(now=friday).when.start == datetime(2026, 12, 7, 9, 0, tzinfo=PARIS)


@pytest.mark.parametrize(
    "differs",
    [
        {},
        {"contacts": ()},
        {"contacts": (JEAN,)},
        {"thread": None},
        {"thread": "another@acme.fr"},
        {"happened_at": SENT_AT},
        {"thread": None, "contacts": (JEAN, SYLVIE)},
        {"source": Source.CALENDAR, "mode": "phone", "contacts": (), "thread": None, "kind": None},
    ],
)
def test_a_reply_prevents_it(differs):
    for now in (SENT_AT + 2 * HOUR, UP):
        assert look(replace(REPLY, **differs), now=now) == NotNeeded("answered by EXC-2")


@pytest.mark.parametrize(
    "differs",
    [
        *({"kind": kind} for kind in MailKind if kind is not MailKind.HUMAN),
        {"direction": Direction.OUTBOUND, "thread": None},
        {"happened_at": SENT_AT - timedelta(seconds=1)},
        {"answers": False},
        {"source": Source.PERSON},
        # Of the third party, but not of those whom it was for, nor in the thread.
        {"thread": None, "contacts": (JEAN,)},
        {"thread": None, "contacts": ()},
        {"thread": None, "third_parties": (VENDOME,)},
    ],
)
def test_what_is_no_reply(differs):
    assert isinstance(look(replace(REPLY, **differs)), FollowUpDraft)


def test_what_names_no_contact_is_answered_by_anybody_there():
    somebody = replace(REPLY, thread=None, contacts=(JEAN,))
    anonymous = replace(SENT, contacts=())
    assert closing.is_reply(somebody, anonymous)
    assert not closing.is_reply(replace(somebody, third_parties=(VENDOME,)), anonymous)


def test_the_last_message_of_the_thread_counts():
    later = look(AGAIN)
    assert later == LookAgain(datetime(2026, 12, 2, 16, 0, tzinfo=PARIS))
    opened = look(AGAIN, now=later.at)
    assert (opened.exchange, opened.key) == (AGAIN.id, AWAITED.draft.key)


def test_what_waits_itself_takes_over():
    other = replace(AWAITED, exchange=AGAIN.id)
    assert look(AGAIN, others=(other,)) == NotNeeded("EXC-3 was sent since, and waits itself")
    # Another rule waits for something else.
    assert isinstance(look(AGAIN, others=(replace(other, rule="x"),)), LookAgain)


def test_a_reply_before_the_last_message_is_not_one_to_it():
    assert isinstance(look(REPLY, AGAIN), LookAgain)


def test_a_machine_of_ours_does_not_go_on_with_the_thread():
    absent = replace(AGAIN, kind=MailKind.AUTO_REPLY)
    assert awaiting.last_sent(SENT, (absent,)) == SENT


@pytest.mark.parametrize("live_since", [None, SENT_AT + timedelta(seconds=1)])
def test_nothing_of_the_past(live_since):
    assert look(live_since=live_since) == NotNeeded("older than the installation went live")


THINGS = st.lists(
    st.builds(
        replace,
        st.just(SENT),
        id=st.integers(2, 9).map(ExchangeId),
        direction=st.sampled_from(Direction),
        kind=st.sampled_from((MailKind.HUMAN, MailKind.AUTO_REPLY)),
        happened_at=st.integers(-50, 200).map(lambda h: SENT_AT + h * HOUR),
        thread=st.sampled_from((SENT.thread, None)),
        contacts=st.sampled_from(((SYLVIE,), (JEAN,), ())),
        third_parties=st.sampled_from(((ACME,), (VENDOME,))),
    ),
    max_size=4,
    unique_by=lambda e: e.id,
)


@given(THINGS, st.integers(-10, 400).map(lambda h: SENT_AT + h * HOUR))
def test_the_order_of_reading_changes_nothing(things, now):
    assert len({repr(look(*order, now=now)) for order in itertools.permutations(things)}) == 1


@given(THINGS, st.integers(0, 400).map(lambda h: SENT_AT + h * HOUR))
def test_it_is_opened_early_for_nobody_and_never_beside_a_reply(things, now):
    found = look(*things, now=now)
    if isinstance(found, FollowUpDraft):
        last = awaiting.last_sent(SENT, things)
        assert not any(closing.is_reply(e, last) for e in things)
        assert now >= awaiting.time_is_up(last.happened_at, 3, PARIS, ())
        assert found.when.start >= now
    if isinstance(found, LookAgain):
        assert found.at > now
