"""Answers and follow-ups on real servers: a reply closes, an absence asks, no reply opens."""

import re
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from daemon.clock import now
from daemon.store import people
from rules.model.followups import State
from rules.model.people import ThirdPartyId
from tests.flows.agenda import begins
from tests.flows.house import House, eventually, mail
from tests.flows.inside import PARIS, Inside, furnish, inside
from tests.flows.office import Letter, Office, letters
from tests.servers.dav import DavServer
from tests.servers.ports import free_port

SINK = tuple[int, Path]
JEAN = "Jean <jean@mistral.example>"
ANN = "ann@lumen.example"
DAY = timedelta(days=1)


def receive(
    house: House, text: str, name: str, folder: str = "INBOX", sender: str = JEAN, **more: str
) -> None:
    """A mail that is a second or more younger than what was opened before."""
    time.sleep(1.1)
    date = more.pop("date", datetime.now(PARIS).strftime("%a, %d %b %Y %H:%M:%S %z"))
    to = ANN if sender == JEAN else "jean@mistral.example"
    headers = {key.replace("_", "-"): value for key, value in more.items()}
    raw = mail(
        sender, to, name, text, message_id=f"{name}@mail.example", date=date, headers=headers
    )
    house.dovecot.deliver("ann", folder, raw)


def press(letter: Letter, method: str) -> None:
    """Open the only link of a letter; POST is its button."""
    (link,) = re.findall(r"http://127\S+", letter.text)
    data = b"" if method == "POST" else None
    with urllib.request.urlopen(urllib.request.Request(link, data, method=method), timeout=10):
        pass


def parties(within: Inside) -> tuple[ThirdPartyId, int]:
    """The brasserie, and its contact."""
    with within.read() as tx:
        party = people.find_third_party(tx, "CU-1")[0].id
        return party, next(c.id for c in people.contacts(tx) if c.third_party == party)


def test_an_absence_asks_and_an_answer_closes_until_it_is_taken_back(
    make_house: Callable[..., House], sqlite: str, sink: SINK, dav: DavServer
) -> None:
    port, sent = sink
    house = make_house(sqlite, smtp_port=port, dav=dav, http_port=free_port(), users=("ann",))
    start = now().replace(second=0, microsecond=0) + 2 * DAY
    back = (now() + 9 * DAY).date()
    with inside(furnish(house)) as within:
        office, (_, jean) = Office(within), parties(within)
        office.live_since(now() - DAY)
        one = office.open(
            "Relancer le devis", start, party="CU-1", contact=jean, opened=now() - DAY / 2
        )

        def event() -> bytes:
            status, data = dav.request("ann", "GET", f"/ann/work/{one.uid}.ics")
            return data if status == 200 else b""

        def only(title: str) -> Letter:
            found = eventually(lambda: letters(sent, title), what=title, house=house)
            assert len(found) == 1
            assert found[0].recipients == (ANN,)
            return found[0]

        with house.daemon():
            eventually(event, what="its event", house=house)
            away = f"Bonjour, je suis absent et serai de retour le {back.isoformat()}."
            receive(house, away, "absent", Auto_Submitted="auto-replied")
            asked = only("Put off until the return?")
            assert "is away and back on" in asked.text
            # A scanner opens every link: nothing has moved.
            press(asked, "GET")
            assert office.get(one) == one
            press(asked, "POST")
            moved = office.get(one).when.start
            assert moved.astimezone(PARIS).date() > back
            eventually(lambda: begins(event()) == moved, what="it moved there", house=house)

            receive(house, "D'accord pour le devis.", "oui")
            told = only("Closed:")
            assert "Brasserie Mistral answered" in told.text
            assert office.get(one).state is State.DONE
            eventually(lambda: "SUMMARY:✓".encode() in event(), what="done there", house=house)
            press(told, "GET")
            assert office.get(one).state is State.DONE
            press(told, "POST")
            assert office.get(one).state is State.TO_DO
            eventually(lambda: "✓".encode() not in event(), what="open there", house=house)
        # A daemon that starts again looks at the same mail.
        with house.daemon():
            receive(house, "Absent aussi.", "encore-absent", Auto_Submitted="auto-replied")
            eventually(lambda: len(within.exchanges("CU-1")) == 3, what="it is read", house=house)
            time.sleep(3)
        assert office.get(one).state is State.TO_DO
        assert len(letters(sent, "Closed:")) == len(letters(sent, "Put off")) == 1
        assert b"ATTENDEE" not in event()
