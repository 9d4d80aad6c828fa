"""A user's follow-ups as a calendar at a secret address."""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx2
import pytest
from icalendar import Calendar

from daemon.clock import now
from daemon.logins import secret
from daemon.store import Store, follow_ups, people, tokens
from rules.logins import Scope
from rules.model.exchanges import ConfidentialComment
from rules.model.followups import Assignee, FollowUpDraft, Reminder, State
from rules.model.people import Right, UserId
from rules.model.sightings import Component, When

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2027, 3, 29, 10, tzinfo=PARIS)
LONG_AGO = datetime(2026, 1, 1, tzinfo=PARIS)


@pytest.fixture
def alice(store: Store) -> UserId:
    with store.write() as tx:
        return people.put_user(
            tx,
            name="Alice",
            email="alice@us.example",
            rights=[Right.SEE_FOLLOW_UPS],
            language="fr",
            timezone="Europe/Paris",
        )


@pytest.fixture
def address(store: Store, alice: UserId) -> str:
    return new_address(store, alice)


def new_address(store: Store, user: UserId, scopes=(Scope.FEED,), until=None) -> str:
    told = secret.new(secret.TOKEN)
    with store.write() as tx:
        tokens.add(tx, user, "phone", secret.hashed(told), scopes, now(), until)
    return f"/feeds/{told}.ics"


def put(store: Store, *assignees: UserId, key: str = "k1", **more) -> None:
    draft = FollowUpDraft(
        **{
            "key": key,
            "title": "Relancer Acmé",
            "when": When(START, START + timedelta(hours=1), zone="Europe/Paris"),
            "assignees": tuple(Assignee(u, owner=n == 0) for n, u in enumerate(assignees)),
            "reminders": (Reminder(timedelta(hours=2)),),
            **more,
        }
    )
    with store.write() as tx:
        follow_ups.open(tx, draft, LONG_AGO, LONG_AGO)


def events(answer: httpx2.Response) -> list:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    return Calendar.from_ical(answer.text).walk("VEVENT")


def test_it_shows_what_its_user_has_to_do(
    store: Store, anonymous: httpx2.Client, alice: UserId, address: str
) -> None:
    with store.write() as tx:
        bob = people.put_user(tx, name="Bob", email="bob@us.example")
    put(store, alice, component=Component.VTODO)
    put(store, bob, alice, key="helps", title="Avec Bob")
    put(store, bob, key="others", title="À Bob seul")
    put(store, alice, key="done", title="Fait", state=State.DONE)
    answer = anonymous.get(address)
    found = events(answer)
    assert sorted(str(one["SUMMARY"]) for one in found) == ["Avec Bob", "Relancer Acmé"]
    mine = next(one for one in found if one["SUMMARY"] == "Relancer Acmé")
    assert mine.start == START and mine.start.tzinfo.key == "Europe/Paris"
    (alarm,) = mine.walk("VALARM")
    assert (alarm["ACTION"], alarm["TRIGGER"].dt) == ("DISPLAY", timedelta(hours=-2))
    text = answer.text
    assert text.count("BEGIN:VTIMEZONE") == 1
    assert "X-WR-CALNAME:Relances de Alice (suivi)" in text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M" in text and "X-PUBLISHED-TTL:PT15M" in text
    assert "ATTENDEE" not in text and "ORGANIZER" not in text
    # Asked again it says the same, of the same things.
    assert anonymous.get(address).text == text


def test_whoever_has_it_as_it_is_gets_nothing(
    store: Store, anonymous: httpx2.Client, alice: UserId, address: str
) -> None:
    put(store, alice)
    answer = anonymous.get(address)
    etag, last = answer.headers["etag"], answer.headers["last-modified"]
    assert answer.headers["cache-control"] == "private, no-cache"
    for asked in ({"If-None-Match": f'"x", W/{etag}'}, {"If-Modified-Since": last}):
        again = anonymous.get(address, headers=asked)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    head = anonymous.head(address)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", etag)
    put(store, alice, key="k2", title="Encore")
    with store.read() as tx:
        (first,) = (f for f in [follow_ups.by_key(tx, "k1")] if f)
    with store.write() as tx:
        follow_ups.reopen(tx, first.id, "x", now())
    assert anonymous.get(address, headers={"If-None-Match": etag}).status_code == 200
    assert anonymous.get(address, headers={"If-None-Match": "x", "If-Modified-Since": last}).text
    assert anonymous.get(address, headers={"If-Modified-Since": "yesterday"}).status_code == 200


def test_what_opens_nothing_is_not_told_apart(
    store: Store, anonymous: httpx2.Client, alice: UserId, address: str, caplog, capsys
) -> None:
    caplog.set_level(logging.DEBUG)
    with store.write() as tx:
        gone = people.put_user(tx, name="Gone", email="gone@us.example", active=False)
    revoked = new_address(store, alice)
    with store.write() as tx:
        tokens.revoke(tx, max(one.id for one in tokens.all_of(tx)), now())
    addresses = [
        revoked,
        new_address(store, alice, until=now() - timedelta(seconds=1)),
        new_address(store, gone),
        # One that opens the API stands in no address.
        new_address(store, alice, scopes=(Scope.READ,)),
        "/feeds/suivi_unknown.ics",
    ]
    answers = [anonymous.get(one) for one in addresses]
    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1
    assert anonymous.get("/feeds/%2e%2e%2fx.ics").status_code in (404, 422)
    assert anonymous.post(address).status_code == 405
    # The secret opens nothing else, and stands nowhere.
    told = address.split("/")[-1].removesuffix(".ics")
    bearer = {"Authorization": f"Bearer {told}"}
    assert anonymous.get("/api/v1/follow-ups", headers=bearer).status_code == 401
    for answer in (*answers, anonymous.get(address), anonymous.post(address)):
        assert answer.headers["referrer-policy"] == "no-referrer"
        if answer.status_code != 405:
            assert told not in answer.text
    # The client's own log is not ours; to uvicorn.access only pytest listens (test_server).
    ours = [r for r in caplog.records if not r.name.startswith(("http", "uvicorn.access"))]
    told_of = "".join(record.getMessage() for record in ours) + "".join(capsys.readouterr())
    assert "/feeds/{secret}.ics" in told_of and told not in told_of
    with store.read() as tx:
        assert told not in str(tokens.all_of(tx))


def test_it_is_described_with_all_its_answers(anonymous: httpx2.Client) -> None:
    document = anonymous.get("/api/v1/openapi.json").json()
    told = document["paths"]["/feeds/{secret}.ics"]["get"]
    assert {"200", "304", "404", "422"} <= told["responses"].keys()
    assert "text/calendar" in told["responses"]["200"]["content"]
    assert "content" not in told["responses"]["304"]


def test_a_confidential_comment_is_not_in_it(
    store: Store, anonymous: httpx2.Client, alice: UserId, address: str
) -> None:
    from daemon.store import exchanges
    from rules.model.exchanges import Direction, Draft, ExchangeKey, KeyKind, Source

    with store.write() as tx:
        met = exchanges.add(
            tx,
            Draft(
                (ExchangeKey(KeyKind.API, "x"),), (), (), Direction.INBOUND, "phone", LONG_AGO,
                Source.API, confidential=ConfidentialComment("zsecret", alice),
            ),
            LONG_AGO,
        )  # fmt: skip
    put(store, alice, exchange=met.id)
    assert "zsecret" not in anonymous.get(address).text
