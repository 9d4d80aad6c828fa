"""Suggestions: the outside domains and people that staff write with most."""

from rules.suggest import registered, tally
from tests.rules.house import DIRECTORY, mail, to

SUFFIXES = {"com", "example", "fr", "uk", "co.uk"}


def suggested(*messages, limit=50):
    return tally(messages, DIRECTORY, SUFFIXES.__contains__, limit)


def wrote(*emails):
    return mail("nadia@maison.fr", emails)


def test_what_staff_wrote_counts_before_what_they_received():
    found = suggested(
        wrote("a@new.example"),
        wrote("a@new.example", "b@mail.new.example"),
        *(mail("x@loud.example") for _ in range(9)),
    )
    assert [(d.domain, d.written, d.received) for d in found.domains] == [
        ("new.example", 3, 0),
        ("loud.example", 0, 9),
    ]
    assert [p.address for p in found.domains[0].people] == ["a@new.example", "b@mail.new.example"]


def test_people_at_a_free_mail_provider_stand_alone():
    found = suggested(wrote("somebody@orange.fr"), mail("somebody@orange.fr"))
    assert found.domains == ()
    assert [(p.address, p.written, p.received) for p in found.people] == [
        ("somebody@orange.fr", 1, 1)
    ]


def test_staff_known_third_parties_machines_and_newsletters_are_not_suggested():
    found = suggested(
        wrote("marc@maison.fr", "new@acme.fr", "noreply@shop.example", "undisclosed:;"),
        mail("news@shop.example", headers={"list-unsubscribe": "<x>"}),
        mail("away@else.example", headers={"auto-submitted": "auto-replied"}),
    )
    assert found.domains == ()
    assert found.people == ()


def test_one_message_counts_an_address_once():
    found = suggested(
        mail("nadia@maison.fr", ("a@new.example", "A@new.example"), cc=to("a@new.example"))
    )
    assert found.domains[0].written == 1


def test_the_list_is_cut_after_the_best():
    found = suggested(
        wrote("a@one.example"), wrote("a@one.example"), wrote("a@two.example"), limit=1
    )
    assert [d.domain for d in found.domains] == ["one.example"]


def test_the_registered_domain():
    assert registered("a.b.acme.co.uk", SUFFIXES.__contains__) == "acme.co.uk"
    assert registered("acme.fr", SUFFIXES.__contains__) == "acme.fr"
    assert registered("localhost", SUFFIXES.__contains__) == "localhost"
