"""What rules of files make of a mail or an event, and what comes with it."""

import pytest

from rules.model.decisions import (
    AskPerson,
    Reason,
    Verdict,
    Wish,
)
from rules.model.exchanges import LinkedElement
from rules.model.people import Level
from rules.model.rules import (
    AddCollaborators,
    AddProducts,
    AddTags,
    AssignThirdParty,
    CloseFollowUps,
    Confidential,
    Ignore,
    KeepPrivate,
    Link,
    LinkField,
    SetAuthor,
    SetMode,
    SetPurpose,
)
from tests.rules.house import (
    ACME,
    MARC,
    NADIA,
    SYLVIE,
    VENDOME,
    draft_of,
    mail,
)
from tests.rules.ruled import SALES, WITH_GROUPS, effect, judge, reads_text, rule, rules, steps

# --- keeping out and hiding -------------------------------------------------------------------


def test_what_a_rule_ignores_is_counted_under_that_reason_and_the_trace_names_the_rule():
    decision = judge(rules(rule("no-news", Ignore())))
    assert (decision.verdict, decision.reason) == (Verdict.IGNORE, Reason.RULE)
    assert steps(decision) == [("no-news", "ignore")]
    assert decision.effects == ()


def test_of_mail_that_concerns_nobody_the_trace_names_no_rule():
    stranger = mail("stranger@gmail.com")
    for action, reason in ((Ignore(), Reason.RULE), (SetPurpose("x"), Reason.NO_THIRD_PARTY)):
        decision = judge(rules(rule("secret-name", action)), stranger)
        assert decision.reason is reason
        assert "secret-name" not in str(decision.trace)
        assert "gmail" not in str(decision.trace)


def test_a_rule_that_keeps_nothing_binds_the_message_as_a_rules_wish():
    for message in (mail(), mail("stranger@gmail.com")):
        decision = judge(rules(rule("hr", KeepPrivate(Level.NOTHING), Ignore())), message)
        assert (decision.reason, decision.level) == (Reason.VETOED, Level.NOTHING)
        assert decision.level_by == (Wish.RULE,)


@pytest.mark.parametrize(
    ("by_rule", "account", "veto", "level"),
    [
        (Level.SUBJECT, Level.EVERYTHING, Level.EVERYTHING, Level.SUBJECT),
        (Level.SUBJECT, Level.HAPPENED, Level.EVERYTHING, Level.HAPPENED),
        (Level.HAPPENED, Level.EVERYTHING, Level.SUBJECT, Level.HAPPENED),
    ],
)
def test_the_strictest_of_all_wishes_wins(by_rule, account, veto, level):
    decision = judge(rules(rule("hide", KeepPrivate(by_rule))), level=account, veto=veto)
    assert decision.level is level
    assert not decision.wants_text
    assert draft_of(decision).subject == ("Devis" if level is Level.SUBJECT else "")


def test_rules_see_nothing_of_what_the_gates_turn_away():
    ruleset = rules(rule("all", AssignThirdParty("CU1804-0001")))
    private = judge(ruleset, mail(subject="[perso] x"))
    internal = judge(ruleset, mail("marc@maison.fr"))
    assert (private.reason, internal.reason) == (Reason.KEPT_OUT, Reason.INTERNAL)
    assert steps(private) == steps(internal) == []


# --- whose it is ------------------------------------------------------------------------------


def test_an_assigned_third_party_is_recorded_though_nobody_was_known():
    decision = judge(rules(rule("shop", AssignThirdParty("CU1804-0001"))), mail("x@gmail.com"))
    draft = draft_of(decision)
    assert decision.wants_text
    assert (draft.third_parties, draft.contacts) == ((ACME,), ())


def test_an_assigned_third_party_stands_instead_of_those_who_take_part_and_of_ties():
    ruleset = rules(rule("theirs", AssignThirdParty("CU1804-0003")))
    assert draft_of(judge(ruleset)).third_parties == (VENDOME,)
    tie = judge(ruleset, mail("conseil@cabinet.example"))
    assert draft_of(tie).third_parties == (VENDOME,)
    assert effect(tie, AskPerson) == []


def test_contacts_of_the_assigned_third_party_stay():
    draft = draft_of(judge(rules(rule("same", AssignThirdParty("CU1804-0001")))))
    assert (draft.third_parties, draft.contacts) == ((ACME,), (SYLVIE,))


def test_a_contacts_own_wish_counts_though_a_rule_assigns_another_party():
    decision = judge(rules(rule("x", AssignThirdParty("CU1804-0003"))), mail("doctor@acme.fr"))
    assert decision.reason is Reason.VETOED


def test_of_a_third_party_that_nobody_knows_or_that_is_gone_nothing_comes():
    for code in ("CU9", "CU1804-0004"):
        decision = judge(rules(rule("x", AssignThirdParty(code))), mail("x@gmail.com"))
        assert decision.reason is Reason.NO_THIRD_PARTY


# --- classifying ------------------------------------------------------------------------------


def test_each_action_shows_in_the_exchange():
    draft = draft_of(
        judge(
            rules(
                rule(
                    "all",
                    SetMode("phone"),
                    SetPurpose("dispute"),
                    AddProducts(("pump", "valve")),
                    AddTags(("Urgent ", "devis")),
                    SetAuthor("marc@maison.fr"),
                    AddCollaborators(("n.kaci@maison.fr", "marc@maison.fr")),
                    CloseFollowUps(close=False),
                )
            )
        )
    )
    assert (draft.mode, draft.purpose, draft.answers) == ("phone", "dispute", False)
    assert (draft.products, draft.tags) == (("pump", "valve"), ("devis", "urgent"))
    assert (draft.author, draft.collaborators) == (MARC, (NADIA,))
    assert {one.field: one.rank for one in draft.said} == dict.fromkeys(
        ("mode", "purpose", "author", "answers"), 0
    )


def test_the_later_rule_has_the_last_word_and_lists_add_up_whatever_each_reads():
    ruleset = rules(
        reads_text("one", SetPurpose("dispute"), AddTags(("a",))),
        rule("two", SetPurpose("prospecting"), AddTags(("b",))),
        reads_text("three", AddTags(("c",))),
    )
    draft = draft_of(judge(ruleset, body="Bonjour,"))
    assert (draft.purpose, draft.tags) == ("prospecting", ("a", "b", "c"))
    assert draft_of(judge(ruleset)).tags == ("b",)


def test_references_are_linked_once_in_upper_case_from_where_the_rule_says():
    quote = Link("quote", r"\b(?P<ref>PR\d{4}-\d{4,})")
    anywhere = Link("invoice", r"FA\d{4}-\d{4}", (LinkField.TEXT, LinkField.ATTACHMENTS))
    message = mail(subject="Re: pr2303-0107, PR2303-0107")
    decision = judge(rules(rule("link", quote, anywhere)), message, body="FA2211-0001 PR2303-0200")
    draft = draft_of(decision)
    assert draft.elements == (LinkedElement("quote", "PR2303-0107"),)
    assert draft.elements_in_text == (
        LinkedElement("invoice", "FA2211-0001"),
        LinkedElement("invoice", "FA2211-0059"),
    )


def test_what_only_the_subject_may_show_links_nothing_of_the_text():
    link = Link("quote", r"PR\d{4}-\d{4,}", (LinkField.SUBJECT, LinkField.TEXT))
    hidden = rules(rule("x", link, KeepPrivate(Level.HAPPENED)))
    shown = rules(rule("x", link, KeepPrivate(Level.SUBJECT)))
    message = mail(subject="PR2303-0107")
    assert draft_of(judge(hidden, message)).elements == ()
    assert draft_of(judge(shown, message)).elements == (LinkedElement("quote", "PR2303-0107"),)


def test_confidential_text_goes_into_the_comment_that_groups_share():
    ruleset = rules(rule("a", Confidential(("direction GENERALE",))), rule("b", Confidential()))
    decision = judge(ruleset, body="Bonjour", directory=WITH_GROUPS)
    draft = draft_of(decision)
    assert (draft.comment, draft.quoted_from) == ("", None)
    assert draft.confidential is not None
    assert (draft.confidential.text, draft.confidential.author) == ("Bonjour", NADIA)
    assert draft.confidential.groups == {SALES}


# --- two phases, and stop ---------------------------------------------------------------------


def test_a_rule_that_reads_the_text_never_decides_who_is_captured():
    ruleset = rules(
        reads_text("x", Ignore(), KeepPrivate(Level.NOTHING), AssignThirdParty("CU1804-0003"))
    )
    draft = draft_of(judge(ruleset, body="Bonjour"))
    assert (draft.third_parties, draft.level) == ((ACME,), Level.EVERYTHING)
    assert judge(ruleset, mail("x@gmail.com")).reason is Reason.NO_THIRD_PARTY


def test_stop_ends_the_rules_after_it():
    ruleset = rules(
        rule("a", AddTags(("a",)), stop=True), rule("b", AddTags(("b",))), reads_text("c", Ignore())
    )
    decision = judge(ruleset, body="Bonjour")
    assert draft_of(decision).tags == ("a",)
    assert [name for name, _ in steps(decision)] == ["a"]


def test_a_stop_that_comes_with_the_text_takes_back_what_is_not_settled_yet():
    ruleset = rules(
        reads_text("a", AddTags(("a",)), stop=True),
        rule("b", AddTags(("b",)), KeepPrivate(Level.EVERYTHING), AssignThirdParty("CU1804-0003")),
        reads_text("c", AddTags(("c",))),
    )
    draft = draft_of(judge(ruleset, body="Bonjour"))
    assert (draft.tags, draft.third_parties) == (("a",), (VENDOME,))
