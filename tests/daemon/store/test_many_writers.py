"""Fifty people edit, delete and record at once, over HTTP: no update is lost, each conflict is
told, references are unique and the audit trail is complete."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx2
import pytest

from daemon.store import Store, audit
from tests.daemon.web.company import Company, company

PEOPLE = 50
Tell = Callable[[str], None]
AT_WORK = 12
"""Exchanges that they all work on: few, so that they meet."""


@dataclass
class Office:
    """What they did, as far as the API told them that it is done."""

    we: Company
    until: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    refs: list[str] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    written: dict[str, list[str]] = field(default_factory=dict)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)

    def record(self, client: httpx2.Client) -> None:
        given = {"direction": "inbound", "mode": "phone", "third_parties": [self.we.acme]}
        answer = client.post("/api/v1/exchanges", json=given)
        self.count("record", answer)
        ref = answer.json()["exchange"]["ref"]
        with self.lock:
            self.recorded.append(ref)
            self.refs.append(ref)

    def edit(self, client: httpx2.Client, ref: str, word: str) -> None:
        """Add a word to what stands there."""
        path = f"/api/v1/exchanges/{ref}"
        read = client.get(path)
        self.count("read", read)
        if read.status_code != 200:
            return
        comment = f"{read.json()['comment']} {word}"
        match = {"If-Match": read.headers["etag"]}
        answer = client.patch(path, json={"comment": comment}, headers=match)
        self.count("edit", answer)
        if answer.status_code == 200:
            with self.lock:
                self.written.setdefault(ref, []).append(word)

    def delete(self, client: httpx2.Client, ref: str) -> None:
        path = f"/api/v1/exchanges/{ref}"
        read = client.get(path)
        self.count("read", read)
        if read.status_code != 200:
            return
        match = {"If-Match": read.headers["etag"]}
        answer = client.delete(path, headers=match)
        self.count("delete", answer)
        if answer.status_code == 204:
            with self.lock:
                self.deleted.append(ref)
                self.refs.remove(ref)
            self.record(client)

    def count(self, what: str, answer: httpx2.Response) -> None:
        with self.lock:
            self.statuses[what, answer.status_code] += 1

    def work(self, number: int) -> None:
        chance = random.Random(number)
        try:
            with self.we.client("carl") as client:
                turn = 0
                while time.monotonic() < self.until:
                    turn += 1
                    ref = chance.choice(self.refs)
                    if chance.random() < 0.1:
                        self.delete(client, ref)
                    else:
                        self.edit(client, ref, f"w{number}x{turn}")
        except Exception as error:  # noqa: BLE001  told by the test, not lost in a thread
            with self.lock:
                self.troubles.append(repr(error))


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Says something at the end of the run, whether the test passes or not."""
    return lambda text: request.node.user_properties.append(("told", text))


def _together(store: Store, seconds: float, tell: Tell) -> None:
    with company(store) as we:
        office = Office(we, time.monotonic() + seconds)
        with we.client("carl") as client:
            for _ in range(AT_WORK):
                office.record(client)
        threads = [threading.Thread(target=office.work, args=(n,)) for n in range(PEOPLE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        left = {ref: we.call("carl", "GET", f"/exchanges/{ref}") for ref in office.refs}
    kind = "SQLite" if "sqlite" in str(store._engine.url) else "PostgreSQL"
    told = ", ".join(
        f"{what} {status}: {n}" for (what, status), n in sorted(office.statuses.items())
    )
    tell(f"{kind}, {seconds:g} s: {told}")
    assert office.troubles == []
    _nothing_is_lost(office, left)
    _all_is_told(store, office)


def _nothing_is_lost(office: Office, left: dict[str, httpx2.Response]) -> None:
    for ref, answer in left.items():
        assert answer.status_code == 200
        found = answer.json()["comment"].split()
        assert Counter(found) == Counter(office.written.get(ref, [])), ref
    allowed = {
        ("read", 200),
        ("read", 404),
        ("edit", 200),
        ("edit", 404),
        ("edit", 412),
        ("delete", 204),
        ("delete", 404),
        ("delete", 412),
        ("record", 201),
    }
    assert office.statuses.keys() <= allowed
    assert office.statuses["edit", 412] > 0
    # Gaps come by deletion alone.
    numbers = sorted(int(ref.removeprefix("EXC-")) for ref in office.recorded)
    assert numbers == list(range(1, len(numbers) + 1))


def _all_is_told(store: Store, office: Office) -> None:
    with store.read() as tx:
        trail = audit.entries(tx, limit=1_000_000)
    by_action = Counter((entry.subject, entry.action.partition(":")[0]) for entry in trail)
    for ref in office.recorded:
        assert by_action[ref, "create exchange"] == 1
        assert by_action[ref, "edit exchange"] == len(office.written.get(ref, []))
        assert by_action[ref, "delete exchange"] == office.deleted.count(ref) <= 1
    assert sum(by_action.values()) == sum(
        office.statuses[key] for key in (("record", 201), ("edit", 200), ("delete", 204))
    )


def test_fifty_people_write_at_once(store: Store, tell: Tell) -> None:
    _together(store, 2, tell)


@pytest.mark.long
def test_fifty_people_write_at_once_for_a_minute(store: Store, tell: Tell) -> None:
    _together(store, 60, tell)


def test_a_form_sent_eight_times_at_once_is_recorded_once(store: Store) -> None:
    with company(store) as we:
        given = {
            "direction": "inbound",
            "mode": "phone",
            "third_parties": [we.acme],
            "follow_up": {"start": "2027-03-02T10:00:00+01:00"},
        }
        key = {"Idempotency-Key": "form"}

        def send(_: int) -> httpx2.Response:
            return we.call("carl", "POST", "/exchanges", json=given, headers=key)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(send, range(8)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.text for answer in answers}) == 1
        for noun in ("exchanges", "follow-ups"):
            assert len(we.call("carl", "GET", f"/{noun}").json()["items"]) == 1
