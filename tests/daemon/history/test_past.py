"""The past under other rules: what differs, and what stays as it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daemon.app.in_step import Busy, Choice
from daemon.history.compare import compare
from daemon.history.findings import Change, Difference, Undecided, Why
from daemon.store import accounts, exchanges, people, vetoes, whole
from daemon.store.errors import LeaseLost
from rules.language import read
from rules.model.decisions import Reason
from rules.model.followups import State
from rules.model.people import Level
from rules.ruleset import RuleSet, builtin, sealed
from tests.daemon.history.company import BEGUN, Letter

OLD = builtin()
CARLA, DORA, STRANGER = "carla@carla.example", "dora@dora.example", "x@nowhere.example"
ANN = "ann@lumen.example"


def keeping_out(*tags: str) -> RuleSet:
    return sealed(replace(builtin(), keep_out_tags=tags))


def test_what_other_rules_hide_is_told_and_nothing_changes(found):
    with found() as company:
        company.deliver(
            [
                Letter(1, CARLA, ANN, "[hr] Paie"),
                Letter(2, CARLA, ANN, "Devis"),
                Letter(3, STRANGER, ANN, "Pub"),
            ]
        )
        company.ingest(OLD)
        before = company.rows()
        (only,) = company.diff(keeping_out("[hr]"))
        assert company.rows() == before
    assert isinstance(only, Difference)
    assert (only.change, only.known.ref) == (Change.HIDDEN, "EXC-1")
    assert only.known.parties == ("Acme (CU1)",)
    assert only.step and only.step.question == "kept out?"
    assert "Paie" not in repr(only)


def test_applied_it_is_hidden_and_comes_back_under_the_old_rules(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "[hr] Paie"), Letter(2, CARLA, ANN, "Devis")])
        company.ingest(OLD)
        assert company.apply(keeping_out("[hr]")).counts == {Change.HIDDEN: 1}
        assert list(company.refs().values()) == ["Devis"]
        assert company.diff(keeping_out("[hr]")) == []
        assert company.apply(keeping_out("[hr]")).counts == {}
        assert [f.change for f in company.diff(OLD)] == [Change.RECORDED]
        assert company.apply(OLD).counts == {Change.RECORDED: 1}
        assert sorted(company.refs().values()) == ["Devis", "[hr] Paie"]
        assert company.diff(OLD) == []


def test_mail_that_came_since_is_no_past(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Devis")])
        company.ingest(OLD)
        company.deliver([Letter(2, CARLA, ANN, "Facture")])
        assert company.diff(OLD) == []


def test_a_message_that_is_gone_stays_and_is_told(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "[hr] Paie")])
        company.ingest(OLD)
        company.boxes["ann"].expunge("INBOX", 1)
        (only,) = company.diff(keeping_out("[hr]"))
        assert isinstance(only, Undecided) and only.why is Why.GONE
        assert company.apply(keeping_out("[hr]")).counts == {}
        assert list(company.refs().values()) == ["[hr] Paie"]


def rules(text: str) -> RuleSet:
    loaded = read([("a.yaml", f"version: 1\nrules:\n{text}")])
    assert loaded.is_good, loaded.problems
    return sealed(replace(builtin(), rules=loaded.rules))


NOTHING = rules("  - {name: hr, when: {subject: paie}, then: {keep_private: nothing}}\n")
CALLING = rules(
    "  - name: call\n    when: {subject: devis}\n"
    "    then: {purpose: dispute, open_follow_up: {when: +1 day, title: Call}}\n"
)


def test_what_a_person_edited_or_deleted_stays(found):
    with found() as company:
        company.deliver([Letter(n, CARLA, ANN, f"Devis {n}") for n in (1, 2, 3)])
        company.ingest(OLD)
        with company.store.write() as tx:
            ann = people.user_by_email(tx, ANN).id
            whole.note_edit(tx, company.exchange("EXC-1"), ["purpose"], ann, BEGUN)
            exchanges.delete(tx, company.exchange("EXC-2"), ann, "a mistake", BEGUN)
        differences = company.diff(CALLING)
        assert [(f.why, f.what) for f in differences if isinstance(f, Undecided)] == [
            (Why.EDITED, ("purpose",))
        ]
        company.apply(CALLING)
        with company.store.read() as tx:
            stored = {e.ref: e.purpose for e in exchanges.history(tx)}
        assert stored == {"EXC-1": None, "EXC-3": "dispute"}
        assert [f.why for f in company.diff(CALLING)] == [Why.EDITED]


def test_an_edited_exchange_is_not_hidden(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Paie")])
        company.ingest(OLD)
        with company.store.write() as tx:
            whole.note_edit(tx, company.exchange("EXC-1"), ["comment"], None, BEGUN)
        (only,) = company.diff(NOTHING)
        assert isinstance(only, Undecided) and only.why is Why.EDITED


def test_a_rules_nothing_is_lifted_and_an_accounts_is_not(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Paie"), Letter(2, CARLA, ANN, "Paie bis")])
        company.ingest(OLD)
        company.apply(NOTHING)
        assert company.refs() == {}
        with company.store.write() as tx:
            (mark, *_) = (row[0] for row in company.rows()["veto"])
            vetoes.put(tx, mark, Level.NOTHING)
        company.apply(OLD)
        assert len(company.refs()) == 1
        assert company.diff(OLD) == []


def test_follow_ups_of_rules_come_and_go_and_come_back(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Devis")])
        company.ingest(OLD)
        company.apply(CALLING)
        assert [f.state for f in company.follow_ups()] == [State.TO_DO]
        company.apply(OLD)
        assert [f.state for f in company.follow_ups()] == [State.NOT_NEEDED]
        assert company.diff(OLD) == []
        company.apply(CALLING)
        (again,) = company.follow_ups()
        assert (again.state, again.exchange) == (State.TO_DO, company.exchange("EXC-1"))


def test_only_what_is_chosen_is_carried_out(found):
    both = rules(
        "  - {name: hr, when: {subject: paie}, then: {ignore: true}}\n"
        "  - {name: quote, when: {subject: devis}, then: {purpose: dispute}}\n"
    )
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Paie"), Letter(2, CARLA, ANN, "Devis")])
        company.ingest(OLD)
        done = company.apply(both, Choice(items=frozenset({"EXC-2"})))
        assert done.counts == {Change.RECLASSIFIED: 1}
        done = company.apply(both, Choice(only=frozenset({Change.RECORDED})))
        assert done.counts == {}
        assert len(company.refs()) == 2
        done = company.apply(both, Choice(only=frozenset({Change.HIDDEN})))
        assert list(company.refs()) == ["EXC-2"]


def test_what_is_of_earlier_rules_is_counted_until_it_is_in_step(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Devis"), Letter(2, CARLA, ANN, "Lunch")])
        company.ingest(OLD)
        assert company.of_earlier(OLD) == 0
        assert company.of_earlier(CALLING) == 2
        company.apply(CALLING)
        assert company.of_earlier(CALLING) == 0


def test_an_account_that_another_holds_is_waited_for_and_nothing_changes(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Paie")])
        company.ingest(OLD)
        with company.store.write() as tx:
            bob = next(s for s in accounts.watched(tx) if s.name == "bob")
            held = accounts.lease(tx, bob.id, "daemon", datetime.now(UTC), timedelta(hours=1))
        with pytest.raises(Busy, match="bob: another suivi is reading it"):
            company.apply(NOTHING)
        assert len(company.refs()) == 1
        with company.store.write() as tx:
            accounts.release(tx, held)
            assert accounts.lease(tx, bob.id, "x", datetime.now(UTC), timedelta(0)) is not None


def test_a_lease_that_is_lost_midway_stops_it_and_the_next_run_does_the_rest(found, monkeypatch):
    monkeypatch.setattr("daemon.history.compare.CHUNK", 1)
    with found() as company:
        company.deliver([Letter(n, CARLA, ANN, f"Paie {n}") for n in range(1, 5)])
        company.ingest(OLD)
        with company.past(NOTHING) as past:
            fence, seen = accounts.fence, []

            def taken_over(tx, lease, now=None):
                seen.append(lease)
                if len(seen) == 5:
                    raise LeaseLost("another daemon took over")
                fence(tx, lease, now)

            monkeypatch.setattr("daemon.store.accounts.fence", taken_over)
            with pytest.raises(LeaseLost):
                company.carry_out(past)
            monkeypatch.setattr("daemon.store.accounts.fence", fence)
        assert 0 < len(company.refs()) < 4
        company.apply(NOTHING)
        assert company.refs() == {}


def test_a_mailbox_that_is_down_leaves_its_exchanges_alone(found):
    with found() as company:
        company.deliver(
            [
                Letter(1, CARLA, ANN, "Paie"),
                Letter(2, CARLA, ANN, "Paie bis", copies=(("bob", "INBOX"),)),
            ]
        )
        company.ingest(OLD)
        company.unreachable.add("bob")
        with company.past(NOTHING) as past:
            assert past.troubles == ("bob: memory: down",)
            found_ = company.differences(past)
        assert [getattr(f, "why", getattr(f, "change", None)) for f in found_] == [
            Change.HIDDEN,
            Why.UNREACHABLE,
        ]
        company.apply(NOTHING)
        assert list(company.refs().values()) == ["Paie bis"]


def test_a_text_that_the_server_does_not_give_erases_none(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Devis", "the text")])
        company.ingest(OLD)
        company.no_texts = True
        differences = company.diff(CALLING)
        assert [(f.why, f.what) for f in differences if isinstance(f, Undecided)] == [
            (Why.NOT_ANSWERED, ("text",))
        ]
        company.apply(CALLING)
        with company.store.read() as tx:
            (stored,) = exchanges.history(tx)
        assert (stored.purpose, stored.comment.strip()) == ("dispute", "the text")


def test_a_rule_that_asks_for_the_present_time_decides_nothing_of_the_past(found):
    aged = rules("  - {name: old, when: {age: over 1 day}, then: {purpose: dispute}}\n")
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Devis")])
        company.ingest(OLD)
        (only,) = company.diff(aged)
        assert isinstance(only, Undecided) and only.why is Why.PRESENT_TIME


def test_a_contact_who_is_gone_is_no_rules_doing(found):
    with found() as company:
        company.deliver([Letter(1, DORA, ANN, "Devis")])
        company.ingest(OLD)
        with company.store.write() as tx:
            (dora,) = (k for k in people.contacts(tx) if k.name == "dora")
            people.put_contact(tx, replace(dora, active=False))
        company.ingest(OLD)
        assert [f.why for f in company.diff(OLD)] == [Why.DIRECTORY]


def test_the_order_in_which_mailboxes_were_read_changes_nothing(found):
    with found() as company:
        letter = Letter(1, CARLA, f"{ANN}, bob@lumen.example", "Devis", copies=(("bob", "INBOX"),))
        company.deliver([letter])
        company.ingest(OLD)
        company.deliver([replace(letter, copies=(("ann", "INBOX"),))])
        company.ingest(OLD)
        assert company.diff(OLD) == []


def test_meetings_are_judged_again_too(found):
    quiet = rules("  - {name: quiet, when: {kind: event, subject: visite}, then: {ignore: true}}\n")
    told = rules("  - {name: visit, when: {kind: event}, then: {purpose: dispute, tags: [x]}}\n")
    with found() as company:
        company.meet("visite", "Visite chez Carla", datetime.now(UTC) - timedelta(days=3))
        company.meet("later", "Visite", datetime.now(UTC) + timedelta(days=3))
        company.ingest(OLD)
        assert list(company.refs().values()) == ["Visite chez Carla"]
        (only,) = company.diff(told)
        assert (only.change, only.fired) == (Change.RECLASSIFIED, ("visit",))
        company.apply(told)
        assert company.diff(told) == []
        assert company.apply(quiet).counts == {Change.HIDDEN: 1}
        assert company.refs() == {}
        assert company.apply(OLD).counts == {Change.RECORDED: 1}
        assert list(company.refs().values()) == ["Visite chez Carla"]
        company.agenda.take("/ann/", "/ann/visite.ics")
        assert [f.why for f in company.diff(quiet)] == [Why.GONE]


def test_a_meeting_that_rules_adopt_is_read_again_by_the_daemon(found):
    adopting = rules("  - {name: a, when: {kind: event, subject: visite}, then: {adopt: true}}\n")
    with found() as company:
        company.meet("visite", "Visite chez Carla", datetime.now(UTC) - timedelta(days=3))
        company.ingest(OLD)
        (only,) = company.diff(adopting)
        assert (only.change, only.reason) == (Change.HIDDEN, Reason.FOLLOW_UP)
        company.apply(adopting)
        assert company.refs() == {}
        company.ingest(adopting)
        assert [f.title for f in company.follow_ups()] == ["Visite chez Carla"]


def test_what_happened_before_the_day_asked_for_is_left_alone_in_all(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Paie"), Letter(30, CARLA, ANN, "Paie bis")])
        company.ingest(OLD)
        with company.past(NOTHING, since=datetime(2026, 3, 4, tzinfo=UTC)) as past:
            assert company.carry_out(past).counts == {Change.HIDDEN: 1}
        assert list(company.refs().values()) == ["Paie"]
        # Another copy of it would else be taken for one of which nothing may be kept.
        assert len(company.rows()["veto"]) == 1


def test_who_reads_a_diff_slowly_holds_no_transaction(found):
    with found() as company:
        company.deliver([Letter(n, CARLA, ANN, f"Paie {n}") for n in range(1, 4)])
        company.ingest(OLD)
        with company.past(NOTHING) as past:
            findings = compare(past.store, past.other, past.scope)
            assert next(findings)
            company.ingest(OLD)
            assert company.store.checkpoint()
            assert len(list(findings)) == 2
