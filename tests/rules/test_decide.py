"""Decisions: what is done with a mail, why, and what the trace may say."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import decide
from rules.model.decisions import (
    AskPerson,
    By,
    Reason,
    RememberAddress,
    Settled,
    Verdict,
)
from rules.model.exchanges import Direction, KeyKind, Source
from rules.model.people import AddressKey, Level
from rules.model.sightings import (
    Attachment,
    Body,
    EventRef,
    FolderRole,
    MailKind,
)
from tests.rules.house import (
    ACME,
    CABINET_B,
    DIRECTORY,
    JEAN,
    MARC,
    NADIA,
    NOW,
    RULES,
    SYLVIE,
    VENDOME,
    draft_of,
    mail,
    seen,
    to,
)


def judge(message, role=FolderRole.INBOX, thread=(), veto=Level.EVERYTHING, **place):
    return decide.message(RULES, DIRECTORY, seen(message, role, **place), thread, NOW, veto)


# --- What a person has answered ---

SHARED = mail("conseil@cabinet.example", message_id="shared@cabinet.example")


def answered(chosen, *, remember=False):
    return (Settled((ACME, VENDOME), By.ADDRESS, chosen, remember, MARC),)


def judge_answered(message, answers):
    return decide.message(RULES, DIRECTORY, seen(message), (), NOW, answers=answers)


def test_what_was_asked_stands_under_the_third_party_that_was_chosen():
    assert judge(SHARED).reason is Reason.AMBIGUOUS
    decision = judge_answered(SHARED, answered(VENDOME))
    draft = draft_of(decision)
    assert (draft.third_parties, draft.contacts) == ((VENDOME,), (CABINET_B,))
    assert not [e for e in decision.effects if isinstance(e, AskPerson | RememberAddress)]


def test_neither_of_them_leaves_it_alone_but_for_who_else_takes_part():
    assert judge_answered(SHARED, answered(None)).reason is Reason.NO_THIRD_PARTY
    with_sylvie = mail("conseil@cabinet.example", cc=to("sylvie@acme.fr"))
    assert draft_of(judge_answered(with_sylvie, answered(None))).third_parties == (ACME,)


def test_an_answer_is_remembered_for_the_address_if_so_wanted():
    decision = judge_answered(SHARED, answered(ACME, remember=True))
    assert [e for e in decision.effects if isinstance(e, RememberAddress)] == [
        RememberAddress(AddressKey("conseil@cabinet.example"), ACME, MARC)
    ]


def test_an_answer_to_another_question_settles_nothing():
    other = (Settled((ACME, VENDOME), By.DOMAIN, ACME, remember=True, user=MARC),)
    assert judge_answered(SHARED, other).reason is Reason.AMBIGUOUS


# --- Mail ---


def test_a_customers_mail_is_recorded_with_all_that_can_be_known():
    message = mail(
        cc=to("marc@maison.fr"), in_reply_to=("Parent@X.fr",), references=("root@x.fr", "mid@x.fr")
    )
    decision = judge(message, emailid="M17")
    draft = draft_of(decision)
    assert decision.reason is Reason.MATCHED
    assert decision.wants_text
    assert decision.rules == RULES.fingerprint
    assert (draft.direction, draft.mode, draft.source) == (
        Direction.INBOUND,
        "email",
        Source.MAIL,
    )
    assert (draft.third_parties, draft.contacts, draft.entity) == ((ACME,), (SYLVIE,), 1)
    assert (draft.author, draft.collaborators, draft.mailbox_owner) == (NADIA, (MARC,), NADIA)
    assert (draft.subject, draft.happened_at) == ("Devis", message.date)
    assert draft.kind is MailKind.HUMAN
    assert draft.message_id == "one@acme.fr"
    assert draft.parents == ("Parent@x.fr", "mid@x.fr", "root@x.fr")
    assert [k.kind for k in draft.keys] == [KeyKind.MESSAGE, KeyKind.EMAILID]
    assert draft.keys[1].key == "account:1/M17"


def test_our_answer_is_by_whoever_wrote_it_not_by_whose_mailbox_shows_it():
    draft = draft_of(judge(mail("marc@maison.fr", ("sylvie@acme.fr", "nadia@maison.fr"))))
    assert draft.direction is Direction.OUTBOUND
    assert (draft.author, draft.collaborators, draft.mailbox_owner) == (MARC, (NADIA,), NADIA)


def test_who_pressed_the_button_wrote_from_a_shared_address():
    message = mail("info@maison.fr", "sylvie@acme.fr", sender=to("marc@maison.fr"))
    assert draft_of(judge(message, FolderRole.SENT, owner=None)).author == MARC


def test_a_mail_to_two_customers_has_two_third_parties_and_the_owners_entity():
    draft = draft_of(judge(mail("nadia@maison.fr", ("jean@vendome.example", "sylvie@acme.fr"))))
    assert draft.third_parties == (ACME, VENDOME)
    assert draft.contacts == (SYLVIE, JEAN)
    assert draft.entity == 1


GATES = [
    (mail(headers={"x-suivi": "reminder"}), {}, Reason.OWN_MAIL),
    (mail(headers={"list-id": "<reminders.suivi.maison.fr>"}), {}, Reason.OWN_MAIL),
    (mail(), {"role": FolderRole.DRAFTS}, Reason.DRAFT_OR_JUNK),
    (mail(), {"role": FolderRole.JUNK}, Reason.DRAFT_OR_JUNK),
    (mail(), {"role": FolderRole.TRASH}, Reason.DRAFT_OR_JUNK),
    (mail(), {"role": FolderRole.ALL, "keywords": frozenset({"\\Draft"})}, Reason.DRAFT_OR_JUNK),
    (mail(), {"keywords": frozenset({"$Junk"})}, Reason.DRAFT_OR_JUNK),
    (mail(), {"name": "INBOX/Privé"}, Reason.KEPT_OUT),
    (mail(), {"keywords": frozenset({"$Private"})}, Reason.KEPT_OUT),
    (mail(subject="Re: [PRIVÉ] samedi"), {}, Reason.KEPT_OUT),
    (mail(headers={"sensitivity": "Private"}), {}, Reason.KEPT_OUT),
    (mail("marc@maison.fr"), {}, Reason.INTERNAL),
    (mail("stranger@gmail.com"), {}, Reason.NO_THIRD_PARTY),
    (mail(), {"level": Level.NOTHING}, Reason.VETOED),
    (mail("doctor@acme.fr"), {}, Reason.VETOED),
]


@pytest.mark.parametrize(("message", "place", "reason"), GATES)
def test_what_is_left_alone_and_why(message, place, reason):
    decision = judge(message, **place)
    assert (decision.verdict, decision.reason) == (Verdict.IGNORE, reason)
    assert decision.effects == ()
    assert not decision.wants_text


def test_mail_that_is_no_junk_after_all_is_judged():
    flags = frozenset({"$Junk", "$NotJunk"})
    assert judge(mail(), keywords=flags).verdict is Verdict.RECORD


def test_what_is_older_than_the_limit_is_counted_only():
    sighting = seen(mail())
    late = decide.message(RULES, DIRECTORY, sighting, (), NOW, since=NOW)
    early = decide.message(RULES, DIRECTORY, sighting, (), NOW, since=NOW - timedelta(days=1))
    assert late.reason is Reason.TOO_OLD
    assert early.reason is Reason.MATCHED


def test_the_questions_are_asked_in_the_order_of_the_specification():
    asked = [s.question for s in judge(mail()).trace]
    assert asked == [
        "suivi's own mail?",
        "draft, junk or trash?",
        "kept out?",
        "direction",
        "whose?",
        "how much may be kept?",
    ]


def test_a_stranger_in_the_thread_of_a_customer_is_recorded():
    draft = draft_of(judge(mail("stranger@gmail.com"), thread=(VENDOME,)))
    assert draft.third_parties == (VENDOME,)


def test_a_tie_waits_for_a_person():
    decision = judge(mail("conseil@cabinet.example"))
    assert (decision.verdict, decision.reason) == (Verdict.WAIT, Reason.AMBIGUOUS)
    assert [type(e) for e in decision.effects] == [AskPerson]


def test_a_tie_beside_a_match_is_asked_and_the_match_recorded():
    decision = judge(mail("nadia@maison.fr", ("conseil@cabinet.example", "jean@vendome.example")))
    assert draft_of(decision).third_parties == (VENDOME,)
    assert any(isinstance(e, AskPerson) for e in decision.effects)


@pytest.mark.parametrize(
    ("account", "veto", "level", "subject"),
    [
        (Level.EVERYTHING, Level.EVERYTHING, Level.EVERYTHING, "Devis"),
        (Level.SUBJECT, Level.EVERYTHING, Level.SUBJECT, "Devis"),
        (Level.EVERYTHING, Level.SUBJECT, Level.SUBJECT, "Devis"),
        (Level.SUBJECT, Level.HAPPENED, Level.HAPPENED, ""),
    ],
)
def test_the_strictest_wish_wins(account, veto, level, subject):
    decision = judge(mail(), level=account, veto=veto)
    assert decision.level is level
    assert decision.wants_text is (level is Level.EVERYTHING)
    assert (draft_of(decision).level, draft_of(decision).subject) == (level, subject)


def test_a_veto_of_nothing_is_final():
    assert judge(mail(), veto=Level.NOTHING).reason is Reason.VETOED


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"list-unsubscribe": "<mailto:x>"}, MailKind.NEWSLETTER),
        ({"auto-submitted": "auto-replied"}, MailKind.AUTO_REPLY),
        ({"list-id": "<l.acme.fr>"}, MailKind.LIST),
    ],
)
def test_kinds_classify_and_never_drop(headers, kind):
    assert draft_of(judge(mail(headers=headers))).kind is kind


RECEIVED = NOW - timedelta(minutes=50)


@pytest.mark.parametrize(
    "date", [None, NOW + timedelta(days=400), datetime(1970, 1, 1, tzinfo=NOW.tzinfo)]
)
def test_a_date_that_no_clock_could_have_shown_is_not_believed(date):
    assert draft_of(judge(mail(date=date))).happened_at == RECEIVED
    assert draft_of(judge(mail(date=date), received=None)).happened_at == NOW


def test_a_server_whose_clock_runs_ahead_is_not_believed_either():
    ahead = NOW + timedelta(days=400)
    assert draft_of(judge(mail(date=ahead), received=ahead)).happened_at == NOW


def test_a_mail_with_control_characters_can_be_kept():
    draft = draft_of(judge(mail(subject="a\x00b\r\n c\ud800" + "x" * 5000)))
    assert draft.subject.startswith("a b c\ufffdx")
    assert len(draft.subject) == 1000


# --- Text ---


def test_the_text_completes_the_decision_once():
    full = replace(
        mail(),
        body=Body("Bonjour\x00\n> quoted", quoted_from=9),
        attachments=(Attachment("devis.pdf", "application/pdf", 1234),),
        invites=EventRef("u1", method="REQUEST"),
    )
    decision = decide.text(judge(mail()), full)
    draft = draft_of(decision)
    assert (draft.comment, draft.quoted_from) == ("Bonjour \n> quoted", 9)
    assert draft.attachments == ("devis.pdf (application/pdf, 1234 B)",)
    assert draft.kind is MailKind.INVITATION
    assert not decision.wants_text


def test_text_that_nobody_asked_for_changes_nothing():
    decision = judge(mail(), level=Level.SUBJECT)
    assert decide.text(decision, replace(mail(), body=Body("secret"))) == decision


# --- Properties ---

PEOPLE = (
    "sylvie@acme.fr",
    "new@acme.fr",
    "jean@vendome.example",
    "conseil@cabinet.example",
    "stranger@gmail.com",
    "other@unknown.example",
    "nadia@maison.fr",
    "marc@maison.fr",
    "doctor@acme.fr",
)
some = st.lists(st.sampled_from(PEOPLE), max_size=4).map(lambda found: to(*found))
messages = st.builds(
    mail,
    from_=st.sampled_from(PEOPLE),
    to_=st.lists(st.sampled_from(PEOPLE), max_size=4).map(tuple),
    cc=some,
    bcc=some,
    sender=some,
    reply_to=some,
)
roles = st.sampled_from([FolderRole.INBOX, FolderRole.SENT, FolderRole.ARCHIVE])


@given(messages, roles, st.integers())
def test_the_order_of_participants_decides_nothing(message, role, seed):
    shuffled = replace(
        message,
        **{
            name: tuple(
                random.Random(seed).sample(getattr(message, name), len(getattr(message, name)))
            )
            for name in ("to", "cc", "bcc")
        },
    )
    assert judge(shuffled, role) == judge(message, role)


@given(messages, roles)
def test_a_trace_names_nobody(message, role):
    decision = judge(message, role)
    told = repr(decision.trace) + repr([e for e in decision.effects if isinstance(e, AskPerson)])
    assert "@" not in told
    assert "stranger@gmail" not in repr(decision.effects)
