"""Identity: what makes two addresses, messages, events, reminders the same one."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import identity
from rules.model.exchanges import KeyKind
from rules.model.followups import Due, FollowUpId
from rules.model.people import UserId
from tests.rules.house import NOW, mail, meeting, to

KEYS = {
    "Jean.Dupont@Acme.FR": "jean.dupont@acme.fr",
    " jean@acme.fr ": "jean@acme.fr",
    "jean+devis@acme.fr": "jean@acme.fr",
    "+odd@acme.fr": "+odd@acme.fr",
    "jean@acme.fr.": "jean@acme.fr",
    "JEAN@Société.fr": "jean@xn--socit-esab.fr",
    "jean@xn--SOCIT-esab.fr": "jean@xn--socit-esab.fr",
    "ÉLODIE@acme.fr": "élodie@acme.fr",
    "no-at-sign": "no-at-sign",
    "two@at@acme.fr": "two@at@acme.fr",
    "": "",
}


@pytest.mark.parametrize(("written", "key"), KEYS.items())
def test_an_address_key(written, key):
    assert identity.key(written) == key


def test_dots_in_the_local_part_count():
    assert identity.key("j.d@gmail.com") != identity.key("jd@gmail.com")


# Real addresses, beside everything else that a header may hold.
emails = st.one_of(
    st.emails(), st.text(max_size=60), st.builds("{}@{}".format, st.text(), st.text())
)


@given(emails)
def test_a_key_is_its_own_key(email):
    assert identity.key(identity.key(email)) == identity.key(email)


@given(emails)
def test_letter_case_and_blanks_never_make_another_key(email):
    if email.isascii():
        assert identity.key(f" {email.upper()} ") == identity.key(email.lower())


def test_the_domain_of_a_key():
    assert identity.domain(identity.key("a@B.fr")) == "b.fr"
    assert identity.domain(identity.key("nothing")) == ""


@pytest.mark.parametrize("written", ["a@B.c", "<a@b.C>", " <a@b.c>\r\n", "<a\r\n @b.c>"])
def test_a_message_id_with_or_without_brackets_and_folding(written):
    assert identity.normal_id(written) == "a@b.c"


def test_the_left_side_of_a_message_id_keeps_its_case():
    assert identity.normal_id("AbC@x.y") != identity.normal_id("abc@x.y")


def test_a_message_id_of_a_megabyte_makes_a_short_key():
    assert len(identity.message_key(mail(message_id="x" * 1_000_000)).key) < 100


def test_copies_of_one_message_have_one_key():
    sent = mail(subject="Devis  n° 4", size=900)
    paris = timezone(timedelta(hours=1))
    received = replace(
        sent,
        message_id="<one@ACME.fr>",
        subject="[EXTERNAL] Devis n° 4",
        date=sent.date.astimezone(paris),
        from_=to("SYLVIE@acme.fr"),
        size=2400,
    )
    assert identity.message_key(sent) == identity.message_key(received)


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "Facture"},
        {"from_": "mallory@acme.fr"},
        {"date": NOW},
        {"to": to("marc@maison.fr")},
        {"cc": to("marc@maison.fr")},
    ],
)
def test_two_messages_with_one_forged_message_id_are_two(other):
    assert identity.message_key(mail()) != identity.message_key(mail(**other))


def test_the_order_of_recipients_is_no_difference():
    one = mail(to_=("a@x.fr", "b@x.fr"))
    assert identity.message_key(one) == identity.message_key(mail(to_=("b@x.fr", "a@x.fr")))


def test_without_a_message_id_the_size_tells_messages_apart():
    one = mail(message_id=None, size=100)
    assert identity.message_key(one) == identity.message_key(mail(message_id="", size=100))
    assert identity.message_key(one) != identity.message_key(mail(message_id=None, size=101))


def test_a_date_at_the_end_of_the_calendar_makes_a_key():
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    assert identity.message_key(mail(date=first)).kind is KeyKind.MESSAGE


def test_occurrences_of_a_series_are_told_apart():
    first = meeting(recurrence_id="20261123T090000Z")
    assert identity.occurrence_key(first) != identity.occurrence_key(
        replace(first, recurrence_id="20261130T090000Z")
    )


def test_an_emailid_is_unique_on_its_host_only():
    assert identity.emailid_key("account:1", "M1") != identity.emailid_key("account:2", "M1")


def test_a_digest_depends_on_the_secret():
    assert identity.digest(b"one", "a@b.c") != identity.digest(b"two", "a@b.c")
    assert len(identity.digest(b"one", "\ud800")) == 64


def test_a_follow_up_keeps_its_uid():
    assert identity.follow_up_uid("k") == identity.follow_up_uid("k")
    assert identity.follow_up_uid("k") != identity.follow_up_uid("l")


def test_a_reminder_keeps_its_message_id_until_it_is_another_reminder():
    due = Due(FollowUpId(1), "", timedelta(hours=1), UserId(1), 1, NOW)
    same = replace(due, at=NOW + timedelta(days=1), template="other")
    assert identity.reminder_id(due, "x.fr") == identity.reminder_id(same, "x.fr")
    others = (
        replace(due, follow_up=FollowUpId(2)),
        replace(due, occurrence="2"),
        replace(due, before=timedelta(hours=2)),
        replace(due, recipient=UserId(2)),
        replace(due, schedule_version=2),
    )
    ids = {identity.reminder_id(d, "x.fr") for d in (due, *others)}
    assert len(ids) == 6
