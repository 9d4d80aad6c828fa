"""The smaller records: work, decisions, vetoes, ambiguities, lists, installation, audit."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from daemon.store import (
    Store,
    StoreError,
    UnknownCode,
    ambiguities,
    audit,
    decisions,
    exchanges,
    installation,
    lists,
    vetoes,
    work,
)
from daemon.store.tables import metadata
from rules.model.decisions import Ambiguous, By, Decision, Reason, Settled, Step, Verdict
from rules.model.people import Address, Level
from rules.model.sightings import Message

MINUTE = timedelta(minutes=1)


def test_work_is_taken_by_one_and_done_once(store: Store, now: datetime) -> None:
    until = now + MINUTE
    with store.write() as tx:
        work.put(tx, "answer", "1", now)
        work.put(tx, "answer", "2", now + MINUTE)
        work.put(tx, "other", "1", now)
        assert [w.key for w in work.due(tx, "answer", now)] == ["1"]
        (piece,) = work.take(tx, "answer", now, "one", until, 10)
        assert (piece.key, piece.attempts) == ("1", 1)
        assert work.take(tx, "answer", now, "two", until, 10) == ()
        work.done(tx, piece)
        (second,) = work.take(tx, "answer", until, "two", until + MINUTE, 10)
        assert second.key == "2"
        # Its owner died: after the lease it is anybody's.
        (again,) = work.take(tx, "answer", until + MINUTE, "one", until + 2 * MINUTE, 10)
        assert (again.key, again.attempts) == ("2", 2)
        work.later(tx, again, now + 9 * MINUTE)
        assert work.take(tx, "answer", now + 8 * MINUTE, "one", now + 9 * MINUTE, 10) == ()
        work.clear(tx, "answer", "2")
        assert work.due(tx, "answer", now + 99 * MINUTE) == ()


def test_what_is_asked_for_again_while_it_is_done_is_done_again(
    store: Store, now: datetime
) -> None:
    with store.write() as tx:
        work.put(tx, "look", "a", now)
        (piece,) = work.take(tx, "look", now, "one", now + MINUTE, 10)
        work.put(tx, "look", "a", now)
        work.done(tx, piece)
        (piece,) = work.take(tx, "look", now, "two", now + MINUTE, 10)
        work.put(tx, "look", "a", now)
        work.later(tx, piece, now + 9 * MINUTE)
        (piece,) = work.take(tx, "look", now, "two", now + MINUTE, 10)
        work.done(tx, piece)
        assert work.due(tx, "look", now + 99 * MINUTE) == ()


def test_a_decision_explains_itself(store: Store, world: Any, now: datetime) -> None:
    steps = (Step("own mail?", "no"), Step("third party", "none \x00", "3 participants"))
    ignored = Decision(Verdict.IGNORE, Reason.NO_THIRD_PARTY, "fp", steps)
    with store.write() as tx:
        recorded = world.record(tx)
        decision = world.decision(world.draft(), Level.SUBJECT)
        decisions.append(tx, world.sighting(1), decision, recorded.exchange, "h1", now)
        decisions.append(tx, world.sighting(2), ignored, None, "h2", now)
        (one,) = decisions.explain(tx, {"h1"})
        assert (one.exchange, one.verdict, one.level) == (
            recorded.exchange,
            Verdict.RECORD,
            Level.SUBJECT,
        )
        assert one.place == "anna: INBOX UID 1"
        assert one.trace == decision.trace
        assert decisions.explain(tx, exchange=recorded.exchange) == (one,)
        (two,) = decisions.explain(tx, {"h2", "h3"})
        assert (two.reason, two.rules) == (Reason.NO_THIRD_PARTY, "fp")
        assert two.trace[0] == steps[0]
        assert decisions.explain(tx) == ()
        # The log of what was not recorded is short; that of exchanges stays.
        assert decisions.forget(tx, now) == 0
        assert decisions.forget(tx, now + MINUTE) == 1
        assert decisions.explain(tx, {"h1", "h2"}) == (one,)


def test_the_strictest_veto_stays(store: Store) -> None:
    with store.write() as tx:
        for level in (Level.SUBJECT, Level.NOTHING, Level.HAPPENED):
            vetoes.put(tx, "h", level)
        vetoes.put(tx, "other", Level.HAPPENED)
        assert vetoes.level(tx, ["h", "unknown"]) == {"h": Level.NOTHING}
        assert vetoes.level(tx, []) == {}
        assert len(vetoes.level(tx, ["h", "other", *map(str, range(2000))])) == 2


def test_a_veto_of_rules_is_lifted_and_leaves_what_people_want(store: Store) -> None:
    with store.write() as tx:
        vetoes.put(tx, "both", Level.NOTHING, by_rule=True)
        vetoes.put(tx, "both", Level.SUBJECT)
        vetoes.put(tx, "rule", Level.NOTHING, by_rule=True)
        vetoes.put(tx, "person", Level.NOTHING)
        names = ["both", "rule", "person"]
        assert vetoes.level(tx, names) == dict.fromkeys(names, Level.NOTHING)
        assert vetoes.of_rules(tx, names) == {"both": Level.NOTHING, "rule": Level.NOTHING}
        assert [vetoes.is_rules_own(tx, name) for name in names] == [True, True, False]
        for name in names:
            vetoes.set_of_rules(tx, name, None)
        assert vetoes.level(tx, names) == {"both": Level.SUBJECT, "person": Level.NOTHING}
        vetoes.set_of_rules(tx, "rule", Level.NOTHING)
        vetoes.set_of_rules(tx, "rule", Level.HAPPENED)
        assert vetoes.level(tx, ["rule"]) == {"rule": Level.HAPPENED}


def test_a_restriction_reaches_what_was_recorded_and_what_comes(
    store: Store, world: Any, now: datetime
) -> None:
    draft = world.draft()
    with store.write() as tx:
        first = world.record(tx)
        exchanges.restrict(tx, draft.keys, Level.HAPPENED, now)
        narrowed = exchanges.get(tx, first.exchange)
        assert (narrowed.subject, narrowed.comment, narrowed.level) == ("", "", Level.HAPPENED)
        exchanges.restrict(tx, draft.keys, Level.SUBJECT, now)
        assert exchanges.get(tx, first.exchange) == narrowed
        exchanges.restrict(tx, draft.keys, Level.NOTHING, now)
        assert exchanges.get(tx, first.exchange) is None
        assert world.record(tx, uid=2).exchange is None


def test_references_tell_whom_they_are_about(store: Store, world: Any) -> None:
    from rules.model.exchanges import LinkedElement

    shared, single = LinkedElement("quote", "PR2303-0001"), LinkedElement("quote", "pr2303-0107")
    with store.write() as tx:
        world.record(tx, world.draft("a", elements=(shared, single)))
        world.record(tx, world.draft("b", elements=(shared,), third_parties=(world.beta,)), 2)
        world.record(tx, world.draft("c", third_parties=(world.acme, world.beta)), 3)
        asked = ["EXC-1", "EXC-2", "EXC-3", "EXC-99", "EXC-" + "9" * 30, "PR2303-0107"]
        assert exchanges.parties_by_reference(tx, [*asked, "PR2303-0001", "EXC-x"]) == {
            "EXC-1": world.acme,
            "EXC-2": world.beta,
            "PR2303-0107": world.acme,
        }
        assert exchanges.by_ref(tx, "EXC-" + "9" * 30) is None


def test_an_ambiguity_is_asked_once_and_answered_once(
    store: Store, world: Any, now: datetime
) -> None:
    what = Message(from_=(Address("shared@consultant.example"),))
    sighting = world.sighting(what=what)
    tie = Ambiguous((world.acme, world.beta), (world.carla,), By.ADDRESS)
    with store.write() as tx:
        for _ in range(2):
            ambiguities.ask(tx, sighting, tie, now, "mark")
        (question,) = ambiguities.open_ones(tx)
        assert (question.ambiguous, question.asked_at) == (tie, now)
        assert question.spot.uid == 1
        answer = ambiguities.Answer(world.beta, remember=True, by=world.anna, at=now)
        assert ambiguities.resolve(tx, question, answer) == (question.spot,)
        assert ambiguities.open_ones(tx) == ()
        decided = ambiguities.get(tx, question.id)
        assert decided is not None
        assert decided.answer == answer
        settled = Settled(tie.candidates, By.ADDRESS, world.beta, remember=True, user=world.anna)
        assert ambiguities.answers(tx, ["mark", "other"]) == {"mark": (settled,)}
        # What a person has answered is not asked again.
        ambiguities.ask(tx, sighting, tie, now)
        assert ambiguities.open_ones(tx) == ()
        rows = "".join(str(tx.execute(sa.select(t)).all()) for t in metadata.sorted_tables)
    assert "consultant.example" not in rows


def test_all_copies_of_a_message_are_decided_at_once(
    store: Store, world: Any, now: datetime
) -> None:
    tie = Ambiguous((world.acme, world.beta), (), By.DOMAIN)
    with store.write() as tx:
        ambiguities.ask(tx, world.sighting(3), tie, now, "mark")
        ambiguities.ask(tx, world.sighting(8, bobs=True), tie, now, "mark")
        ambiguities.ask(tx, world.sighting(4), tie, now, "another")
        first, _second, third = ambiguities.open_ones(tx)
        answer = ambiguities.Answer(None, remember=False, by=None, at=now)
        spots = ambiguities.resolve(tx, first, answer)
        assert sorted((s.folder, s.uid) for s in spots) == [(world.inbox, 3), (world.sent, 8)]
        assert [q.id for q in ambiguities.open_ones(tx)] == [third.id]
        # The same again finds nothing to do.
        assert ambiguities.resolve(tx, first, answer) == ()


def test_a_question_that_judging_again_does_not_ask_waits_no_more(
    store: Store, world: Any, now: datetime
) -> None:
    tie = Ambiguous((world.acme, world.beta), (), By.DOMAIN)
    with store.write() as tx:
        for uid in (1, 2, 3, 9):
            ambiguities.ask(tx, world.sighting(uid), tie, now, f"mark {uid}")
        still = {(1, ambiguities.name(By.DOMAIN, (world.beta, world.acme)))}
        ambiguities.asked_still(tx, world.inbox, 7, (1, 5), still, unknown={3})
        assert [q.spot.uid for q in ambiguities.open_ones(tx)] == [1, 3, 9]


def test_the_lists_start_with_the_ancestors(store: Store, now: datetime) -> None:
    with store.write() as tx:
        modes = {i.code: i.labels for i in lists.items(tx, "mode")}
        assert modes["phone"] == {"en": "Phone", "fr": "Téléphone"}
        assert {"email", "meeting", "sms", "website", "chat", "fax", "other"} <= set(modes)
        assert [i.labels["fr"] for i in lists.items(tx, "purpose")] == [
            "Prospection",
            "Suivi client",
            "Relance facture",
            "Contentieux",
            "Autre",
        ]
        lists.put(tx, "mode", "fax", {"en": "Fax"}, position=9, retired_at=now)
        fax = next(i for i in lists.items(tx, "mode") if i.code == "fax")
        assert (fax.labels, fax.retired_at) == ({"en": "Fax"}, now)
        assert lists.item_id(tx, "mode", "fax")
        with pytest.raises(UnknownCode):
            lists.item_id(tx, "purpose", "fax")


def test_an_installation_observes_until_it_is_released(store: Store, now: datetime) -> None:
    with store.write() as tx:
        with pytest.raises(StoreError):
            installation.get(tx)
        first = installation.ensure(tx, now, timedelta(days=7))
        assert (first.observing, first.live_since) == (True, None)
        assert first.observing_until == now + timedelta(days=7)
        assert installation.ensure(tx, now + MINUTE, None) == first
        live = installation.release(tx, now + MINUTE)
        assert (live.observing, live.live_since) == (False, now + MINUTE)
        installation.hold(tx, now + 4 * MINUTE)
        held = installation.get(tx)
        assert (held.epoch, held.held, held.restored_at) == (2, True, now + 4 * MINUTE)
        again = installation.release(tx, now + 5 * MINUTE)
        assert (again.live_since, again.held, again.epoch) == (now + MINUTE, False, 2)
        assert again.released_at == now + 5 * MINUTE
        assert [e.action for e in audit.of(tx, "installation")] == ["release", "hold", "release"]
