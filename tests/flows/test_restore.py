"""A restored installation takes in what has happened since, sends and writes nothing until it is
released, and nothing twice after that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from daemon.app.safekeeping import back_up
from daemon.clock import now
from daemon.store import ledger
from rules import merge
from rules.model.followups import FollowUp, LedgerState, State
from tests.flows.house import House, eventually, mail
from tests.flows.inside import furnish, inside
from tests.flows.office import HOUR, Office, letters
from tests.servers import smtpsink
from tests.servers.dav import DavServer

SINK = tuple[int, Path]
WORK = "/ann/work/"


@contextmanager
def looking(house: House) -> Iterator[Office]:
    with inside(house) as within:
        yield Office(within)


@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
def test_nothing_is_sent_or_written_twice_after_an_older_state(
    make_house: Callable[..., House], database: str, sink: SINK, dav: DavServer, tmp_path: Path
) -> None:
    port, sent = sink
    house = make_house(database, smtp_port=port, dav=dav, users=("ann",))
    furnish(house)
    backup = tmp_path / "b"
    start = _in_an_hour()
    with looking(house) as office:
        office.live_since(now() - timedelta(days=30))
        arrived = office.open("Arrived, Brasserie Mistral", start, party="CU-1")
        deleted = office.open("Deleted, Papeterie Colin", start, party="SU-1")
        done = office.open("Done, Hôtel des Alpes", start, party="CU-2")
        office.within.sync()
        assert len(dav.objects("ann", WORK)) == 3
        assert office.states(arrived) == office.states(deleted) == [(1, "due")]
        back_up(office.within.parts.settings, backup)
        with house.daemon():
            eventually(lambda: len(letters(sent)) == 3, what="sent", house=house)
            _after_the_backup(house, office, sent, done)
            eventually(lambda: len(dav.objects("ann", WORK)) == 4, what="opened later", house=house)
            eventually(lambda: _done(dav), what="done there", house=house)
            eventually(lambda: _captured(office) == 1, what="captured", house=house)
        status = house.suivi("restore", str(backup), check=False)
        assert "there is a database already" in status.stderr

    before = dav.objects("ann", WORK)
    house.suivi("restore", str(backup), "--replace")
    assert "suivi release --anyway" in house.suivi("release", check=False).stderr
    # What came after the backup waits for the next sync; nothing is missed.
    assert "2 pending (2 new)" in house.suivi("reconcile").stdout
    with looking(house) as office:
        assert office.states(arrived) == [(1, "due")]
        assert office.get(done).state is State.TO_DO
        with house.daemon():
            eventually(lambda: _captured(office) == 1, what="captured again", house=house)
            again = eventually(lambda: _by_title(office, "Later"), what="taken back", house=house)
            assert again.id > 100_000
            eventually(lambda: office.get(done).state is State.DONE, what="read there", house=house)
            refused = house.suivi("restore", str(backup), "--replace", check=False)
            assert "suivi is running" in refused.stderr
            assert house.json("status")["held"]
            assert len(letters(sent)) == 3
            assert dav.objects("ann", WORK) == before

            house.suivi("release")
            told = eventually(lambda: letters(sent, "could not be sent"), what="told", house=house)
            assert "Deleted" in told[0].text
            assert "Arrived" not in told[0].text
            assert office.states(arrived) == [(1, "sent")]
            assert office.states(deleted) == [(1, "void")]
            new = office.open("New, Brasserie Mistral", _in_an_hour())
            eventually(lambda: letters(sent, "New"), what="reminded", house=house)
            eventually(lambda: len(dav.objects("ann", WORK)) == 5, what="written", house=house)
            assert office.states(new) == [(1, "sent")]
            assert len(letters(sent)) == 5
            objects = dav.objects("ann", WORK)
            assert {name: objects[name] for name in before} == before
            with office.within.read() as tx:
                waiting = ledger.all_open(tx)
            assert [(e.due.follow_up, e.state) for e in waiting] == [(again.id, LedgerState.DUE)]
        assert "2 messages; 1 captured; 1 left out" in house.suivi("reconcile").stdout


def _after_the_backup(house: House, office: Office, sent: Path, done: FollowUp) -> None:
    """A reminder arrives, of another nobody knows, a third follow-up is done; a customer writes,
    and a follow-up is opened."""
    for one in smtpsink.mails(sent):
        if b"Arrived" in one.data:
            house.dovecot.deliver("ann", "INBOX", one.data)
    raw = mail("jean@mistral.example", "ann@lumen.example", "Devis", message_id="d@mistral.example")
    house.dovecot.deliver("ann", "INBOX", raw)
    office.change(merge.apply(office.get(done), merge.Changes(state=State.DONE)))
    office.open("Later, Brasserie Mistral", _in_an_hour() + timedelta(days=3), party="CU-1")


def _done(dav: DavServer) -> bool:
    return any(b"X-SUIVI-STATE:done" in data for data in dav.objects("ann", WORK).values())


def _captured(office: Office) -> int:
    return len(office.within.exchanges("CU-1"))


def _in_an_hour() -> datetime:
    """So that the reminder is due in two seconds; calendars know no fractions of one."""
    return now().replace(microsecond=0) + HOUR + timedelta(seconds=2)


def _by_title(office: Office, title: str) -> FollowUp | None:
    return next((f for f in office.within.follow_ups() if f.title.startswith(title)), None)
