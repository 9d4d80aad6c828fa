"""Direction: the truth table, written out once more by hand, and what leads into it."""

import itertools

import pytest

from rules import direction
from rules.direction import Way, Who
from rules.model.exchanges import Direction
from rules.model.people import Address
from rules.model.sightings import FolderRole
from tests.rules.house import DIRECTORY, NADIA, in_calendar, mail, meeting, seen, to

# Sender or else Reply-To is: own, alias, internal, known, stranger, none;
# first in a folder marked \Sent, then elsewhere.
EXPECTED = """
own       we  we  we  we we we    we we we we we we
alias     we  we  we  we we we    we we we we we we
internal  we  we  we  we we we    we we we we we we
known     out out out in in in    in in in in in in
stranger  out out out in in out   in in in in in in
none      we  we  we  in in we    we we we in in in
"""
WHO = (Who.OWN, Who.ALIAS, Who.INTERNAL, Who.KNOWN, Who.STRANGER, Who.NONE)
WAYS = {"we": Way.WE_WROTE, "out": Way.OUT, "in": Way.IN}
CELLS = [
    (from_, second, in_sent, WAYS[cell])
    for from_, line in zip(WHO, EXPECTED.strip().splitlines(), strict=True)
    for (in_sent, second), cell in zip(
        itertools.product((True, False), WHO), line.split()[1:], strict=True
    )
]


@pytest.mark.parametrize(("from_", "second", "in_sent", "way"), CELLS)
def test_truth_table(from_, second, in_sent, way):
    assert direction.look_up(from_, second, in_sent) is way


def test_every_cell_is_written_down():
    assert len(CELLS) == len(Who) * len(Who) * 2
    assert set(WHO) == set(Who)


ADDRESSES = {
    Who.OWN: "Nadia+x@maison.fr",
    Who.ALIAS: "nadia.kaci@gmail.com",
    Who.INTERNAL: "marc@maison.fr",
    Who.KNOWN: "new@acme.fr",
    Who.STRANGER: "stranger@gmail.com",
}


@pytest.mark.parametrize(("who", "email"), ADDRESSES.items())
def test_whose_address_it_is(who, email):
    assert direction.who(DIRECTORY, NADIA, Address(email)) is who


def test_in_a_shared_mailbox_all_staff_are_internal():
    assert direction.who(DIRECTORY, None, Address("nadia@maison.fr")) is Who.INTERNAL


def way(message, role=FolderRole.INBOX, owner=NADIA):
    return direction.direction(DIRECTORY, seen(message, role, owner=owner))[0]


def test_a_customer_writes():
    assert way(mail("sylvie@acme.fr")) is Direction.INBOUND


@pytest.mark.parametrize(
    "from_", ["nadia@maison.fr", "nadia.kaci@gmail.com", "marc@maison.fr", "info@maison.fr"]
)
@pytest.mark.parametrize("role", [FolderRole.SENT, FolderRole.INBOX, FolderRole.ALL])
def test_anybody_of_staff_writes_to_a_customer_from_any_address_seen_in_any_folder(from_, role):
    assert way(mail(from_, "sylvie@acme.fr"), role) is Direction.OUTBOUND


def test_an_answer_from_a_shared_mailbox():
    message = mail("info@maison.fr", "sylvie@acme.fr", sender=to("marc@maison.fr"))
    assert way(message, FolderRole.SENT, owner=None) is Direction.OUTBOUND


def test_mail_among_colleagues_is_no_exchange():
    assert way(mail("marc@maison.fr")) is None
    assert way(mail("marc@maison.fr", "nadia.kaci@gmail.com")) is None


def test_mail_to_oneself_is_no_exchange():
    assert way(mail("nadia@maison.fr"), FolderRole.SENT) is None


def test_a_customer_in_bcc_only_is_addressed():
    message = mail("nadia@maison.fr", (), bcc=to("sylvie@acme.fr"))
    assert way(message, FolderRole.SENT) is Direction.OUTBOUND


def test_a_mail_that_reached_us_by_bcc_is_inbound():
    assert way(mail("sylvie@acme.fr", ())) is Direction.INBOUND
    assert way(mail("sylvie@acme.fr", "undisclosed-recipients:;")) is Direction.INBOUND


def test_a_delegate_writes_for_a_colleague():
    message = mail("marc@maison.fr", "sylvie@acme.fr", sender=to("nadia@maison.fr"))
    assert way(message, FolderRole.SENT) is Direction.OUTBOUND


def test_a_delegate_at_the_customers_is_still_the_customer():
    message = mail("sylvie@acme.fr", sender=to("assistant@acme.fr"))
    assert way(message) is Direction.INBOUND


def test_a_list_of_ours_that_hands_a_customers_mail_on_does_not_make_it_ours():
    message = mail("sylvie@acme.fr", sender=to("liste-bounces@maison.fr"))
    assert way(message) is Direction.INBOUND


def test_reply_to_alone_decides_nothing():
    # A form on our website: From and To are ours, the visitor stands in Reply-To.
    assert way(mail("info@maison.fr", reply_to=to("sylvie@acme.fr"))) is None
    assert way(mail("sylvie@acme.fr", reply_to=to("nadia@maison.fr"))) is Direction.INBOUND


def test_an_alias_that_nobody_declared_is_told_by_the_sent_folder():
    message = mail("n.k@undeclared.example", "sylvie@acme.fr")
    assert way(message, FolderRole.SENT) is Direction.OUTBOUND
    assert way(message, FolderRole.INBOX) is Direction.INBOUND


def test_a_customers_mail_moved_to_sent_is_still_theirs():
    assert way(mail("sylvie@acme.fr"), FolderRole.SENT) is Direction.INBOUND


def test_a_folder_called_sent_is_not_the_sent_folder():
    sighting = seen(mail("n.k@undeclared.example", "sylvie@acme.fr"), FolderRole.OTHER, name="Sent")
    assert direction.direction(DIRECTORY, sighting)[0] is Direction.INBOUND


def test_without_a_from_the_folder_is_all_there_is():
    message = mail("", "sylvie@acme.fr")
    assert way(message, FolderRole.SENT) is Direction.OUTBOUND
    assert way(message, FolderRole.INBOX) is Direction.INBOUND


def test_evidence_names_no_address():
    step = direction.direction(DIRECTORY, seen(mail("stranger@gmail.com")))[1]
    assert "@" not in step.evidence
    assert "stranger" in step.evidence


@pytest.mark.parametrize(
    ("organizer", "expected"),
    [
        ("nadia@maison.fr", Direction.OUTBOUND),
        ("sylvie@acme.fr", Direction.INBOUND),
        ("stranger@gmail.com", Direction.INBOUND),
        (None, Direction.OUTBOUND),
    ],
)
def test_a_meeting_goes_the_way_of_its_organizer(organizer, expected):
    event = meeting("sylvie@acme.fr", organizer=Address(organizer) if organizer else None)
    assert direction.direction(DIRECTORY, in_calendar(event))[0] is expected
