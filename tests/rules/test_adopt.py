"""Adopt: which of a person's calendar objects are follow-ups, and about whom."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rules import adopt
from rules.identity import follow_up_uid
from rules.model.decisions import Ambiguous, AskPerson, By, Decision, Match, Nobody, Reason, Verdict
from rules.model.exchanges import LinkedElement
from rules.model.facts import NOWHERE
from rules.model.followups import Assignee, FollowUpDraft, Origin, Reminder, State
from rules.model.people import Address, Level
from rules.model.sightings import Alarm, Answer, Attendee, Component, When
from tests.rules.house import (
    ACME,
    ACME_LYON,
    DIRECTORY,
    JEAN,
    MARC,
    NADIA,
    NOW,
    RULES,
    SYLVIE,
    VENDOME,
    in_calendar,
    meeting,
)

AHEAD = When(NOW + timedelta(days=3), zone="Europe/Paris")


def relance(summary="Relance Acme", **more):
    return meeting(summary=summary, **({"when": AHEAD} | more))


def sign(event, **calendar):
    return adopt.sign(RULES, DIRECTORY, in_calendar(event, **calendar), NOWHERE, NOW)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Relance Acme", "title prefix"),
        ("RELANCE : Acme", "title prefix"),
        ("[Relance] Acme", "title prefix"),
        ("Follow-up Acme", "title prefix"),
        ("follow up with Acme", "title prefix"),
        ("Followup Acme", "title prefix"),
        ("#relance Acme", "title prefix"),
        ("Acme #Relance", "title tag"),
        ("Acme EXC-12", "reference"),
        ("Devis pr2303-0107", "reference"),
        ("Appel Acme EXC-12", None),
        ("Relancement du serveur", None),
        ("Parler de la relance", None),
        ("Acme", None),
        ("", None),
    ],
)
def test_signs_in_the_title(title, expected):
    assert sign(meeting(summary=title)) == expected


def test_signs_elsewhere():
    assert sign(meeting(categories=("Perso", "RELANCE"))) == "category"
    assert sign(meeting(), dedicated=True) == "dedicated calendar"
    assert sign(meeting(follow_up_key="k")) == "suivi's own mark"


def test_a_meeting_that_the_customer_called_is_never_a_follow_up_of_ours():
    theirs = meeting("nadia@maison.fr", summary="Follow-up", organizer=Address("sylvie@acme.fr"))
    assert sign(theirs) is None


def test_a_meeting_with_guests_that_quotes_a_reference_is_a_meeting():
    assert sign(meeting("sylvie@acme.fr", summary="Réunion PR2303-0107")) is None
    assert sign(meeting("marc@maison.fr", summary="Voir PR2303-0107")) == "reference"


def about(event, by_reference=None):
    return adopt.third_party(DIRECTORY, event, by_reference)


@pytest.mark.parametrize(
    ("title", "party", "contact"),
    [
        ("Relance Acme", ACME, None),
        ("relance ACME, devis", ACME, None),
        ("Relance Acme Lyon", ACME_LYON, None),
        ("Relance Vendome", VENDOME, None),
        ("Relance sas vendôme", VENDOME, None),
        ("Relance Etablissements Nation", VENDOME, None),
        ("Relance CU1804-0001", ACME, None),
        ("Relance Sylvie Toleri", ACME, SYLVIE),
        ("Relance TOLERI Sylvie (Acme)", ACME, SYLVIE),
        ("Rappeler Jean Dupont", VENDOME, JEAN),
    ],
)
def test_named_in_the_title(title, party, contact):
    assert about(relance(title)) == Match(party, contact, By.NAME)


@pytest.mark.parametrize(
    "title", ["Relance", "Relance Acmee", "Relance Sylvie", "Relance Gone", "Relance nation"]
)
def test_nobody_is_named(title):
    assert about(relance(title)) == Nobody()


def test_two_third_parties_in_one_title_are_not_guessed():
    found = about(relance("Relance Acme et Vendôme"))
    assert found == Ambiguous((ACME, VENDOME), (), By.NAME)


def test_a_contact_of_another_third_party_than_the_one_named_is_not_guessed():
    assert isinstance(about(relance("Relance Acme Jean Dupont")), Ambiguous)


def guests(*emails):
    return tuple(Attendee(Address(e), Answer.ACCEPTED) for e in emails)


def test_a_guests_address_is_stronger_than_a_reference_and_that_than_a_domain_or_a_name():
    known = {"EXC-12": VENDOME}
    event = relance("Relance Acme Lyon exc-12", attendees=guests("sylvie@acme.fr"))
    assert about(event, known) == Match(ACME, SYLVIE, By.ADDRESS)
    event = replace(event, attendees=guests("new@acme.fr"))
    assert about(event, known) == Match(VENDOME, None, By.REFERENCE)
    assert about(event, {}) == Match(ACME, None, By.DOMAIN)
    assert about(replace(event, attendees=())) == Match(ACME_LYON, None, By.NAME)


def test_two_references_to_different_third_parties_are_not_guessed():
    event = relance("Relance EXC-12 PR2303-0107")
    found = about(event, {"EXC-12": ACME, "PR2303-0107": VENDOME})
    assert found == Ambiguous((ACME, VENDOME), (), By.REFERENCE)
    assert about(event, {"EXC-12": ACME, "PR2303-0107": ACME}) == Match(ACME, None, By.REFERENCE)


def test_references_of_title_and_notes_once_each():
    event = relance("exc-12 PR2303-0107", description="EXC-12, FA2211-0059, XPR2303-01075555555")
    assert adopt.references(event) == ("EXC-12", "PR2303-0107", "FA2211-0059")


def taken(event, live_since=NOW - timedelta(days=30), by_reference=None, **calendar):
    sighting = in_calendar(event, **calendar)
    return adopt.adopt(RULES, DIRECTORY, sighting, NOW, live_since, by_reference)


def test_a_relance_typed_on_a_phone_becomes_a_follow_up():
    event = relance("Relance Sylvie Toleri PR2303-0107", description="couleur", location="Nancy")
    assert taken(event) == FollowUpDraft(
        key="meeting-1",
        title="Relance Sylvie Toleri PR2303-0107",
        when=AHEAD,
        assignees=(Assignee(NADIA, owner=True),),
        third_party=ACME,
        contact=SYLVIE,
        creator=NADIA,
        entity=1,
        description="couleur",
        place="Nancy",
        reminders=(Reminder(),),
        element=LinkedElement("quote", "PR2303-0107"),
        origin=Origin.PERSON,
        uid="meeting-1",
    )


def test_occurrences_are_follow_ups_of_their_own():
    draft = taken(relance(recurrence_id="20261127T080000Z"))
    assert (draft.key, draft.uid) == ("meeting-1/20261127T080000Z", "meeting-1")


def adopted_by(event, *, restored):
    sighting = in_calendar(event, owner=NADIA)
    return adopt.adopt(RULES, DIRECTORY, sighting, NOW, None, restored=restored)


def test_after_a_restore_what_suivi_had_written_is_taken_back_and_nothing_else():
    lost = relance(follow_up_key="k", uid=follow_up_uid("k"))
    draft = adopted_by(lost, restored=True)
    assert (draft.key, draft.uid, draft.origin) == ("k", lost.uid, Origin.SUIVI)
    theirs = relance(follow_up_key="theirs", uid="theirs")
    assert adopted_by(theirs, restored=True).origin is Origin.PERSON
    assert adopted_by(lost, restored=False).reason is Reason.FOLLOW_UP
    copied = relance(follow_up_key="k", uid="a copy's")
    sent_to_us = replace(lost, organizer=Address("sylvie@acme.fr"))
    for other in (copied, sent_to_us):
        assert adopted_by(other, restored=True).reason is Reason.FOLLOW_UP


def test_colleagues_among_the_guests_are_assigned_too_customers_never():
    draft = taken(relance(attendees=guests("marc@maison.fr", "sylvie@acme.fr")))
    assert draft.assignees == (Assignee(NADIA, owner=True), Assignee(MARC))


def test_in_a_shared_calendar_its_organizer_owns_it():
    draft = taken(relance(organizer=Address("marc@maison.fr")), owner=None)
    assert (draft.assignees, draft.creator) == ((Assignee(MARC, owner=True),), MARC)


def test_email_alarms_are_its_reminders():
    alarms = (Alarm("EMAIL", timedelta(days=1)), Alarm("DISPLAY", timedelta(minutes=5)))
    assert taken(relance(alarms=alarms)).reminders == (Reminder(timedelta(days=1)),)


def test_a_task_and_its_progress():
    task = relance(component=Component.VTODO, percent=40)
    assert (taken(task).component, taken(task).percent) == (Component.VTODO, 40)
    assert taken(replace(task, percent=100)).state is State.DONE


LEFT_ALONE = [
    (relance("Relance maman"), {}, Verdict.IGNORE, Reason.NO_THIRD_PARTY),
    (relance("Relance Acme et Vendôme"), {}, Verdict.WAIT, Reason.AMBIGUOUS),
    (relance(class_="PRIVATE"), {}, Verdict.IGNORE, Reason.PRIVATE),
    (relance(status="CANCELLED"), {}, Verdict.IGNORE, Reason.CANCELLED),
    (relance(recurs=True), {}, Verdict.IGNORE, Reason.SERIES),
    (relance(when=None), {}, Verdict.IGNORE, Reason.NO_TIME),
    (relance(follow_up_key="k"), {}, Verdict.IGNORE, Reason.FOLLOW_UP),
    (relance(), {"name": "Perso"}, Verdict.IGNORE, Reason.KEPT_OUT),
    (relance(), {"level": Level.NOTHING}, Verdict.IGNORE, Reason.VETOED),
    (relance("Relance Doctor Acme"), {}, Verdict.IGNORE, Reason.VETOED),
    (
        relance(when=When(NOW - timedelta(days=60))),
        {},
        Verdict.IGNORE,
        Reason.TOO_OLD,
    ),
]


@pytest.mark.parametrize(("event", "calendar", "verdict", "reason"), LEFT_ALONE)
def test_what_is_left_alone_and_why(event, calendar, verdict, reason):
    decision = taken(event, **calendar)
    assert isinstance(decision, Decision)
    assert (decision.verdict, decision.reason) == (verdict, reason)
    asks = [e for e in decision.effects if isinstance(e, AskPerson)]
    assert bool(asks) is (reason is Reason.AMBIGUOUS)


def test_before_the_release_it_is_shown_what_would_be_adopted():
    old = relance(when=When(NOW - timedelta(days=60)))
    assert isinstance(taken(old, live_since=None), FollowUpDraft)


def test_a_title_of_a_megabyte_takes_no_time():
    huge = relance("Relance " + "PR2303-" * 150_000, description="EXC" * 300_000)
    assert taken(huge).reason is Reason.NO_THIRD_PARTY
