"""Follow-ups that rules open, and what rules make of events."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from rules import adopt, decide
from rules.model.decisions import (
    AwaitReply,
    By,
    OpenFollowUp,
    Reason,
    Verdict,
)
from rules.model.exchanges import LinkedElement
from rules.model.followups import FollowUpDraft, Reminder
from rules.model.people import Level
from rules.model.rules import (
    AddTags,
    AdoptEvent,
    AssignThirdParty,
    Confidential,
    DayKind,
    Ignore,
    KeepPrivate,
    Later,
    Link,
    LinkField,
    OpenWhenNoReply,
    Plan,
    Remind,
    SetMode,
    SetPurpose,
)
from rules.model.rules import OpenFollowUp as Open
from tests.rules.house import (
    ACME,
    DIRECTORY,
    MARC,
    NADIA,
    NOW,
    SYLVIE,
    VENDOME,
    draft_of,
    in_calendar,
    mail,
    meeting,
)
from tests.rules.ruled import AROUND, effect, judge, reads_text, rule, rules, says, steps

# --- follow-ups -------------------------------------------------------------------------------


def opened(decision) -> FollowUpDraft:
    (found,) = effect(decision, OpenFollowUp)
    return found.draft


def test_what_only_a_confidential_text_names_is_in_no_title():
    link = Link("quote", r"PR\d{4}", (LinkField.TEXT,))
    plan = Open(Plan(Later(days=1), "Call ({reference})"))
    plain = judge(rules(rule("call", plan, link)), body="See PR2303")
    assert (opened(plain).title, draft_of(plain).elements_in_text) == (
        "Call (PR2303)",
        (LinkedElement("quote", "PR2303"),),
    )
    hidden = judge(rules(rule("call", plan, link, Confidential())), body="See PR2303")
    assert (opened(hidden).title, opened(hidden).element) == ("Call ()", None)
    assert draft_of(hidden).elements_in_text == ()


def test_a_follow_up_comes_with_the_exchange_on_the_assignees_clock():
    when = Later(days=3, kind=DayKind.WORKING_DAYS, at=time(9))
    plan = Plan(when, "Call {contact} about {subject} {{x}}", "By {author}", priority=2)
    decision = judge(rules(rule("call", Open(plan), Remind(timedelta(hours=2), "short"))))
    draft = opened(decision)
    # Tuesday, and three working days.
    assert draft.when.start == datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
    assert draft.when.zone == "Europe/Paris"
    assert (draft.title, draft.description) == (
        "Call Sylvie TOLERI about Devis {x}",
        "By Nadia Kaci",
    )
    assert [a.user for a in draft.assignees] == [NADIA]
    assert (draft.third_party, draft.contact, draft.priority) == (ACME, SYLVIE, 2)
    assert draft.reminders == (Reminder(timedelta(hours=2), template="short"),)
    assert draft.key == f"rule:call:{draft_of(decision).keys[0].key}"


@pytest.mark.parametrize(
    ("assignee", "user"),
    [
        ("", NADIA),
        ("author", NADIA),
        ("owner", NADIA),
        ("marc@maison.fr", MARC),
        # One who has left does nothing: then whoever had it.
        ("zoe@elsewhere.example", NADIA),
    ],
)
def test_who_has_to_do_it(assignee, user):
    decision = judge(rules(rule("x", Open(Plan(Later(days=1), assignee=assignee)))))
    assert [a.user for a in opened(decision).assignees] == [user]


def test_a_title_without_a_template_names_whom_and_what_as_far_as_may_be_shown():
    open_it = Open(Plan(Later(days=1)))
    assert opened(judge(rules(rule("x", open_it)))).title == "Acme: Devis"
    hidden = rules(rule("x", open_it, KeepPrivate(Level.HAPPENED)))
    assert opened(judge(hidden)).title == "Acme"


def test_braces_in_a_subject_are_not_read_as_variables():
    plan = Plan(Later(days=1), "{subject}")
    message = mail(subject="{author} {subject}")
    assert opened(judge(rules(rule("x", Open(plan))), message)).title == "{author} {subject}"


def test_nothing_older_than_the_installation_went_live_opens_anything():
    ruleset = rules(rule("x", Open(Plan(Later(days=1))), OpenWhenNoReply(5, Plan(Later()))))
    for live_since in (None, NOW):
        decision = judge(ruleset, around=replace(AROUND, live_since=live_since))
        assert decision.verdict is Verdict.RECORD
        assert effect(decision, OpenFollowUp | AwaitReply) == []
        assert steps(decision, "follow-up?") != []


def test_nobody_to_do_it_is_told():
    message = mail("sylvie@acme.fr", "info@maison.fr")
    decision = judge(rules(rule("x", Open(Plan(Later(days=1))))), message, owner=None)
    assert effect(decision, OpenFollowUp) == []
    assert steps(decision, "follow-up?") == [("no", "x: nobody is there to do it")]


def test_only_what_we_wrote_waits_for_a_reply():
    ruleset = rules(rule("wait", OpenWhenNoReply(5, Plan(Later(at=time(9)), "{subject}?"))))
    (waits,) = effect(judge(ruleset, mail("nadia@maison.fr", "sylvie@acme.fr")), AwaitReply)
    assert (waits.rule, waits.within, waits.draft.title) == ("wait", 5, "Devis?")
    assert effect(judge(ruleset), AwaitReply) == []


def test_a_time_beyond_the_calendar_is_told_and_stops_nothing():
    decision = judge(rules(rule("x", Open(Plan(Later(days=5_000_000))))))
    assert decision.verdict is Verdict.RECORD
    assert "beyond the calendar" in str(steps(decision, "follow-up?"))


# --- events -----------------------------------------------------------------------------------


def event(ruleset, what):
    return decide.event(ruleset, DIRECTORY, in_calendar(what), NOW, around=AROUND)


def test_a_meeting_is_classified_by_what_stands_in_it():
    ruleset = rules(
        reads_text("visit", AddTags(("visit",)), SetMode("phone"), text="ordre du jour"),
        rule("room", SetPurpose("dispute"), when=[says("place", "salle")]),
    )
    what = meeting("sylvie@acme.fr", description="Ordre du jour", location="Salle 2")
    draft = draft_of(event(ruleset, what))
    assert (draft.mode, draft.purpose, draft.tags) == ("phone", "dispute", ("visit",))


def test_an_event_becomes_a_follow_up_because_a_rule_says_so():
    ruleset = rules(
        rule("mine", AdoptEvent(), Remind(timedelta(days=1)), when=[says("subject", "appeler")])
    )
    what = meeting(summary="Appeler Acme")
    assert event(ruleset, what).reason is Reason.FOLLOW_UP
    assert event(rules(), what).reason is not Reason.FOLLOW_UP
    adopted = adopt.adopt(ruleset, DIRECTORY, in_calendar(what), NOW, NOW - timedelta(days=9))
    assert isinstance(adopted, FollowUpDraft)
    assert (adopted.third_party, adopted.reminders) == (ACME, (Reminder(timedelta(days=1)),))


def test_rules_keep_out_what_would_be_a_follow_up_and_say_whose_it_is():
    what = meeting(summary="Relance Acme")

    def adopted(*then):
        ruleset = rules(rule("x", *then))
        return adopt.adopt(ruleset, DIRECTORY, in_calendar(what), NOW, NOW - timedelta(days=9))

    assert adopted(Ignore()).reason is Reason.RULE
    assert adopted(KeepPrivate(Level.NOTHING)).reason is Reason.VETOED
    assert adopted(AssignThirdParty("CU1804-0003")).third_party == VENDOME


def test_a_meeting_that_a_rule_ignores_is_not_recorded():
    decision = event(rules(rule("x", Ignore())), meeting("sylvie@acme.fr"))
    assert decision.reason is Reason.RULE


def test_whose_it_is_by_rule_is_told():
    decision = judge(rules(rule("shop", AssignThirdParty("CU1804-0001"))), mail("x@gmail.com"))
    (whose,) = [s for s in decision.trace if s.question == "whose?"]
    assert (whose.answer, f"by {By.RULE}" in whose.evidence) == ("matched", True)
