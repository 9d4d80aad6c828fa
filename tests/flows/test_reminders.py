"""The due arrow on real servers: each reminder reaches its assignee once, in time, or says why."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.clock import now
from rules import identity, merge
from rules.model.followups import State
from rules.model.sightings import When
from tests.flows.house import House, eventually
from tests.flows.inside import furnish, inside
from tests.flows.office import HOUR, Office, letters
from tests.servers.dav import DavServer
from tests.servers.smtpsink import Options, SmtpSink

SINK = tuple[int, Path]
MONTREAL = """
[[users]]
name = "Zoé Lumen"
email = "zoe@lumen.example"
language = "fr"
timezone = "America/Montreal"
"""
UNWRITABLE = """
[[users]]
name = "Jérôme Lumen"
email = "jérôme@lumen.example"
"""


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[SmtpSink]:
    """A mail server in this process, whose faults can be changed."""
    with SmtpSink(tmp_path / "faulty", options=Options(smtputf8=False)) as sink:
        yield sink


@contextmanager
def live(house: House, days: float = 30) -> Iterator[Office]:
    """The office of a house that went live a while ago."""
    house.users = ("ann",)
    with inside(furnish(house)) as within:
        office = Office(within)
        office.live_since(now() - timedelta(days=days))
        yield office


def test_one_mail_to_the_assignee_alone_in_their_language_and_time(
    make_house: Callable[..., House], database: str, sink: SINK
) -> None:
    port, sent = sink
    house = make_house(database, smtp_port=port, extra=MONTREAL)
    start = now() + HOUR + timedelta(seconds=8)
    with live(house) as office:
        reminded = office.open(
            "Rappeler pour le devis", start, owner="zoe", party="Brasserie Mistral"
        )
        later = office.open("Moved", start + timedelta(hours=3))
        finished = office.open("Finished", start + timedelta(hours=3))
        with house.daemon():
            eventually(
                lambda: office.states(later) == office.states(finished) == [(1, "due")],
                what="planned",
                house=house,
            )
            assert letters(sent) == []
            to = When(start + timedelta(hours=9), zone="Europe/Paris")
            office.change(merge.apply(later, merge.Changes(when=to)))
            office.change(merge.apply(finished, merge.Changes(state=State.DONE)))
            (letter,) = eventually(lambda: letters(sent), what="sent", house=house)
            eventually(
                lambda: office.states(later) == [(1, "void"), (2, "due")], what="moved", house=house
            )
            eventually(
                lambda: (
                    office.states(finished) == [(1, "void")]
                    and office.states(reminded) == [(1, "sent")]
                ),
                what="done, and marked as sent",
                house=house,
            )
        assert office.void_reasons() == ["done", "moved"]
        (entry,) = office.ledger(reminded)
    assert letter.recipients == ("zoe@lumen.example",)
    assert parseaddr(letter["To"]) == ("Zoé Lumen", "zoe@lumen.example")
    assert "Cc" not in letter.message
    assert "Bcc" not in letter.message
    assert letter["Subject"] == "Relance : Rappeler pour le devis · Brasserie Mistral"
    assert letter["Message-ID"] == f"<{identity.reminder_id(entry.due, 'lumen.example')}>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert parseaddr(letter["Reply-To"])[1].startswith("suivi+")
    clock = start.astimezone(ZoneInfo("America/Montreal")).strftime("%H:%M")
    assert clock in letter.text
    assert clock in letter.html
    assert "Répondez" in letter.text
    assert "en retard" not in letter.text
    assert len(letters(sent)) == 1


def test_after_downtime_a_late_one_says_so_and_one_too_late_is_void(
    house: House, sink: SINK
) -> None:
    house.smtp_port, sent = sink
    with live(house, days=10) as office:
        then = now() - timedelta(days=9)
        late = office.open("Late", now() - timedelta(hours=2), owner="bob", opened=then)
        too_late = office.open("Too late", now() - timedelta(days=5), opened=then)
        ancient = office.open("Ancient", now() - timedelta(days=12), opened=then)
        with house.daemon():
            eventually(
                lambda: (
                    office.states(late) == [(1, "sent")]
                    and office.states(too_late) == [(1, "void")]
                ),
                what="both settled",
                house=house,
            )
            eventually(lambda: len(letters(sent)) == 2, what="both mails", house=house)
        assert office.void_reasons() == ["too late"]
        # What was over before suivi went live is history.
        assert not office.get(ancient).live
        assert office.states(ancient) == []
    letter, missed = sorted(letters(sent), key=lambda one: one["X-Suivi"], reverse=True)
    assert "en retard" in letter.text
    assert "en retard" in letter.html
    # One mail tells what was missed.
    assert (missed["X-Suivi"], missed.recipients) == ("missed", ("ann@lumen.example",))
    assert "Too late" in missed.text
    assert "Too late" in missed.html
    assert "Ancient" not in missed.text


def test_a_refusal_is_shown_and_delays_nobody(house: House, faulty: SmtpSink) -> None:
    house.smtp_port = faulty.port
    house.extra = UNWRITABLE
    faulty.faults.refuse = {"bob@lumen.example"}
    due = now() + timedelta(minutes=50)
    with live(house) as office:
        unwritable = office.open("Unwritable", due - timedelta(seconds=1), owner="jérôme")
        refused = office.open("Refused", due, owner="bob")
        well = office.open("Well", due + timedelta(seconds=1))
        with house.daemon():
            eventually(
                lambda: (
                    office.states(refused) == office.states(unwritable) == [(1, "failed")]
                    and office.states(well) == [(1, "sent")]
                ),
                what="all settled",
                house=house,
            )
            troubles = house.json("status")["reminder_troubles"]
            why = {trouble["recipient"]: trouble["why"] for trouble in troubles}
            assert why.keys() == {"bob@lumen.example", "jérôme@lumen.example"}
            assert "550 5.1.1 no such user here" in why["bob@lumen.example"]
            assert "SMTPUTF8" in why["jérôme@lumen.example"]
            office.post("bob@lumen.example")
            eventually(
                lambda: house.json("status")["letter_troubles"], what="a letter", house=house
            )
            shown = house.suivi("status").stdout
            assert re.search(r"bob@lumen.example +notice +failed +550 5.1.1 no such user", shown)
            # A server that asks for patience is asked again, with the same bytes.
            faulty.faults.greylist = 1
            again = office.open("Again", due)
            eventually(lambda: office.states(again) == [(1, "retry")], what="put off", house=house)
            (entry,) = office.ledger(again)
            assert "451 4.7.1" in entry.last_error
            assert entry.next_try is not None
            assert entry.next_try > now() + timedelta(seconds=30)
            office.retry_now()
            eventually(lambda: office.states(again) == [(1, "sent")], what="sent", house=house)
    assert [m.recipients for m in faulty.mails] == [("ann@lumen.example",)] * 2
    assert faulty.mails[-1].data == entry.mail


def test_while_observing_nothing_leaves_and_the_release_lets_it_go(
    make_house: Callable[..., House], sqlite: str, sink: SINK, dav: DavServer
) -> None:
    port, sent = sink
    house = make_house(sqlite, smtp_port=port, dav=dav, observe_days=3, users=("ann",))
    with inside(furnish(house)) as within:
        ahead = Office(within).open("Ahead", now() + timedelta(minutes=40))
        written = f"/ann/work/{ahead.uid}.ics"
        with house.daemon():
            eventually(
                lambda: within.status("ann-calendar").last_ok_at is not None,
                what="a first turn",
                house=house,
            )
            assert letters(sent) == []
            assert dav.request("ann", "GET", written)[0] == 404
            house.suivi("release")
            eventually(lambda: letters(sent, "Ahead"), what="the reminder", house=house)
            eventually(
                lambda: dav.request("ann", "GET", written)[0] == 200, what="the event", house=house
            )


def test_one_whose_answer_was_lost_is_not_sent_again_once_it_lies_in_the_mailbox(
    house: House, faulty: SmtpSink
) -> None:
    house.smtp_port = faulty.port
    faulty.faults.drop = 1
    with live(house) as office:
        doubtful = office.open("Doubtful", now() + timedelta(minutes=50))
        with house.daemon():
            eventually(lambda: office.states(doubtful) == [(1, "unknown")], what="in doubt")
            (mail,) = faulty.mails
            mark = next(line for line in mail.data.split(b"\r\n") if line.startswith(b"X-Suivi:"))
            forged = mail.data.replace(mark, mark[:-6] + b"000000")
            house.dovecot.deliver("ann", "INBOX", forged)
            eventually(lambda: _own_mails(house) == 1, what="the forged one is judged")
            assert office.states(doubtful) == [(1, "unknown")]
            house.dovecot.deliver("ann", "INBOX", mail.data)
            eventually(lambda: office.states(doubtful) == [(1, "sent")], what="known", house=house)
            office.retry_now()
        assert len(faulty.mails) == 1


def _own_mails(house: House) -> int:
    judged = house.json("status")["judged"]
    return sum(number for reason, number in judged.items() if reason.endswith("own-mail"))
