"""What rules opened with an exchange tells no more of it than the exchange itself may, whichever
copy comes first."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from daemon.capture import record
from daemon.rulebook import Book
from daemon.store import ClaimLost, Store, awaited, exchanges, follow_ups, ledger, post
from daemon.store.tables.follow_ups import awaited_reply
from rules import awaiting, match
from rules.model.decisions import (
    AwaitReply,
    Decision,
    Effect,
    OpenFollowUp,
    Reason,
    RecordExchange,
    Verdict,
)
from rules.model.exchanges import (
    ConfidentialComment,
    Draft,
    ExchangeKey,
    KeyKind,
    LinkedElement,
)
from rules.model.followups import (
    Assignee,
    Due,
    FollowUp,
    FollowUpDraft,
    LedgerState,
    Origin,
    State,
)
from rules.model.people import Level
from rules.model.rules import Later
from rules.model.sightings import When
from rules.privacy import redact
from rules.ruleset import builtin

MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SUBJECT, REFERENCE = "Quote for the roof", "PR2303-0108"
LINKED = LinkedElement("quote", REFERENCE)
BOOK = Book(builtin(), match.index(1, (), (), (), ()), observing=False, live_since=MOMENT)


def found(world: Any, **more: Any) -> Draft:
    """A copy whose text names a quote."""
    facts = {"subject": SUBJECT, "comment": f"See {REFERENCE}", "elements_in_text": (LINKED,)}
    draft: Draft = world.draft(attachments=(), **(facts | more))
    return draft


def keep(tx: Any, world: Any, draft: Draft, uid: int, level: Level, *more: Effect) -> Any:
    effects = (RecordExchange(redact(draft, level)), *more)
    decision = Decision(Verdict.RECORD, Reason.MATCHED, "rules-1", (), effects, level)
    keeping = record.Keeping(BOOK, b"secret", timedelta(days=1), MOMENT)
    (entry,) = record.keep(tx, keeping, [(world.sighting(uid), decision)])
    return entry.exchange


def planned(world: Any, key: str = "rule:x:m1") -> FollowUpDraft:
    return FollowUpDraft(
        key,
        f"Call about {SUBJECT} ({REFERENCE})",
        When(MOMENT),
        (Assignee(world.anna, owner=True),),
        world.acme,
        world.carla,
        description=f"It is {REFERENCE}",
        element=LINKED,
        origin=Origin.RULE,
    )


def both(world: Any) -> tuple[OpenFollowUp, AwaitReply]:
    """A follow-up that comes now, and one that may come later."""
    later = planned(world, awaiting.key("y", "m1"))
    return OpenFollowUp(planned(world)), AwaitReply("y", 2, Later(1), later)


def opened(tx: Any) -> FollowUp:
    one = follow_ups.by_key(tx, "rule:x:m1")
    assert one is not None
    return one


def told(tx: Any) -> str:
    """All that is told of the exchange, but for the confidential comment."""
    tables = ("follow_up", "follow_up_change", "exchange", "exchange_element", "awaited_reply")
    return str([tx.execute(sa.text(f"SELECT * FROM {table}")).all() for table in tables])


NARROWER = [
    (Level.SUBJECT, f"Acmé: {SUBJECT}", State.TO_DO),
    (Level.HAPPENED, "Acmé", State.TO_DO),
    (Level.NOTHING, "", State.NOT_NEEDED),
]


@pytest.mark.parametrize(("level", "title", "state"), NARROWER)
def test_it_says_less_once_less_may_be_told(
    store: Store, world: Any, level: Level, title: str, state: State
) -> None:
    copy = found(world)
    with store.write() as tx:
        keep(tx, world, copy, 1, Level.EVERYTHING, *both(world))
        before = replace(opened(tx), title=f"Call again about {SUBJECT}")
        follow_ups.change(tx, before, follow_ups.SUIVI, "test", MOMENT, before.revision)
        assert REFERENCE in told(tx)
        exchanges.restrict(tx, copy.keys, level, MOMENT)
        after = opened(tx)
        assert (after.title, after.description, after.element, after.state) == (
            title,
            "",
            None,
            state,
        )
        assert REFERENCE not in told(tx)
        assert (SUBJECT in told(tx)) is (level is Level.SUBJECT)


@pytest.mark.parametrize(("level", "title"), [row[:2] for row in NARROWER[:2]])
def test_a_copy_that_would_tell_more_than_an_earlier_one_opens_no_more(
    store: Store, world: Any, level: Level, title: str
) -> None:
    with store.write() as tx:
        keep(tx, world, found(world), 1, level)
        number = keep(tx, world, found(world), 2, Level.EVERYTHING, *both(world))
        assert (opened(tx).title, opened(tx).element) == (title, None)
        (waiting,) = awaited.of(tx, number)
        assert waiting.draft.title == title
        assert REFERENCE not in told(tx)


@pytest.mark.parametrize("backwards", [False, True])
def test_what_only_a_confidential_text_names_is_in_none(
    store: Store, world: Any, *, backwards: bool
) -> None:
    hidden = ConfidentialComment(f"See {REFERENCE}", world.anna)
    copies = [
        (found(world), both(world)),
        (found(world, comment="", elements_in_text=(), confidential=hidden), ()),
    ]
    with store.write() as tx:
        for uid, (copy, more) in enumerate(copies[:: -1 if backwards else 1], 1):
            keep(tx, world, copy, uid, Level.EVERYTHING, *more)
        assert opened(tx).title == f"Acmé: {SUBJECT}"
        assert REFERENCE not in told(tx)


def test_what_hides_nothing_leaves_it_as_it_is(store: Store, world: Any) -> None:
    copy = found(world, elements=(LINKED,), elements_in_text=())
    with store.write() as tx:
        keep(tx, world, copy, 1, Level.EVERYTHING, *both(world))
        before = opened(tx)
        exchanges.restrict(tx, copy.keys, Level.SUBJECT, MOMENT)
        assert opened(tx) == before


def test_what_a_person_wrote_into_it_stays(store: Store, world: Any) -> None:
    copy = found(world)
    with store.write() as tx:
        keep(tx, world, copy, 1, Level.EVERYTHING, *both(world))
        mine = replace(opened(tx), title="Mine")
        follow_ups.change(tx, mine, f"user {world.anna}", "x", MOMENT, mine.revision)
        exchanges.restrict(tx, copy.keys, Level.HAPPENED, MOMENT)
        assert (opened(tx).title, opened(tx).description) == ("Mine", "")
        assert SUBJECT not in told(tx)


@pytest.mark.parametrize("level", [Level.HAPPENED, Level.NOTHING])
def test_what_other_rules_made_of_it_is_no_persons(store: Store, world: Any, level: Level) -> None:
    copy = found(world)
    with store.write() as tx:
        keep(tx, world, copy, 1, Level.EVERYTHING, *both(world))
        other = replace(opened(tx), title=f"Write about {SUBJECT}")
        follow_ups.change(tx, other, follow_ups.RULES, "x", MOMENT, other.revision)
        exchanges.restrict(tx, copy.keys, level, MOMENT)
        assert SUBJECT not in told(tx)
        # So that rules may take it back, when others do.
        assert {c.by for c in follow_ups.history(tx, opened(tx).id)} == {follow_ups.RULES}


def test_one_that_somebody_put_off_is_to_be_done_still(store: Store, world: Any) -> None:
    copy = found(world)
    with store.write() as tx:
        keep(tx, world, copy, 1, Level.EVERYTHING, *both(world))
        mine = replace(opened(tx), when=When(MOMENT + timedelta(days=1)))
        follow_ups.change(tx, mine, f"user {world.anna}", "x", MOMENT, mine.revision)
        exchanges.restrict(tx, copy.keys, Level.NOTHING, MOMENT)
        assert (opened(tx).title, opened(tx).state) == ("Acmé", State.TO_DO)
        assert SUBJECT not in told(tx)


def test_what_waits_and_cant_be_understood_any_more_keeps_nothing_from_being_hidden(
    store: Store, world: Any
) -> None:
    copy = found(world)
    with store.write() as tx:
        number = keep(tx, world, copy, 1, Level.EVERYTHING, *both(world))
        tx.execute(sa.update(awaited_reply).values(draft={"title": SUBJECT}))
        exchanges.restrict(tx, copy.keys, Level.HAPPENED, MOMENT)
        assert awaited.of(tx, number) == ()
        assert SUBJECT not in told(tx)


def test_a_notice_that_waits_and_tells_of_it_is_not_sent(store: Store, world: Any) -> None:
    """It can't be written again: whoever put it knew what to say."""
    copy, until = found(world), MOMENT + timedelta(days=1)
    with store.write() as tx:
        number = keep(tx, world, copy, 1, Level.EVERYTHING, *both(world))
        keys = [f"{opened(tx).id}:77:1:1", f"99:{number}:1:1", "99:77:1:1"]
        for key in keys:
            told_of = post.Letter(post.CLOSED, key, "anna@we.example", key, b"x", until)
            post.put(tx, told_of, MOMENT)
        post.put(tx, post.Letter("digest", "1:2", "anna@we.example", "y", b"x", until), MOMENT)
        exchanges.restrict(tx, copy.keys, Level.HAPPENED, MOMENT)
        assert [p.key for p in post.waiting(tx)] == ["99:77:1:1", "1:2"]
        assert {p.state for key in keys[:2] if (p := post.get(tx, post.CLOSED, key))} == {
            LedgerState.VOID
        }


def waited_for(tx: Any, world: Any) -> tuple[Draft, FollowUp]:
    """What was sent first, and the follow-up that waits for a reply to the thread: it follows
    from the message after it."""
    first = found(world, key="m1", message_id="m1@we.example")
    keep(tx, world, first, 1, Level.EVERYTHING)
    more = {"key": "m2", "message_id": "m2@we.example", "parents": ("m1@we.example",)}
    then = keep(tx, world, found(world, subject="Hello?", **more), 2, Level.EVERYTHING)
    draft = replace(planned(world, awaiting.key("a: b", "m1")), exchange=then)
    return first, follow_ups.open(tx, draft, MOMENT, MOMENT)[0]


@pytest.mark.parametrize(("level", "title", "state"), NARROWER)
def test_what_waits_in_a_thread_says_no_more_than_the_message_that_opened_it(
    store: Store, world: Any, level: Level, title: str, state: State
) -> None:
    with store.write() as tx:
        first, one = waited_for(tx, world)
        exchanges.restrict(tx, first.keys, level, MOMENT)
        after = follow_ups.get(tx, one.id)
        assert after is not None
        assert (after.title, after.description, after.element) == (title, "", None)
        assert after.state is state
        said = str(tx.execute(sa.text("SELECT * FROM follow_up")).all())
        assert (SUBJECT in said, REFERENCE in said) == (level is Level.SUBJECT, False)


def test_what_waits_in_a_thread_outlives_a_later_message(store: Store, world: Any) -> None:
    with store.write() as tx:
        first, one = waited_for(tx, world)
        later = (ExchangeKey(KeyKind.MESSAGE, "m2"),)
        exchanges.restrict(tx, later, Level.NOTHING, MOMENT)
        after = follow_ups.get(tx, one.id)
        assert after is not None
        assert (after.title, after.state) == (one.title, State.TO_DO)
        assert after.exchange == exchanges.find(tx, first.keys)


def test_with_what_a_person_deletes_nothing_is_to_be_done(store: Store, world: Any) -> None:
    """What rules opened with it tells no word of it any more, unless somebody made it his."""
    with store.write() as tx:
        number = keep(tx, world, found(world), 1, Level.EVERYTHING, *both(world))
        exchanges.delete(tx, number, world.anna, "a mistake", MOMENT)
        one = opened(tx)
        assert (one.title, one.state, one.third_party) == ("", State.NOT_NEEDED, None)
        assert SUBJECT not in told(tx)
        assert REFERENCE not in told(tx)


def due(one: FollowUp, world: Any) -> Due:
    hour = timedelta(hours=1)
    return Due(one.id, "", hour, world.anna, one.schedule_version, MOMENT, None)


def test_a_reminder_that_is_being_written_just_now_is_written_again(
    store: Store, world: Any
) -> None:
    """Whoever writes it has read what it may tell, and commits while less is being told."""
    copy, owner = found(world), "desk"
    with store.write() as tx:
        keep(tx, world, copy, 1, Level.EVERYTHING, *both(world))
        ledger.plan(tx, [due(opened(tx), world)], MOMENT)
        (entry,) = ledger.claim(tx, MOMENT, owner, MOMENT + timedelta(hours=1), 9)
    written, hiding = threading.Event(), threading.Event()

    def write() -> None:
        with store.write() as tx:
            assert ledger.rendered(tx, [(entry.id, "1@we.example", SUBJECT.encode())], owner)
            written.set()
            hiding.wait(5)
            time.sleep(0.3)

    writing = threading.Thread(target=write)
    writing.start()
    assert written.wait(5)
    hiding.set()
    with store.write() as tx:
        exchanges.restrict(tx, copy.keys, Level.HAPPENED, MOMENT)
    writing.join()
    with store.write() as tx:
        (after,) = ledger.of(tx, opened(tx).id)
        assert (after.state, after.mail) == (LedgerState.DUE, None)
        with pytest.raises(ClaimLost):
            ledger.sending(tx, entry.id, owner, MOMENT)
