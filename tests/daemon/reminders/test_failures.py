"""The admin hears of reminders that failed: each once, in one mail an hour, and never of that."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

from daemon.admin import Admin
from daemon.reminders.failures import KIND, tell_failures
from daemon.reminders.misprints import Printer
from daemon.reminders.post import send_letters
from daemon.reminders.send import send_due
from daemon.reminders.sheets import Sheets
from daemon.reminders.vocabulary import REMINDER, full
from daemon.store import ledger, ledger_desk, post
from rules.model.wire import Outcome, SendResult
from tests.daemon.reminders.desk import NOW

ADMIN = Admin("admin@lumen.example", "en", "UTC", "suivi@lumen.example", "Lumen", Sheets(None))
MINUTE = timedelta(minutes=1)
REFUSED = SendResult(Outcome.REFUSED, "550 5.1.1 no such user here")


def sent_to_admin(desk):
    mails = [m for m in desk.outbox.sent if m.recipient == ADMIN.address]
    return [message_from_bytes(m.data, policy=policy.default) for m in mails]


def test_one_mail_lists_what_failed_and_each_is_told_once(desk):
    sender = desk.sender(admin=ADMIN)
    assert not tell_failures(sender, NOW)
    desk.remind("one", "two", "three")
    desk.outbox.answers = [REFUSED, REFUSED]
    send_due(sender)
    assert tell_failures(sender, NOW)
    assert not tell_failures(sender, NOW + 3 * 60 * MINUTE)
    assert send_letters(sender) == 1
    (mail,) = sent_to_admin(desk)
    text = mail.get_body(("plain",)).get_content()
    assert text.count("550 5.1.1 no such user here") == 2
    assert text.count("ann@lumen.example") == 2
    assert "suivi reminders retry" in text
    # An admin need not be one who may read what it is about.
    assert "one" not in mail["Subject"] + text.replace("gone", "")
    assert mail["Auto-Submitted"] == "auto-generated"


def test_at_most_one_mail_an_hour_and_nothing_is_forgotten_in_between(desk):
    sender = desk.sender(admin=ADMIN)
    for number, title in enumerate(("one", "two", "three")):
        desk.remind(title)
        desk.outbox.answers = [REFUSED]
        send_due(sender)
        assert tell_failures(sender, NOW + number * 20 * MINUTE) == (number == 0)
    assert tell_failures(sender, NOW + 60 * MINUTE)
    with desk.store.read() as tx:
        assert ledger.untold(tx, 9) == ()
        mails = [message_from_bytes(letter.mail) for letter in post.waiting(tx)]
    assert [mail["Subject"].rpartition(" ")[2] for mail in mails] == ["1", "2"]


def test_what_failed_again_is_told_again(desk):
    sender = desk.sender(admin=ADMIN)
    desk.remind("one")
    for hours in (0, 2):
        desk.outbox.answers = [REFUSED]
        assert send_due(sender) == 0
        assert tell_failures(sender, NOW + hours * 60 * MINUTE)
        entry = desk.entries()["one"]
        with desk.store.write() as tx:
            assert ledger_desk.again(tx, entry.id, NOW)


def test_a_notice_that_fails_is_no_reason_for_a_notice(desk):
    sender = desk.sender(admin=ADMIN)
    desk.remind("one")
    desk.outbox.answers = [REFUSED, REFUSED]
    send_due(sender)
    tell_failures(sender, NOW)
    send_letters(sender)
    assert sent_to_admin(desk) == []
    for hours in range(1, 5):
        assert not tell_failures(sender, NOW + hours * 60 * MINUTE)
    with desk.store.read() as tx:
        assert post.written(tx, KIND, ADMIN.address, NOW - MINUTE) == 1


def test_a_failure_to_put_it_loses_nothing(desk, monkeypatch):
    sender = desk.sender(admin=ADMIN)
    desk.remind("one")
    desk.outbox.answers = [REFUSED]
    send_due(sender)
    put = post.put

    def dies(*arguments):
        put(*arguments)
        raise RuntimeError

    monkeypatch.setattr(post, "put", dies)
    try:
        tell_failures(sender, NOW)
    except RuntimeError:
        monkeypatch.undo()
    assert tell_failures(sender, NOW)
    send_letters(sender)
    assert len(sent_to_admin(desk)) == 1


def test_without_an_admin_nobody_is_told(desk):
    desk.remind("one")
    desk.outbox.answers = [REFUSED]
    send_due(desk.sender())
    assert not tell_failures(desk.sender(), NOW)


def test_a_broken_template_is_told_once_in_the_language_of_the_admin(desk, tmp_path):
    (tmp_path / "short").mkdir()
    (tmp_path / "short" / "text.j2").write_text("{{ titel }}", "utf-8")
    printer = Printer(Sheets(tmp_path), replace(ADMIN, language="fr"))
    with desk.store.write() as tx:
        for _time in range(2):
            assert (
                "titel"
                not in printer.print(tx, "reminder", "en", full(REMINDER), NOW, name="short").text
            )
    with desk.store.read() as tx:
        (letter,) = post.waiting(tx)
    mail = message_from_bytes(letter.mail, policy=policy.default)
    assert (mail["To"], mail["X-Suivi"]) == (ADMIN.address, "notice")
    assert mail["Subject"] == "Un modèle de courriel est cassé"
    assert "titel" in mail.get_body(("plain",)).get_content()


def test_a_broken_template_of_notices_stops_none_and_is_told_in_each(desk, tmp_path):
    (tmp_path / "notice").mkdir()
    (tmp_path / "notice" / "text.j2").write_text("{{ titel }}", "utf-8")
    admin = replace(ADMIN, templates=Sheets(tmp_path))
    letter = admin.letter("k", "1", "Disk full", "A line.\n\nAnother.\n", NOW, MINUTE)
    mail = message_from_bytes(letter.mail, policy=policy.default)
    assert mail["Subject"] == "Disk full"
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        for line in ("A line.", "Another.", "notice/text.j2:1: unknown variable"):
            assert line in text
    (tmp_path / "notice" / "text.j2").write_text("{% for l in lines %}> {{ l }}\n{% endfor %}")
    (tmp_path / "notice" / "html.j2").write_text("")
    letter = admin.letter("k", "1", "Disk full", "A line.\n", NOW, MINUTE)
    mail = message_from_bytes(letter.mail, policy=policy.default)
    assert (mail.get_content_type(), mail.get_content()) == ("text/plain", "> A line.\r\n")
