"""Meetings and calls: which of them are exchanges, and how they were had."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rules import decide, drafting
from rules.model.decisions import Reason, RecordExchange, Verdict
from rules.model.exchanges import Direction, KeyKind, Source
from rules.model.people import Address, Level
from rules.model.sightings import Answer, Attendee, Component, EventRef, Message, When
from tests.rules.house import (
    ACME,
    DIRECTORY,
    MARC,
    NADIA,
    NOW,
    RULES,
    SYLVIE,
    VENDOME,
    draft_of,
    in_calendar,
    meeting,
)


def look(event, veto=Level.EVERYTHING, **calendar):
    return decide.event(RULES, DIRECTORY, in_calendar(event, **calendar), NOW, veto)


def test_a_meeting_that_took_place_is_an_exchange():
    event = meeting("sylvie@acme.fr", "marc@maison.fr", description="Ordre du jour")
    draft = draft_of(look(event))
    assert (draft.source, draft.mode, draft.direction) == (
        Source.CALENDAR,
        "meeting",
        Direction.OUTBOUND,
    )
    assert (draft.third_parties, draft.contacts) == ((ACME,), (SYLVIE,))
    assert (draft.author, draft.collaborators) == (NADIA, (MARC,))
    assert (draft.subject, draft.comment) == ("Réunion", "Ordre du jour")
    assert draft.happened_at == event.when.start
    assert draft.keys[0].kind is KeyKind.OCCURRENCE


def test_the_invitation_by_mail_and_the_meeting_are_of_one_thread():
    event = replace(meeting("sylvie@acme.fr"), uid="ABC@Google.com")
    invitation = Message(invites=EventRef("abc@google.com", method="REQUEST"))
    told = drafting.text_of(draft_of(look(event)), invitation)
    assert told["parents"][-1] in draft_of(look(event)).parents


def test_a_uid_is_known_in_whatever_letter_case():
    keys = [
        set(draft_of(look(replace(meeting("sylvie@acme.fr"), uid=uid))).keys)
        for uid in ("ABC@x", "abc@X", "abc@x")
    ]
    assert keys[0] & keys[1] & keys[2]


def test_a_meeting_that_the_customer_called_is_inbound():
    draft = draft_of(look(meeting("nadia@maison.fr", organizer=Address("sylvie@acme.fr"))))
    assert (draft.direction, draft.author) == (Direction.INBOUND, NADIA)


def guest(email, answer):
    return Attendee(Address(email), answer)


AHEAD = When(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=1))
NOT_RECORDED = [
    ({"class_": "PRIVATE"}, Verdict.IGNORE, Reason.PRIVATE),
    ({"class_": "CONFIDENTIAL"}, Verdict.IGNORE, Reason.PRIVATE),
    ({"class_": "X-UNHEARD-OF"}, Verdict.IGNORE, Reason.PRIVATE),
    ({"free_busy_only": True}, Verdict.IGNORE, Reason.FREE_BUSY),
    ({"summary": "[privé] médecin"}, Verdict.IGNORE, Reason.KEPT_OUT),
    ({"status": "CANCELLED"}, Verdict.IGNORE, Reason.CANCELLED),
    (
        {
            "attendees": (
                guest("sylvie@acme.fr", Answer.ACCEPTED),
                guest("n.kaci@maison.fr", Answer.DECLINED),
            )
        },
        Verdict.IGNORE,
        Reason.DECLINED,
    ),
    ({"recurs": True}, Verdict.IGNORE, Reason.SERIES),
    ({"when": None}, Verdict.IGNORE, Reason.NO_TIME),
    ({"component": Component.VTODO}, Verdict.IGNORE, Reason.NO_TIME),
    ({"summary": "Relance devis"}, Verdict.IGNORE, Reason.FOLLOW_UP),
    ({"when": AHEAD}, Verdict.WAIT, Reason.NOT_YET),
    (
        {"attendees": (guest("sylvie@acme.fr", Answer.DECLINED),)},
        Verdict.IGNORE,
        Reason.INTERNAL,
    ),
    ({"attendees": (guest("marc@maison.fr", Answer.ACCEPTED),)}, Verdict.IGNORE, Reason.INTERNAL),
    (
        {"attendees": (guest("stranger@gmail.com", Answer.ACCEPTED),), "when": AHEAD},
        Verdict.IGNORE,
        Reason.NO_THIRD_PARTY,
    ),
    (
        {"attendees": (guest("conseil@cabinet.example", Answer.ACCEPTED),)},
        Verdict.WAIT,
        Reason.AMBIGUOUS,
    ),
]


@pytest.mark.parametrize(("differs", "verdict", "reason"), NOT_RECORDED)
def test_a_meeting_that_is_no_exchange_and_why(differs, verdict, reason):
    decision = look(replace(meeting("sylvie@acme.fr"), **differs))
    assert (decision.verdict, decision.reason) == (verdict, reason)
    assert not any(isinstance(e, RecordExchange) for e in decision.effects)


def test_a_meeting_that_is_going_on_is_not_over_yet():
    now = When(NOW - timedelta(minutes=10), NOW + timedelta(minutes=10))
    assert look(meeting("sylvie@acme.fr", when=now)).reason is Reason.NOT_YET
    ends = When(NOW - timedelta(minutes=10), NOW)
    assert look(meeting("sylvie@acme.fr", when=ends)).reason is Reason.MATCHED


def test_the_level_hides_a_meetings_text():
    draft = draft_of(look(meeting("sylvie@acme.fr", description="x"), level=Level.SUBJECT))
    assert (draft.subject, draft.comment) == ("Réunion", "")
    assert look(meeting("sylvie@acme.fr"), veto=Level.NOTHING).reason is Reason.VETOED


@pytest.mark.parametrize(
    ("event", "mode"),
    [
        ({"location": "12 rue de Nancy"}, "meeting"),
        ({"location": "https://meet.google.com/abc-defg-hij"}, "video"),
        ({"description": "Join: https://teams.microsoft.com/l/meetup-join/19"}, "video"),
        ({"location": "Réunion Microsoft Teams"}, "video"),
        ({"location": "https://acme.zoom.us/j/123"}, "video"),
        ({"location": "tel:+33383000000"}, "phone"),
        ({"summary": "Appel avec Sylvie"}, "phone"),
        ({"summary": "Quick call"}, "phone"),
        ({"summary": "Recall of products"}, "meeting"),
    ],
)
def test_how_they_met(event, mode):
    assert draft_of(look(meeting("sylvie@acme.fr", **event))).mode == mode


@pytest.mark.parametrize("title", ["Appel Vendôme", "Call SAS Vendome", "appel : Jean DUPONT"])
def test_a_call_in_ones_calendar_is_an_exchange_without_guests(title):
    draft = draft_of(look(meeting(summary=title)))
    assert (draft.mode, draft.third_parties) == ("phone", (VENDOME,))
    assert draft.direction is Direction.OUTBOUND


def test_a_call_that_names_nobody_we_know_is_left_alone():
    assert look(meeting(summary="Appel maman")).reason is Reason.NO_THIRD_PARTY


def test_other_titles_name_nobody():
    assert look(meeting(summary="Préparer Vendôme")).reason is Reason.NO_THIRD_PARTY
