"""What a reminder says, made by the assembled suivi: it repeats nothing, and is late only when it
could have come earlier."""

import email
import email.policy
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from daemon.clock import now
from daemon.reminders.plan import plan
from daemon.store import exchanges, follow_ups, installation, people
from rules import identity
from rules.model.exchanges import Direction, Draft, ExchangeKey, KeyKind, Source
from rules.model.followups import Assignee, FollowUp, FollowUpDraft, Reminder
from rules.model.people import Level
from rules.model.sightings import When
from tests.flows.house import House
from tests.flows.inside import Inside, furnish, inside


def opened(suivi: Inside, title: str, start: datetime, *, for_: str, at: datetime) -> FollowUp:
    with suivi.parts.store.write() as tx:
        tx.exec_driver_sql("UPDATE installation SET live_since = '2020-01-01 00:00:00.000000'")
        (party,) = people.find_third_party(tx, "CU-1")
        draft = FollowUpDraft(
            key=title,
            title=title,
            when=When(start, zone="Europe/Paris"),
            assignees=(Assignee(suivi.user(for_).id, owner=True),),
            third_party=party.id,
            reminders=(Reminder(),),
            uid=identity.follow_up_uid(title),
        )
        return follow_ups.open(tx, draft, at, installation.get(tx).live_since)[0]


def letter(suivi: Inside, follow_up: FollowUp) -> EmailMessage:
    """Its last planned reminder as a mail, as it would be sent now."""
    parts = suivi.parts
    plan(parts.store, parts.rulebook, now())
    entry = suivi.ledger()[-1]
    assert parts.sender is not None
    with suivi.read() as tx:
        current = follow_ups.get(tx, follow_up.id)
        assert current is not None
        _, data = parts.sender.letter.write(tx, parts.rulebook.in_force(), entry, current, now())
    return email.message_from_bytes(data, policy=email.policy.default)


@pytest.mark.parametrize(
    ("title", "user", "subject"),
    [
        ("Relance Brasserie Mistral", "bob", "Relance Brasserie Mistral"),
        ("Relance devis", "bob", "Relance devis · Brasserie Mistral"),
        ("Rappeler pour le devis", "bob", "Relance : Rappeler pour le devis · Brasserie Mistral"),
        ("Call Brasserie Mistral", "ann", "Follow-up: Call Brasserie Mistral"),
        ("Devis #relance", "ann", "Devis #relance · Brasserie Mistral"),
    ],
)
def test_the_subject_does_not_repeat_itself(
    house: House, title: str, user: str, subject: str
) -> None:
    house.smtp_port = 9  # nothing is sent
    with inside(furnish(house)) as suivi:
        one = opened(suivi, title, now() + timedelta(minutes=30), for_=user, at=now())
        mail = letter(suivi, one)
    assert mail["Subject"] == subject
    html = mail.get_body(("html",))
    assert html is not None
    assert f'<html lang="{"fr" if user == "bob" else "en"}"' in html.get_content()


def test_successive_reminders_of_a_follow_up_are_one_thread(house: House) -> None:
    house.smtp_port = 9  # nothing is sent
    with inside(furnish(house)) as suivi:
        one = opened(suivi, "Relance", now() + timedelta(hours=9), for_="bob", at=now())
        first = letter(suivi, one)
        with suivi.parts.store.write() as tx:
            when = When(now() + timedelta(hours=18), zone="Europe/Paris")
            moved = replace(one, when=when, schedule_version=one.schedule_version + 1)
            follow_ups.change(tx, moved, "bob", "moved", now(), one.revision)
        second = letter(suivi, one)
        other = letter(suivi, opened(suivi, "Devis", now(), for_="bob", at=now()))
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == first["In-Reply-To"]
    assert first["References"] not in (None, other["References"])
    assert first["List-Id"] == second["List-Id"] == other["List-Id"] is not None


def test_it_is_late_only_if_it_could_have_come_earlier(house: House) -> None:
    house.smtp_port = 9  # nothing is sent
    with inside(furnish(house)) as suivi:
        soon, long_ago = now() + timedelta(minutes=30), now() - timedelta(days=2)

        def says_late(one: FollowUp) -> bool:
            body = letter(suivi, one).get_body(("plain",))
            assert body is not None
            return "This reminder is late" in body.get_content()

        # Opened a moment ago, for a time nearer than its reminder: nobody was late.
        assert not says_late(opened(suivi, "New", soon, for_="ann", at=now()))
        old = opened(suivi, "Old", soon, for_="ann", at=long_ago)
        assert says_late(old)
        # Moved a moment ago, likewise.
        with suivi.parts.store.write() as tx:
            when = When(soon + timedelta(minutes=5), zone="Europe/Paris")
            moved = replace(old, when=when, schedule_version=old.schedule_version + 1)
            follow_ups.change(tx, moved, "ann", "moved", now(), old.revision)
        assert not says_late(old)


def test_it_brings_a_calendar_file_only_where_that_is_asked_for(house: House) -> None:
    house.smtp_port = 9  # nothing is sent
    with inside(furnish(house)) as suivi:
        one = opened(suivi, "Appeler", now() + timedelta(minutes=30), for_="bob", at=now())
        assert [p.get_content_type() for p in letter(suivi, one).iter_parts()] == [
            "text/plain",
            "text/html",
        ]
        sender = suivi.parts.sender
        assert sender is not None
        asked = replace(sender, letter=replace(sender.letter, attach=True))
        mail = letter(Inside(replace(suivi.parts, sender=asked)), one)
    both, file = mail.iter_parts()
    assert both.get_content_type() == "multipart/alternative"
    assert (file.get_content_type(), file.get_filename()) == ("text/calendar", "follow-up.ics")
    event = file.get_content()
    event = event if isinstance(event, str) else event.decode()
    assert f"UID:{one.uid}" in event
    # An event to take along, and no invitation (RFC 5546).
    for word in ("METHOD", "ATTENDEE", "ORGANIZER", "VALARM"):
        assert word not in event


def test_what_it_recalls_is_what_its_reader_may_see(house: House) -> None:
    house.smtp_port = 9  # nothing is sent
    with inside(furnish(house)) as suivi:
        with suivi.parts.store.write() as tx:
            (party,) = people.find_third_party(tx, "CU-1")
            for name, level in (("seen", Level.EVERYTHING), ("only", Level.SUBJECT)):
                draft = Draft(
                    keys=(ExchangeKey(KeyKind.MESSAGE, name),),
                    third_parties=(party.id,),
                    contacts=(),
                    direction=Direction.INBOUND,
                    mode="email",
                    happened_at=now(),
                    source=Source.MAIL,
                    subject=f"Subject {name}",
                    comment=f"Bonjour {name}, merci.\n> quoted",
                    quoted_from=len(f"Bonjour {name}, merci.\n"),
                    author=suivi.user("bob").id if name == "seen" else None,
                )
                exchanges.add(tx, draft, now())
                exchanges.restrict(tx, draft.keys, level, now())
        text = {
            who: letter(
                suivi,
                opened(suivi, f"Of {who}", now() + timedelta(hours=1), for_=who, at=now()),
            )
            for who in ("ann", "bob")
        }
    anns, bobs = (body_of(text[who]) for who in ("ann", "bob"))
    # Ann may see all there is, and of a mail in which she had no part no more than its level.
    assert "Subject seen\n  Bonjour seen, merci." in anns
    assert "Subject only" in anns
    assert "Bonjour only" not in anns
    assert "Subject seen" in bobs
    assert "only" not in bobs
    assert "quoted" not in anns + bobs


def body_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
