"""Matching: to which third party a participant belongs (spec §4)."""

from rules import identity, match
from rules.model.decisions import Ambiguous, By, Match, Nobody
from rules.model.people import Address
from rules.model.sightings import Answer, Attendee
from tests.rules.house import (
    ACME,
    ACME_LYON,
    CABINET_A,
    CABINET_B,
    DIRECTORY,
    GONE,
    JEAN,
    SYLVIE,
    TWIN,
    VENDOME,
    in_calendar,
    mail,
    meeting,
    seen,
    to,
)


def of(email, thread=()):
    return match.match(DIRECTORY, Address(email), thread)


def test_a_contact_is_known_by_address_in_any_case():
    assert of("SYLVIE@ACME.FR") == Match(ACME, SYLVIE, By.ADDRESS)


def test_a_plus_tag_is_the_same_person():
    assert of("sylvie+devis@acme.fr") == Match(ACME, SYLVIE, By.ADDRESS)


def test_a_colleague_of_a_contact_is_known_by_domain():
    assert of("new@acme.fr") == Match(ACME, None, By.DOMAIN)


def test_the_domain_is_sought_upwards_and_the_nearest_wins():
    assert of("x@mail.acme.fr") == Match(ACME, None, By.DOMAIN)
    assert of("x@mail.lyon.acme.fr") == Match(ACME_LYON, None, By.DOMAIN)


def test_an_international_domain_in_either_form():
    assert of("x@Société-Vendôme.fr") == Match(VENDOME, None, By.DOMAIN)
    assert of("x@xn--socit-vendme-eebb4o.fr") == Match(VENDOME, None, By.DOMAIN)


def test_a_free_mail_domain_says_nothing_but_its_addresses_do():
    assert of("somebody@orange.fr") == Nobody()
    assert of("somebody@mail.orange.fr") == Nobody()
    assert of("jean.dupont@orange.fr") == Match(VENDOME, JEAN, By.ADDRESS)


def test_a_person_decides_whose_an_address_is():
    shared, twin = identity.key("Conseil@cabinet.example"), identity.key("x@twins.example")
    decided = match.index(
        7,
        DIRECTORY.users.values(),
        DIRECTORY.third_parties.values(),
        DIRECTORY.contacts.values(),
        ["maison.fr"],
        whose={shared: VENDOME, twin: TWIN, identity.key("new@acme.fr"): GONE},
    )

    def now(email):
        return match.match(decided, Address(email))

    assert now("conseil+1@cabinet.example") == Match(VENDOME, CABINET_B, By.ADDRESS)
    assert now("x@twins.example") == Match(TWIN, None, By.ADDRESS)
    assert isinstance(now("y@twins.example"), Ambiguous)
    # Of one who is not active any more nothing is decided.
    assert now("new@acme.fr") == Match(ACME, None, By.DOMAIN)


def test_two_third_parties_with_one_address_are_not_guessed():
    shared = of("conseil@cabinet.example")
    assert shared == Ambiguous((ACME, VENDOME), (CABINET_A, CABINET_B), By.ADDRESS)


def test_two_third_parties_with_one_domain_are_not_guessed():
    assert of("x@twins.example") == Ambiguous((TWIN, TWIN + 1), (), By.DOMAIN)


def test_an_address_that_two_contacts_share_tells_the_third_party_only():
    assert of("desk@acme.fr") == Match(ACME, None, By.ADDRESS)


def test_staff_are_nobody_also_at_their_free_mail_address_and_after_they_left():
    assert of("marc@maison.fr") == Nobody()
    assert of("unknown@srv.maison.fr") == Nobody()
    assert of("Nadia.Kaci@gmail.com") == Nobody()
    assert of("zoe@elsewhere.example") == Nobody()


def test_inactive_contacts_and_third_parties_do_not_match():
    assert of("x@gone.example") == Nobody()
    assert of("left@vendome.example") == Match(VENDOME, None, By.DOMAIN)


def test_a_stranger_in_a_thread_belongs_to_its_third_party():
    assert of("stranger@gmail.com", (ACME,)) == Match(ACME, None, By.THREAD)


def test_the_thread_is_stronger_than_the_domain_and_weaker_than_the_address():
    assert of("new@acme.fr", (VENDOME,)) == Match(VENDOME, None, By.THREAD)
    assert of("sylvie@acme.fr", (VENDOME,)) == Match(ACME, SYLVIE, By.ADDRESS)


def test_of_a_thread_with_two_third_parties_the_domain_tells_which():
    assert of("new@acme.fr", (ACME, VENDOME)) == Match(ACME, None, By.THREAD)
    assert of("stranger@gmail.com", (VENDOME, ACME)) == Ambiguous((ACME, VENDOME), (), By.THREAD)


def test_a_domain_of_a_megabyte_is_nobody_and_takes_no_time():
    assert of("x@" + "a." * 500_000 + "fr") == Nobody()


def test_a_mail_to_two_customers_has_two_third_parties():
    sighting = seen(mail("nadia@maison.fr", ("sylvie@acme.fr", "jean@vendome.example")))
    assert set(match.parties(DIRECTORY, sighting)) == {
        Match(ACME, SYLVIE, By.ADDRESS),
        Match(VENDOME, JEAN, By.ADDRESS),
    }


def test_a_tie_for_one_participant_leaves_the_others_matched():
    sighting = seen(mail("sylvie@acme.fr", ("nadia@maison.fr", "conseil@cabinet.example")))
    found = match.parties(DIRECTORY, sighting)
    assert Match(ACME, SYLVIE, By.ADDRESS) in found
    assert any(isinstance(f, Ambiguous) for f in found)


def test_the_thread_counts_only_where_nobody_matched_by_address():
    sighting = seen(mail("sylvie@acme.fr", ("nadia@maison.fr", "stranger@gmail.com")))
    found = match.parties(DIRECTORY, sighting, (VENDOME,))
    assert sorted(found, key=str) == [Match(ACME, SYLVIE, By.ADDRESS), Nobody()]


def test_everybody_in_the_headers_takes_part_once():
    message = mail(
        "a@x.fr",
        ("b@x.fr", "A@X.FR"),
        sender=to("c@x.fr"),
        reply_to=to("d@x.fr"),
        cc=to("e@x.fr"),
        bcc=to("f@x.fr"),
    )
    assert [a.email for a in match.participants(message)] == [
        "a@x.fr",
        "c@x.fr",
        "d@x.fr",
        "b@x.fr",
        "e@x.fr",
        "f@x.fr",
    ]


def test_a_guest_who_declined_does_not_take_part():
    declined = Attendee(Address("sylvie@acme.fr"), Answer.DECLINED)
    event = meeting("jean@vendome.example")
    event = meeting(attendees=(*event.attendees, declined))
    assert match.parties(DIRECTORY, in_calendar(event)) == (Match(VENDOME, JEAN, By.ADDRESS),)


def test_a_domain_of_our_own_or_of_a_provider_is_never_a_third_partys():
    parties = [p for p in DIRECTORY.third_parties.values() if p.id == VENDOME]
    directory = match.index(1, [], parties, [], ["vendome.example"])
    assert set(directory.parties_by_domain) == {"xn--socit-vendme-eebb4o.fr"}
