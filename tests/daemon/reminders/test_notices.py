"""Who is told what when an exchange closes a follow-up, and when somebody is away."""

import email
import email.policy
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daemon.clock import now
from daemon.followups.answer import ANSWER, Answering, answers
from daemon.reminders.answers import Result, act, look, say
from daemon.reminders.notices import Notices
from daemon.rulebook import Rulebook
from daemon.store import Tx, exchanges, follow_ups, installation, options, people, post, work
from daemon.store.post import AWAY, CLOSED
from rules import awaiting, identity
from rules.model.decisions import Decision, Reason, RecordExchange, Verdict
from rules.model.exchanges import Direction, Draft, Exchange, ExchangeKey, KeyKind, Source
from rules.model.followups import Assignee, FollowUp, FollowUpDraft, Origin, State
from rules.model.people import Contact, ContactId, Level, Right, ThirdParty, ThirdPartyId, User
from rules.model.sightings import FolderRole, MailKind, MailPlace, Message, Sighting, When
from rules.options import ALL, Scope
from rules.ruleset import builtin
from tests.daemon.reminders.conftest import Office

HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """An office with a customer; mail comes in and is looked at."""

    office: Office
    acme: ThirdPartyId
    sylvie: ContactId
    number: int = 0

    def open(self, title: str = "Relancer le devis", **more: Any) -> FollowUp:
        facts: dict[str, Any] = {
            "key": title,
            "title": title,
            "when": When(now().replace(microsecond=0) + timedelta(days=2), zone="Europe/Paris"),
            "assignees": (Assignee(self.office.ann.id, owner=True), Assignee(self.office.bob.id)),
            "third_party": self.acme,
            "uid": identity.follow_up_uid(title),
        }
        with self.office.store.write() as tx:
            opened = now() - 5 * HOUR
            return follow_ups.open(tx, FollowUpDraft(**(facts | more)), opened, opened)[0]

    def receive(self, **more: Any) -> Exchange:
        """An exchange is recorded, in Ann's mailbox, and looked at twice."""
        self.number += 1
        name = f"m{self.number}@acme.example"
        facts: dict[str, Any] = {
            "keys": (ExchangeKey(KeyKind.MESSAGE, name),),
            "third_parties": (self.acme,),
            "contacts": (self.sylvie,),
            "direction": Direction.INBOUND,
            "mode": "email",
            "happened_at": now() - HOUR,
            "source": Source.MAIL,
            "kind": MailKind.HUMAN,
            "subject": "Re: Devis \r\nBcc: all@acme.example",
            "comment": "D'accord.",
            "author": self.office.ann.id,
            "message_id": name,
        }
        draft = Draft(**(facts | more))
        place = MailPlace(1, FolderRole.INBOX, "INBOX", 1, self.number)  # type: ignore[arg-type]
        sighting = Sighting(self.office.account, self.office.ann.id, place, Message())
        decision = Decision(
            Verdict.RECORD, Reason.MATCHED, "r", (), (RecordExchange(draft),), draft.level
        )
        with self.office.store.write() as tx:
            recorded = exchanges.record(tx, sighting, decision, now()).exchange
            assert recorded is not None
            found = exchanges.get(tx, recorded)
            assert found is not None
        for _ in range(2):
            with self.office.store.write() as tx:
                work.put(tx, ANSWER, str(recorded), now())
            self.look()
        return found

    def look(self) -> int:
        notices = Notices(self.office.desk)
        rulebook = Rulebook(self.office.store, builtin(), ["lumen.example"])
        return answers(Answering(self.office.store, rulebook, "me", notices), now())

    def told(self, kind: str) -> dict[str, Any]:
        """The mails of a kind by recipient, each parsed back."""
        found: dict[str, Any] = {}
        for letter in self.office.letters():
            if letter.kind == kind:
                assert letter.recipient not in found, "told twice"
                mail = email.message_from_bytes(letter.mail or b"", policy=email.policy.default)
                assert mail["To"].addresses[0].addr_spec == letter.recipient
                assert mail["Bcc"] is None
                assert mail["X-Suivi"] == kind
                assert mail["Auto-Submitted"].startswith("auto-")
                found[letter.recipient] = mail
        return found


@pytest.fixture
def desk(office: Office) -> Desk:
    with office.store.write() as tx:
        acme = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU1", "Acmé"))
        sylvie = people.put_contact(tx, Contact(ContactId(0), acme, "Sylvie T", ("s@acme.fr",)))
        for user in (office.ann, office.bob):
            _grant(tx, user, Right.SEE_EXCHANGES)
    return Desk(office, acme, sylvie)


def _grant(tx: Tx, user: User, *rights: Right) -> None:
    people.put_user(
        tx,
        name=user.name,
        email=user.email,
        language=user.language,
        timezone=user.timezone,
        rights=rights,
    )


def text(mail: Any) -> str:
    found: str = mail.get_body(("plain",)).get_content()
    return found


def link(mail: Any) -> str:
    (found,) = re.findall(r"https://suivi\.lumen\.example/l/(\S+)", text(mail))
    return str(found)


def test_its_assignees_are_told_once_and_can_take_it_back(desk: Desk) -> None:
    opened = desk.open()
    exchange = desk.receive()
    told = desk.told(CLOSED)
    assert told.keys() == {"ann@lumen.example", "bob@lumen.example"}
    ann, bob = told["ann@lumen.example"], told["bob@lumen.example"]
    assert ann["Subject"] == "Closed: Relancer le devis"
    assert "Acmé answered: the follow-up is done." in text(ann)
    assert f"{exchange.ref}, " in text(ann) and "Re: Devis Bcc:" in text(ann)
    assert bob["Subject"] == "Close : Relancer le devis"
    assert "Acmé a répondu" in text(bob) and "« rouvrir »" in text(bob)
    # Bob may not see all exchanges: he is told that it was answered, and no word of it.
    assert exchange.ref not in text(bob)

    desk_answers, token = desk.office.answers, link(ann)
    assert desk.office.get(opened).state is State.DONE
    seen = look(desk_answers, token)
    assert not isinstance(seen, Result) and seen.result is Result.APPLIED
    assert desk.office.get(opened).state is State.DONE
    assert act(desk_answers, token)[0] is Result.APPLIED
    assert act(desk_answers, token)[0] is Result.ALREADY
    assert desk.office.get(opened).state is State.TO_DO
    with desk.office.store.read() as tx:
        (closing,) = follow_ups.closings(tx, opened.id)
    assert closing.undone_by == "ann@lumen.example"
    # The same exchange, judged again, closes it no more; Bob's older link neither.
    with desk.office.store.write() as tx:
        work.put(tx, ANSWER, str(exchange.id), now())
    assert desk.look() == 0
    # Another one does, and is told anew.
    desk.receive()
    assert desk.office.get(opened).state is State.DONE
    assert act(desk_answers, token)[0] is Result.MOVED
    assert len([p for p in desk.office.letters() if p.kind == CLOSED]) == 4


@pytest.mark.parametrize(
    ("commands", "url", "hint"),
    [
        (None, "https://suivi.lumen.example", "If that is wrong, open it again here:"),
        ("suivi@lumen.example", "", "If that is wrong, answer “reopen”."),
        (None, "", None),
    ],
)
def test_only_the_ways_back_that_there_are_are_told(
    desk: Desk, commands: str | None, url: str, hint: str | None
) -> None:
    desk.office.ways = replace(desk.office.ways, commands=commands, public_url=url)
    desk.open()
    desk.receive()
    told = text(desk.told(CLOSED)["ann@lumen.example"])
    assert [line for line in told.splitlines() if line.startswith("If")] == ([hint] if hint else [])
    assert ("https://" in told) == bool(url)


def test_an_answer_by_mail_takes_it_back_too(desk: Desk) -> None:
    opened = desk.open()
    desk.receive()
    with desk.office.store.write() as tx:
        done = say(tx, desk.office.get(opened), desk.office.bob, "rouvrir", now())
    assert done.result is Result.APPLIED
    assert desk.office.get(opened).state is State.TO_DO


def test_a_meeting_and_what_only_waited_say_so(desk: Desk) -> None:
    desk.open()
    desk.receive(source=Source.CALENDAR, kind=None, mode="meeting", contacts=())
    assert "You met or spoke with Acmé" in text(desk.told(CLOSED)["ann@lumen.example"])


def test_what_only_waited_for_it_says_so(desk: Desk) -> None:
    sent = desk.receive(direction=Direction.OUTBOUND, happened_at=now() - 3 * HOUR)
    opened = desk.open(key=awaiting.key("r", "m"), origin=Origin.RULE, exchange=sent.id)
    desk.receive()
    assert desk.office.get(opened).state is State.NOT_NEEDED
    mail = desk.told(CLOSED)["ann@lumen.example"]
    assert mail["Subject"] == "Withdrawn: Relancer le devis"
    assert "waited for that" in text(mail)


def test_a_machine_closes_nothing_and_tells_nobody(desk: Desk) -> None:
    desk.open()
    for kind in set(MailKind) - {MailKind.HUMAN}:
        desk.receive(kind=kind)
    assert desk.office.letters() == ()


def test_who_does_not_want_to_be_told_is_not(desk: Desk) -> None:
    with desk.office.store.write() as tx:
        scope = Scope(user=desk.office.bob.id)
        options.put(tx, "tell_closed", scope, False, by=None, now=now(), plans=False)  # noqa: FBT003
    desk.open()
    desk.receive()
    assert desk.told(CLOSED).keys() == {"ann@lumen.example"}


@pytest.mark.parametrize("live_since", [None, timedelta(0)])
def test_before_it_went_live_nothing_closes_or_tells(
    desk: Desk, live_since: timedelta | None
) -> None:
    desk.open()
    with desk.office.store.write() as tx:
        _live(tx, None if live_since is None else now() - live_since)
    desk.receive()
    desk.receive(kind=MailKind.AUTO_REPLY, comment="Back on " + _soon(9).isoformat())
    assert desk.office.letters() == ()


def _live(tx: Tx, moment: datetime | None) -> None:
    tx.execute(installation.table.update().values(live_since=moment))


def _soon(days: int) -> date:
    return (now() + timedelta(days=days)).date()


def away(desk: Desk, back: date, **more: Any) -> Exchange:
    written = f"Bonjour, je suis en congés, de retour le {back.isoformat()}."
    return desk.receive(kind=MailKind.AUTO_REPLY, comment=written, **more)


def test_who_is_away_is_waited_for_when_the_assignee_says_so(desk: Desk) -> None:
    opened = desk.open(contact=desk.sylvie)
    back = _soon(9)
    away(desk, back)
    told = desk.told(AWAY)
    # Bob may not read the automatic reply.
    assert told.keys() == {"ann@lumen.example"}
    mail = told["ann@lumen.example"]
    assert mail["Subject"] == "Put off until the return? Relancer le devis"
    assert "Sylvie T is away and back on" in text(mail)
    # Nothing has moved by itself.
    assert desk.office.get(opened) == opened
    desk_answers, token = desk.office.answers, link(mail)
    seen = look(desk_answers, token)
    assert not isinstance(seen, Result) and seen.result is Result.APPLIED
    assert act(desk_answers, token)[0] is Result.APPLIED
    paris = desk.office.ann.timezone
    after = desk.office.get(opened).when.start.astimezone(ZoneInfo(paris))
    assert after.date() > back and after.weekday() < 5
    assert after - opened.when.start >= timedelta(days=7), paris
    assert seen.words == after.date().isoformat()
    assert act(desk_answers, token)[0] is Result.MOVED


@pytest.mark.parametrize(
    "differs",
    [
        {},
        {"contact": ContactId(99)},
        {"third_party": None},
        {"when": When(now() + timedelta(days=30))},
    ],
)
def test_what_does_not_wait_for_them_is_left_alone(desk: Desk, differs: dict[str, Any]) -> None:
    if "contact" in differs:
        with desk.office.store.write() as tx:
            other = Contact(ContactId(0), desk.acme, "Jean", ("j@acme.fr",))
            differs = {"contact": people.put_contact(tx, other)}
    desk.open(**differs)
    away(desk, _soon(9))
    assert desk.office.letters() == ()


def test_what_follows_from_a_mail_to_them_waits_for_them(desk: Desk) -> None:
    sent = desk.receive(direction=Direction.OUTBOUND)
    desk.open(exchange=sent.id)
    away(desk, _soon(9))
    assert desk.told(AWAY).keys() == {"ann@lumen.example"}


def test_without_a_day_or_without_its_text_nothing_is_proposed(desk: Desk) -> None:
    desk.open(contact=desk.sylvie)
    desk.receive(kind=MailKind.AUTO_REPLY, comment="Je suis absent, de retour lundi.")
    away(desk, _soon(9), level=Level.SUBJECT)
    assert desk.office.letters() == ()


def test_hostile_names_leave_the_mail_well_formed(desk: Desk) -> None:
    nasty = "\u202eevil\r\nBcc: x@y.example\r\n\r\n<script>" + "é" * 100_000
    desk.open(nasty, contact=desk.sylvie)
    desk.receive(subject=nasty)
    (mail, _) = desk.told(CLOSED).values()
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "<script" not in mail.get_body(("html",)).get_content()
    assert len(text(mail)) < 5000
    assert [line for line in text(mail).splitlines() if line.startswith("Bcc")] == []


def test_rights_are_asked_at_the_time(desk: Desk) -> None:
    desk.open()
    with desk.office.store.write() as tx:
        _grant(tx, desk.office.bob, Right.SEE_EXCHANGES, Right.SEE_ALL_EXCHANGES)
    exchange = desk.receive()
    assert exchange.ref in text(desk.told(CLOSED)["bob@lumen.example"])
    with desk.office.store.read() as tx:
        assert post.troubles(tx) == ()


def test_working_days_in_answers_are_those_of_the_company(desk: Desk) -> None:
    opened = desk.open()
    assert desk.office.answers.holidays(opened) == frozenset()
    with desk.office.store.write() as tx:
        options.put(tx, "holidays", ALL, "FR", by=None, now=now(), plans=False)
    free = desk.office.answers.holidays(opened)
    assert date(2026, 12, 25) in free
    eve = datetime(2026, 12, 24, 9, tzinfo=UTC)
    with desk.office.store.write() as tx:
        done = say(tx, opened, desk.office.ann, "+1 working day", eve, free)
    assert done.follow_up is not None
    assert done.follow_up.when.start.date() == date(2026, 12, 28)
