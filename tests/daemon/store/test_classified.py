"""What rules say of an exchange is kept with it; in which order its copies are read changes
nothing, and what a person changed stays."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.store import Store, UnknownCode, exchanges, lists, open_store, people
from daemon.store.tables import exchanges as t
from rules import match, privacy
from rules.classifying import classified
from rules.model.decisions import Decision, Reason, RecordExchange, Verdict
from rules.model.exchanges import ConfidentialComment, Draft, LinkedElement, Said
from rules.model.people import Group, Level
from rules.model.rules import (
    AddCollaborators,
    AddProducts,
    AddTags,
    All,
    CloseFollowUps,
    Confidential,
    Link,
    LinkField,
    Place,
    Rule,
    SetAuthor,
    SetMode,
    SetPurpose,
)
from rules.model.sightings import Body, Message

MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXT = "Bonjour, see PR2303-0108"
MESSAGE = Message(subject="PR2303-0107", body=Body(TEXT))
RULES = tuple(
    (n, Rule(f"rule-{n}", Place("10.yaml", n, 1), All(()), (action,)))
    for n, action in enumerate(
        (
            SetPurpose("prospecting"),
            SetMode("phone"),
            AddTags(("urgent",)),
            Confidential(("hr",)),
            SetAuthor("bob@we.example"),
            AddProducts(("pump",)),
            Link("quote", r"PR\d{4}-\d{4}", (LinkField.SUBJECT, LinkField.TEXT)),
            CloseFollowUps(close=False),
            AddTags(("devis",)),
            Confidential(("sales",)),
            AddCollaborators(("bob@we.example",)),
            SetPurpose("dispute"),
            SetMode("meeting"),
            SetAuthor("anna@we.example"),
            CloseFollowUps(close=True),
        )
    )
)


def prepared(store: Store) -> tuple[Any, ...]:
    with store.write() as tx:
        lists.put(tx, "product", "pump", {"en": "Pump"})
        groups = [Group(people.put_group(tx, name), name) for name in ("hr", "sales")]
        users = people.users(tx).values()
    return match.index(1, users, (), (), ["we.example"], groups=groups), groups


def draft(world: Any, directory: Any, fired: Any, **more: Any) -> Draft:
    facts = {"subject": MESSAGE.subject, "comment": TEXT, "author": world.anna, **more}
    base = world.draft(attachments=(), **facts)
    return replace(base, **classified(base, tuple(fired), directory, MESSAGE, TEXT))


def recorded(tx: Any, world: Any, copy: Draft, uid: int, level: Level) -> exchanges.Recorded:
    effects = (RecordExchange(privacy.redact(copy, level)),)
    decision = Decision(Verdict.RECORD, Reason.MATCHED, "rules-1", (), effects, level)
    return exchanges.record(tx, world.sighting(uid), decision, MOMENT)


def state(tx: Any) -> Any:
    """Everything that rules had a say in."""
    number = tx.execute(sa.select(t.exchange.c.id)).scalar()
    found = exchanges.get(tx, number)
    hidden = exchanges.confidential(tx, number)
    words = tx.execute(sa.select(t.exchange.c.words)).scalar_one()
    return (
        (found.mode, found.purpose, found.author, found.answers, found.level),
        (found.subject, found.comment, sorted(words.split())),
        (sorted(found.products), found.tags, sorted(found.collaborators)),
        sorted((e.type, e.ref) for e in found.elements),
        hidden and (hidden.text, hidden.groups),
    )


def sorted_by_rank(fired: Any) -> Any:
    return sorted(fired, key=lambda one: one[0])


copies = st.lists(
    st.tuples(
        st.lists(st.sampled_from(RULES), max_size=5, unique=True).map(sorted_by_rank),
        st.sampled_from((Level.EVERYTHING, Level.EVERYTHING, Level.SUBJECT, Level.HAPPENED)),
    ),
    min_size=2,
    max_size=4,
)


def outcome(tx: Any, world: Any, directory: Any, several: Any) -> Any:
    """What is there after these copies were read, in this order; then nothing again."""
    with tx.begin_nested() as part:
        for uid, (fired, level) in several:
            recorded(tx, world, draft(world, directory, fired), uid, level)
        found = state(tx)
        part.rollback()
    return found


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(several=copies, data=st.data())
def test_the_order_in_which_copies_are_read_changes_nothing(
    sqlite_url: str, store_here: Any, several: Any, data: Any
) -> None:
    store, world, directory = store_here
    numbered = list(enumerate(several, 1))
    order = data.draw(st.permutations(numbered))
    # Each may be judged again at any time.
    again = data.draw(st.sampled_from(numbered))
    with store.write() as tx:
        first = outcome(tx, world, directory, numbered)
        assert outcome(tx, world, directory, [*order, again]) == first


@pytest.fixture
def store_here(sqlite_url: str, populated: Any) -> Any:
    world = populated(sqlite_url)
    store = open_store(sqlite_url)
    directory, _ = prepared(store)
    yield store, world, directory
    store.close()


def ruled(world: Any, store: Store, *numbers: int) -> tuple[Draft, Any]:
    directory, groups = prepared(store)
    return draft(world, directory, [RULES[n] for n in numbers]), groups


def test_every_effect_is_kept_with_the_exchange(store: Store, world: Any) -> None:
    wanted, _ = ruled(world, store, 0, 1, 2, 4, 5, 6, 7, 8)
    with store.write() as tx:
        recorded(tx, world, wanted, 1, Level.EVERYTHING)
        singles, texts, lists_, elements, hidden = state(tx)
    assert singles == ("phone", "prospecting", world.bob, False, Level.EVERYTHING)
    assert texts[:2] == (MESSAGE.subject, TEXT)
    assert lists_ == (["pump"], ("devis", "urgent"), [])
    assert elements == [("quote", "PR2303-0107"), ("quote", "PR2303-0108")]
    assert hidden is None


def test_text_that_becomes_confidential_is_found_and_shown_nowhere_else(
    store: Store, world: Any
) -> None:
    plain, groups = ruled(world, store, 6)
    hidden, _ = ruled(world, store, 3, 6)
    with store.write() as tx:
        recorded(tx, world, plain, 1, Level.EVERYTHING)
        recorded(tx, world, hidden, 2, Level.EVERYTHING)
        _, (subject, comment, words), _, elements, kept = state(tx)
    assert (subject, comment) == (MESSAGE.subject, "")
    assert "bonjour" not in words
    # What only the text names is as confidential as the text.
    assert elements == [("quote", "PR2303-0107")]
    assert kept == (TEXT, frozenset({groups[0].id}))


def test_a_stricter_copy_takes_away_what_was_made_of_more(store: Store, world: Any) -> None:
    wanted, _ = ruled(world, store, 6)
    hidden, _ = ruled(world, store, 3)
    with store.write() as tx:
        recorded(tx, world, wanted, 1, Level.EVERYTHING)
        recorded(tx, world, hidden, 2, Level.EVERYTHING)
        recorded(tx, world, ruled_plain(world), 3, Level.SUBJECT)
        assert state(tx)[3:] == ([("quote", "PR2303-0107")], None)
        recorded(tx, world, ruled_plain(world), 4, Level.HAPPENED)
        assert state(tx)[3:] == ([], None)


def ruled_plain(world: Any) -> Draft:
    return world.draft(subject=MESSAGE.subject, comment=TEXT, attachments=())


def test_what_a_person_linked_stays_though_less_may_be_shown(store: Store, world: Any) -> None:
    element = LinkedElement("order", "CO1")
    with store.write() as tx:
        told = exchanges.add(tx, world.draft(elements=(element,)), MOMENT)
        exchanges.restrict(tx, world.draft().keys, Level.HAPPENED, MOMENT)
        assert exchanges.get(tx, told.id).elements == (element,)


def test_a_copy_that_is_judged_again_keeps_what_was_said_of_it(store: Store, world: Any) -> None:
    before, _ = ruled(world, store, 0, 2)
    after, _ = ruled(world, store, 1, 8, 11)
    with store.write() as tx:
        recorded(tx, world, before, 1, Level.EVERYTHING)
        first = state(tx)
        assert not recorded(tx, world, after, 1, Level.EVERYTHING).first
        assert state(tx) == first


def test_what_a_person_changed_no_copy_overwrites(store: Store, world: Any) -> None:
    plain, _ = ruled(world, store)
    ruled_one, _ = ruled(world, store, 0)
    with store.write() as tx:
        number = recorded(tx, world, plain, 1, Level.EVERYTHING).exchange
        edit = {"exchange_id": number, "field": "purpose", "by_id": world.bob, "at": MOMENT}
        tx.execute(sa.insert(t.exchange_edit).values(edit))
        recorded(tx, world, ruled_one, 2, Level.EVERYTHING)
        assert exchanges.get(tx, number).purpose is None


def test_a_code_that_no_list_has_is_told_and_stores_nothing(store: Store, world: Any) -> None:
    for unknown in (
        world.draft(said=(Said("purpose", 1, "nosuch"),)),
        world.draft(products=("nosuch",)),
    ):
        with pytest.raises(UnknownCode, match="nosuch"), store.write() as tx:
            recorded(tx, world, unknown, 1, Level.EVERYTHING)
        with store.read() as tx:
            assert exchanges.find(tx, unknown.keys) is None


def test_a_shared_mailboxs_confidential_text_is_nobodys_own(store: Store, world: Any) -> None:
    comment = ConfidentialComment("secret", None)
    hidden = world.draft(comment="", confidential=comment)
    with store.write() as tx:
        number = recorded(tx, world, hidden, 1, Level.EVERYTHING).exchange
        assert exchanges.confidential(tx, number) == comment
