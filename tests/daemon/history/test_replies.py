"""Rules that wait for a reply, held against the past."""

from datetime import UTC, datetime, timedelta

from daemon.history.findings import Why
from daemon.store import follow_ups
from rules import merge
from rules.model.followups import State
from rules.ruleset import RuleSet
from tests.daemon.history.company import BEGUN, Letter
from tests.daemon.history.test_past import ANN, CARLA, OLD, rules


def waiting(days: int) -> RuleSet:
    return rules(
        "  - name: 'no: answer'\n"
        f"    when: {{direction: outbound, subject: devis, no_reply_for: {days} working days}}\n"
        "    then: {open_follow_up: {when: +0 working days at 09:30, title: 'Ask: {subject}'}}\n"
    )


LATER = datetime.now(UTC) + timedelta(days=1)
"""Long after the letters, and after they were read."""


def test_what_a_rule_opened_for_want_of_a_reply_goes_with_it_and_comes_back(found):
    """Removing the rule alone changes nothing: what it said of the past stands until `apply`."""
    with found() as company:
        company.deliver(
            [
                Letter(1, ANN, CARLA, "Devis", copies=(("ann", "Sent"),)),
                Letter(2, ANN, CARLA, "Hello?", answers=1, copies=(("ann", "Sent"),)),
            ]
        )
        company.ingest(waiting(2))
        assert company.look_for_replies(waiting(2), LATER) == 1
        (one,) = company.follow_ups()
        assert one.exchange == company.exchange("EXC-2")
        assert company.diff(waiting(2)) == []
        company.ingest(OLD)
        assert company.follow_ups() == [one]

        (told,) = company.diff(OLD)
        assert (told.known.ref, told.fell_away) == ("EXC-1", ("no: answer",))
        company.apply(OLD)
        (gone,) = company.follow_ups()
        assert (gone.id, gone.state) == (one.id, State.NOT_NEEDED)
        assert company.diff(OLD) == []
        assert company.look_for_replies(OLD, LATER) == 0

        company.apply(waiting(2))
        assert company.look_for_replies(waiting(2), LATER) == 1
        (again,) = company.follow_ups()
        assert (again.id, again.state, again.exchange) == (one.id, State.TO_DO, one.exchange)
        assert company.diff(waiting(2)) == []


def test_one_for_want_of_a_reply_that_somebody_made_his_stays(found):
    with found() as company:
        company.deliver([Letter(1, ANN, CARLA, "Devis", copies=(("ann", "Sent"),))])
        company.ingest(waiting(2))
        company.look_for_replies(waiting(2), LATER)
        (one,) = company.follow_ups()
        with company.store.write() as tx:
            mine = merge.apply(one, merge.Changes(title="Ring her up"))
            follow_ups.change(tx, mine, "calendar", "changed there", BEGUN, one.revision)
        assert [(f.why, f.known.ref) for f in company.diff(OLD)] == [(Why.EDITED, "EXC-1")]
        company.apply(OLD)
        assert [f.state for f in company.follow_ups()] == [State.TO_DO]


def test_a_message_that_is_hidden_takes_along_what_waited_for_a_reply_to_it(found):
    hiding = rules("  - {name: hide, when: {subject: devis}, then: {ignore: true}}\n")
    with found() as company:
        company.deliver(
            [
                Letter(1, ANN, CARLA, "Devis", copies=(("ann", "Sent"),)),
                Letter(2, ANN, CARLA, "Hello?", answers=1, copies=(("ann", "Sent"),)),
            ]
        )
        company.ingest(waiting(2))
        company.look_for_replies(waiting(2), LATER)
        company.apply(hiding)
        (one,) = company.follow_ups()
        assert one.state is State.NOT_NEEDED
        assert company.diff(hiding) == []


def test_a_rule_that_waits_longer_waits_longer(found):
    with found() as company:
        company.deliver([Letter(1, ANN, CARLA, "Devis", copies=(("ann", "Sent"),))])
        company.ingest(rules("  - {name: no answer, when: always, then: {mode: phone}}\n"))
        company.apply(waiting(2))
        assert [row[1] for row in company.state()["waiting"]] == [2]
        company.apply(waiting(5))
        assert [row[1] for row in company.state()["waiting"]] == [5]
        assert company.diff(waiting(5)) == []
        company.apply(OLD)
        assert company.state()["waiting"] == []
