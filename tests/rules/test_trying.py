"""What `suivi rules test` shows of a rule is what became of it."""

from rules import trying
from rules.firing import Outcome
from rules.model.decisions import Reason
from rules.model.rules import AdoptEvent, How, Remind, Test, TextMatch
from tests.rules.house import ACME, DIRECTORY, NOW, in_calendar, meeting
from tests.rules.ruled import AROUND, HERE, rule, rules


def test_a_rule_that_adopts_by_whom_the_title_names_fired():
    acme = DIRECTORY.third_parties[ACME]
    asks = Test("third_party", (TextMatch(How.EQUALS, acme.code),), HERE)
    ruleset = rules(rule("visit", AdoptEvent(), Remind(template="short"), when=[asks]))
    seen = in_calendar(meeting(summary=f"See {acme.name}"))
    trial = trying.event(ruleset, DIRECTORY, seen, NOW, AROUND.live_since, around=AROUND)
    assert trial.decision.reason is Reason.FOLLOW_UP
    assert trial.adopted is not None
    assert trial.adopted.reminders[0].template == "short"
    assert [tried.outcome for tried in trial.tried] == [Outcome.FIRED]
