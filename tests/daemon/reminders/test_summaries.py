"""Mails that list things: the digest of a day and what came too late, each once, in the language
of its reader, harmless whatever titles hold."""

import email
import email.policy
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from daemon import options as table
from daemon.reasons import said
from daemon.reminders import digest, late
from daemon.reminders.plan import plan
from daemon.rulebook import Rulebook
from daemon.store import exchanges, follow_ups, installation, ledger, options, people, post
from daemon.store.tables.installation import installation as installed
from rules.model.decisions import CloseFollowUp, Decision, Reason, RecordExchange, Verdict
from rules.model.exchanges import Direction, Draft, ExchangeId, ExchangeKey, KeyKind, Source
from rules.model.followups import Answered, Assignee, FollowUpDraft, How, LedgerState, Verb
from rules.model.people import Right, User
from rules.model.reasons import Why
from rules.model.sightings import FolderRole, MailPlace, Message, Sighting, When
from rules.options import Scope
from rules.ruleset import builtin
from tests.daemon.reminders.conftest import Office

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
# A Wednesday, nine in Paris.
NOW = datetime(2026, 3, 4, 8, tzinfo=UTC)
HOSTILE = "Call <script>alert(1)</script>\r\nBcc: x@y.example {{ 7*7 }} \u202eevil"


@pytest.fixture
def sender(office: Office) -> Any:
    with office.store.write() as tx:
        tx.execute(sa.update(installed).values(live_since=NOW - 90 * DAY))
    letters = SimpleNamespace(desk=office.desk)
    book = Rulebook(office.store, builtin(), ("lumen.example",))
    limit = timedelta(days=3)
    return SimpleNamespace(store=office.store, rulebook=book, letter=letters, late_limit=limit)


def wish(office: Office, user: User, **wishes: Any) -> None:
    with office.store.write() as tx:
        for key, value in wishes.items():
            plans = table.OPTIONS[key].plans
            options.put(tx, key, Scope(user=user.id), value, by=None, now=NOW, plans=plans)


def opened(office: Office, title: str, at: datetime, user: User) -> Any:
    assignee = (Assignee(user.id, owner=True),)
    draft = FollowUpDraft(title, title, When(at, zone="Europe/Paris"), assignee)
    with office.store.write() as tx:
        return follow_ups.open(tx, draft, NOW - 30 * DAY, NOW - 90 * DAY)[0]


def mails(office: Office) -> list[EmailMessage]:
    with office.store.read() as tx:
        waiting = post.waiting(tx)
    return [
        email.message_from_bytes(one.mail or b"", policy=email.policy.default)  # type: ignore[misc]
        for one in waiting
    ]


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_a_digest_a_day_to_who_wishes_one(office: Office, sender: Any) -> None:
    for user in (office.ann, office.bob):
        opened(office, f"Today of {user.name}", NOW + HOUR, user)
        opened(office, f"Late of {user.name}", NOW - 3 * DAY, user)
        opened(office, f"Later of {user.name}", NOW + 3 * DAY, user)
    wish(office, office.bob, digest=True, digest_at="09:00")
    assert digest.send_digests(sender, NOW - timedelta(seconds=1)) == 0
    assert digest.send_digests(sender, NOW) == 1
    assert digest.send_digests(sender, NOW) == digest.send_digests(sender, NOW + 9 * HOUR) == 0
    (mail,) = mails(office)
    assert mail["To"] == "Bob <bob@lumen.example>"
    assert mail["Subject"] == "À faire : mercredi 4 mars 2026"
    assert (mail["Auto-Submitted"], mail["X-Suivi"]) == ("auto-generated", "digest")
    for kind in ("plain", "html"):
        text = part(mail, kind)
        today, late_ = text.index("Today of Bob"), text.index("Late of Bob")
        assert text.index("Pour aujourd’hui") < today < text.index("En retard") < late_
        assert "Ann" not in text and "Later" not in text
    # And one the next day.
    assert digest.send_digests(sender, NOW + DAY) == 1


def test_what_exchanges_closed_since_the_last_one_is_told_once(office: Office, sender: Any) -> None:
    for user in (office.ann, office.bob):
        wish(office, user, digest=True, digest_at="09:00")
    shared = (Assignee(office.ann.id, owner=True), Assignee(office.bob.id))
    found = {}
    for title in ("Quote", "Visit", "Taken back", "Before"):
        draft = FollowUpDraft(title, title, When(NOW + 9 * DAY), shared)
        with office.store.write() as tx:
            found[title], _ = follow_ups.open(tx, draft, NOW - 30 * DAY, NOW - 90 * DAY)
    exchange = _recorded(office)
    hours = {"Quote": 5, "Visit": 6, "Taken back": 6, "Before": 25}
    for title, ago in hours.items():
        how = Answered(How.SPOKEN, "EXC-1", "phone") if title == "Visit" else Answered(
            How.ANSWERED, "EXC-1")  # fmt: skip
        effect = CloseFollowUp(found[title].id, exchange, how)
        with office.store.write() as tx:
            follow_ups.close(tx, effect, NOW - ago * HOUR)
    with office.store.write() as tx:
        follow_ups.reopen(tx, found["Taken back"].id, "bob", NOW - HOUR)
    assert digest.send_digests(sender, NOW) == 2
    ann, bob = sorted(mails(office), key=lambda mail: str(mail["To"]))
    for kind in ("plain", "html"):
        text = part(ann, kind)
        assert "Quote · EXC-1: they answered" in text
        assert "Visit · EXC-1: it was spoken about (Phone)" in text
        assert "Before" not in text and "Taken back" not in text
        # Bob may not see the exchange: that it was answered, and no more.
        assert "Quote · réponse reçue" in part(bob, kind) and "EXC" not in part(bob, kind)
    assert digest.send_digests(sender, NOW + DAY) == 0


def _recorded(office: Office) -> ExchangeId:
    """A message in Ann's mailbox, which she may see."""
    with office.store.write() as tx:
        people.put_user(
            tx,
            name="Ann",
            email=office.ann.email,
            timezone=office.ann.timezone,
            rights=(Right.SEE_EXCHANGES,),
        )
        draft = Draft(
            keys=(ExchangeKey(KeyKind.MESSAGE, "m1"),),
            third_parties=(),
            contacts=(),
            direction=Direction.INBOUND,
            mode="email",
            happened_at=NOW - 20 * DAY,
            source=Source.MAIL,
            author=office.ann.id,
        )
        place = MailPlace(1, FolderRole.INBOX, "INBOX", 1, 1)  # type: ignore[arg-type]
        sighting = Sighting(office.account, office.ann.id, place, Message())
        effects = (RecordExchange(draft),)
        decision = Decision(Verdict.RECORD, Reason.MATCHED, "r", (), effects, draft.level)
        recorded = exchanges.record(tx, sighting, decision, NOW).exchange
    assert recorded is not None
    return recorded


def test_an_entity_words_its_mails_itself(office: Office, sender: Any, tmp_path: Path) -> None:
    with office.store.write() as tx:
        entity = people.put_entity(tx, "Lumen-2", "Lumen 2")
        for user, works in ((office.ann, (entity,)), (office.bob, ())):
            facts = {"name": user.name, "timezone": user.timezone, "language": user.language}
            people.put_user(tx, email=user.email, entities=works, **facts)
    for folder, source in (("digest/lumen-2", "Lumen 2 / {{ day }}"), ("digest", "All")):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "subject.j2").write_text(source, "utf-8")
    office.templates = tmp_path
    sender.letter = SimpleNamespace(desk=office.desk)
    for user in (office.ann, office.bob):
        wish(office, user, digest=True)
        opened(office, f"Today of {user.name}", NOW + HOUR, user)
    assert digest.send_digests(sender, NOW) == 2
    subjects = {str(mail["To"]): str(mail["Subject"]) for mail in mails(office)}
    assert subjects == {
        "Ann <ann@lumen.example>": "Lumen 2 / Wednesday, March 4, 2026",
        "Bob <bob@lumen.example>": "All",
    }


def test_an_empty_digest_is_not_sent_that_day_at_all(office: Office, sender: Any) -> None:
    wish(office, office.ann, digest=True)
    assert digest.send_digests(sender, NOW) == 0
    opened(office, "New", NOW + 5 * HOUR, office.ann)
    assert digest.send_digests(sender, NOW + HOUR) == 0
    assert digest.send_digests(sender, NOW + DAY) == 1


def test_nothing_is_sent_while_it_waits_for_a_release(office: Office, sender: Any) -> None:
    wish(office, office.ann, digest=True)
    opened(office, "Today", NOW + HOUR, office.ann)
    with office.store.write() as tx:
        installation.hold(tx, NOW - DAY)
    assert digest.send_digests(sender, NOW) == late.give_up(sender, NOW) == 0
    with office.store.write() as tx:
        installation.release(tx, NOW)
    assert digest.send_digests(sender, NOW) == 1


def test_the_digest_of_a_day_that_was_seen_to_before_a_restore_is_not_sent_again(
    office: Office, sender: Any
) -> None:
    wish(office, office.ann, digest=True)
    opened(office, "Today", NOW + HOUR, office.ann)
    with office.store.write() as tx:
        installation.hold(tx, NOW)
        installation.release(tx, NOW)
    assert digest.send_digests(sender, NOW + HOUR) == 0
    assert digest.send_digests(sender, NOW + DAY) == 1


def test_dying_before_the_commit_loses_nothing(
    office: Office, sender: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish(office, office.ann, digest=True)
    opened(office, "Today", NOW + HOUR, office.ann)
    opened(office, "Missed", NOW - 9 * DAY, office.ann)
    plan(office.store, sender.rulebook, NOW - 10 * DAY)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(post, "put", die)
        for arrow in (digest.send_digests, late.give_up):
            with pytest.raises(KeyboardInterrupt):
                arrow(sender, NOW)
    assert mails(office) == []
    assert digest.send_digests(sender, NOW) == late.give_up(sender, NOW) == 1
    assert len(mails(office)) == 2


def test_one_mail_tells_all_that_was_missed(office: Office, sender: Any) -> None:
    missed = [
        opened(office, f"Missed {n:02}", NOW - 9 * DAY + n * HOUR, office.bob) for n in range(60)
    ]
    done = opened(office, "Done meanwhile", NOW - 9 * DAY, office.bob)
    recent = opened(office, "A little late", NOW - HOUR, office.bob)
    plan(office.store, sender.rulebook, NOW - 20 * DAY)
    with office.store.write() as tx:
        follow_ups.change(tx, _closed(done), "bob", "done", NOW - 8 * DAY, done.revision)
    assert late.give_up(sender, NOW) == 1
    assert late.give_up(sender, NOW) == 0
    (mail,) = mails(office)
    assert mail["Subject"] == "60 rappels n’ont pas pu partir à temps"
    text = part(mail, "plain")
    assert "Missed 00" in text and "Missed 49" in text and "Missed 50" not in text
    assert "… et encore 10" in text
    assert "Done" not in text and "little" not in text
    with office.store.read() as tx:
        states = {ledger.of(tx, f.id)[0].state for f in (*missed, done)}
        (waiting,) = ledger.of(tx, recent.id)
    assert states == {LedgerState.VOID}
    assert waiting.state is LedgerState.DUE


def _closed(follow_up: Any) -> Any:
    from rules import merge
    from rules.model.followups import State

    return merge.apply(follow_up, merge.Changes(state=State.DONE))


def test_a_hostile_title_is_text(office: Office, sender: Any) -> None:
    wish(office, office.ann, digest=True)
    opened(office, HOSTILE, NOW + HOUR, office.ann)
    assert digest.send_digests(sender, NOW) == 1
    (mail,) = mails(office)
    assert mail["Bcc"] is None
    assert "<script>" not in part(mail, "html")
    assert "{{ 7*7 }}" in part(mail, "plain")
    (line,) = [one for one in part(mail, "plain").splitlines() if "script" in one]
    assert "Bcc" in line and "\u202e" not in line


@pytest.mark.parametrize("reason", [*Why, *How, *Verb])
def test_every_reason_that_is_stored_can_be_said_in_french(reason: str) -> None:
    assert said(reason) != said(reason, language="fr")
