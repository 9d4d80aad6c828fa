"""Configuration over the API: options and who changed them, lists that keep the old readable,
accounts whose passwords never come out, rules and templates as they stand."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from daemon import web
from daemon.clock import now
from daemon.config.vault import Unsealable, Vault
from daemon.store import Store, audit, exchanges, follow_ups, lists, people, setups
from daemon.store.tables import metadata
from rules.model.exchanges import Direction, Draft, ExchangeKey, KeyKind, Source
from rules.model.followups import Assignee, FollowUpDraft
from rules.model.people import Right, User
from rules.model.sightings import When

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def callers(store: Store) -> dict[str, User]:
    with store.write() as tx:
        here = people.put_entity(tx, "main", "Us")
        ids = {
            name: people.put_user(
                tx, name=name, email=f"{name}@us.example", entities=[here], rights=rights
            )
            for name, rights in (("boss", Right), ("clerk", [Right.SEE_EXCHANGES]))
        }
        users = people.users(tx)
    return {web.token_hash(name): users[number] for name, number in ids.items()}


@pytest.fixture
def boss(server: web.Server) -> httpx2.Client:
    return _client(server, "boss")


@pytest.fixture
def clerk(server: web.Server) -> httpx2.Client:
    return _client(server, "clerk")


def _client(server: web.Server, who: str) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {who}"}
    return httpx2.Client(base_url=f"{server.url}/api/v1", timeout=20, headers=headers)


def value(client: httpx2.Client, key: str, query: str = "") -> tuple[str, str | None]:
    found = client.get(f"/options{query}").json()["items"]
    one = next(one for one in found if one["key"] == key)
    return one["value"], one["set_for"]


def test_an_option_is_in_force_at_once_for_whom_it_was_set(
    boss: httpx2.Client, clerk: httpx2.Client
) -> None:
    assert value(clerk, "reminder_before") == ("1 h", None)
    for body, told in (
        ({"value": "2 h"}, ("2 h", "all")),
        ({"value": "90 min", "entity": "main"}, ("90 min", "entity")),
        ({"value": "1 day", "user": "clerk@us.example"}, ("1 d", "user")),
    ):
        answer = boss.put("/options/reminder_before", json=body)
        assert (answer.status_code, answer.json()["set_for"]) == (200, told[1])
        assert value(clerk, "reminder_before") == told
    assert value(boss, "reminder_before", "?entity=main") == ("90 min", "entity")
    boss.put("/options/reminder_before", json={"value": None, "user": "clerk@us.example"})
    assert value(clerk, "reminder_before") == ("90 min", "entity")
    changes = boss.get("/option-changes?key=reminder_before").json()["items"]
    assert [(c["value"], c["entity"], c["user"], c["by"]) for c in changes] == [
        (None, None, "clerk@us.example", "boss@us.example"),
        ("1 d", None, "clerk@us.example", "boss@us.example"),
        ("90 min", "main", None, "boss@us.example"),
        ("2 h", None, None, "boss@us.example"),
    ]


def test_everybody_sets_for_themselves_how_they_are_told_and_nothing_else(
    clerk: httpx2.Client,
) -> None:
    mine = {"user": "clerk@us.example"}
    assert clerk.put("/options/digest", json={"value": "oui", **mine}).status_code == 200
    assert value(clerk, "digest") == ("yes", "user")
    for key, body in (
        ("digest", {"value": "yes"}),
        ("digest", {"value": "yes", "user": "boss@us.example"}),
        ("digest", {"value": "yes", "entity": "main"}),
        ("holidays", {"value": "FR", **mine}),
    ):
        assert clerk.put(f"/options/{key}", json=body).status_code == 403, (key, body)
    assert clerk.get("/options?user=boss@us.example").status_code == 403
    assert clerk.get("/option-changes").status_code == 403


def test_the_list_of_what_is_coming_is_as_options_say(
    boss: httpx2.Client, clerk: httpx2.Client, store: Store
) -> None:
    with store.write() as tx:
        (user,) = (u for u in people.users(tx).values() if u.name == "clerk")
        for number, days in enumerate((-9, -2, 1, 2, 3)):
            draft = FollowUpDraft(
                key=str(number),
                uid=f"{number}@us.example",
                title=f"{days}",
                when=When(now() + timedelta(days=days), zone="UTC"),
                assignees=(Assignee(user.id, owner=True),),
            )
            follow_ups.open(tx, draft, now(), now() - timedelta(days=99))

    def titles(query: str = "") -> list[str]:
        found = clerk.get(f"/follow-ups/coming{query}").json()
        return [one["title"] for one in (*found["overdue"], *found["coming"])]

    assert titles() == ["-9", "-2", "1", "2", "3"]
    boss.put("/options/coming_days", json={"value": "3"})
    boss.put("/options/coming_next", json={"value": "2"})
    assert titles() == ["-2", "1", "2"]
    assert titles("?next=1&overdue_days=20") == ["-9", "-2", "1"]
    clerk.put("/options/coming_days", json={"value": "", "user": "clerk@us.example"})
    assert titles() == ["-9", "-2", "1", "2"]
    for key, bad in (("coming_days", "-1"), ("coming_next", ""), ("coming_next", "٣")):
        assert boss.put(f"/options/{key}", json={"value": bad}).status_code == 422, bad


def test_what_an_option_does_not_take(boss: httpx2.Client) -> None:
    assert boss.put("/options/nonsense", json={"value": "1"}).status_code == 404
    for body in ({"value": "soon"}, {"value": "1 h", "entity": "x"}, {}, {"value": 3}):
        assert boss.put("/options/reminder_before", json=body).status_code == 422, body
    french = boss.put("/options/digest", json={"value": "maybe"}, headers={"Accept-Language": "fr"})
    assert french.json()["detail"].startswith("attend oui ou non")


def test_a_retired_mode_stays_readable(
    boss: httpx2.Client, clerk: httpx2.Client, store: Store
) -> None:
    new = {"code": "pigeon", "labels": {"en": "Pigeon", "fr": "Pigeon voyageur"}}
    made = boss.post("/lists/mode", json=new)
    assert made.status_code == 201
    assert boss.post("/lists/mode", json=new).status_code == 409
    with store.write() as tx:
        draft = Draft(
            keys=(ExchangeKey(KeyKind.API, "p"),),
            third_parties=(),
            contacts=(),
            direction=Direction.INBOUND,
            mode="pigeon",
            happened_at=NOW,
            source=Source.PERSON,
        )
        exchange = exchanges.add(tx, draft, NOW)
    tag = {"If-Match": made.headers["ETag"]}
    assert boss.patch("/lists/mode/pigeon", json={"retired": True}).status_code == 428
    assert clerk.patch("/lists/mode/pigeon", json={"retired": True}).status_code == 403
    gone = boss.patch("/lists/mode/pigeon", json={"retired": True}, headers=tag)
    assert gone.json()["retired_at"]
    assert boss.patch("/lists/mode/pigeon", json={"position": 0}, headers=tag).status_code == 412
    offered = [one["code"] for one in clerk.get("/lists/mode").json()["items"]]
    assert "phone" in offered
    assert "pigeon" not in offered
    assert "pigeon" in [x["code"] for x in clerk.get("/lists/mode?retired=true").json()["items"]]
    with store.read() as tx:
        stored = exchanges.get(tx, exchange.id)
        assert stored is not None
        assert stored.mode == "pigeon"
        assert lists.named(tx, "mode", "fr")["pigeon"] == "Pigeon voyageur"
        done = [entry.action for entry in audit.of(tx, "mode pigeon")]
    assert done == ["add to list of modes", "retire list entry"]
    assert boss.patch("/lists/mode/nothing", json={}, headers=tag).status_code == 404
    for labels in ({}, {"de": "x"}, {"en": " "}):
        bad = boss.post("/lists/purpose", json={"code": "x", "labels": labels})
        assert bad.status_code == 422, labels


BOX = {"name": "anna", "host": "imap.us.example", "user": "anna", "password": "s3cret-and-unique"}


def test_the_password_of_an_account_comes_in_and_never_out(
    boss: httpx2.Client, clerk: httpx2.Client, store: Store
) -> None:
    assert clerk.post("/mailboxes", json=BOX).status_code == 403
    made = boss.post("/mailboxes", json=BOX)
    assert (made.status_code, made.json()["options"]["host"]) == (201, "imap.us.example")
    assert boss.post("/mailboxes", json=BOX).status_code == 409
    one, tag = f"/mailboxes/{made.json()['id']}", made.headers["ETag"]
    other = boss.patch(one, json={"password": "an0ther-one"}, headers={"If-Match": tag})
    assert other.json()["revision"] == 2
    again = boss.patch(one, json={"port": 143}, headers={"If-Match": tag})
    assert again.status_code == 412
    with store.read() as tx:
        rows = "".join(str(tx.execute(sa.select(t)).all()) for t in metadata.sorted_tables)
        (stored,) = setups.setups(tx)
        done = [entry.action for entry in audit.of(tx, "account anna")]
    assert done == ["create mail account", "change password"]
    shown = made.text + other.text + boss.get(one).text + rows + repr(stored)
    for secret in ("s3cret-and-unique", "an0ther-one"):
        assert secret not in shown
    assert clerk.get(one).status_code == 403
    assert boss.get(f"/calendar-accounts/{made.json()['id']}").status_code == 404


def test_an_account_is_what_one_of_the_file_could_be(boss: httpx2.Client) -> None:
    for more in (
        {"owner": "nobody@us.example"},
        {"port": 0},
        {"security": "magic"},
        {"level": "all"},
        {"password": ""},
        {"shoe_size": 43},
    ):
        assert boss.post("/mailboxes", json=BOX | more).status_code == 422, more
    book = {
        "name": "anna",
        "owner": "boss@us.example",
        "url": "https://anna:pw@dav.us.example/",
        "user": "anna",
        "password": "x",
    }
    refused = boss.post("/calendar-accounts", json=book)
    assert refused.status_code == 422
    assert "pw" not in refused.text
    book["url"] = "https://dav.us.example/"
    assert boss.post("/calendar-accounts", json=book).status_code == 201


def test_rules_and_templates_are_for_who_configures(
    boss: httpx2.Client, clerk: httpx2.Client
) -> None:
    for path in ("/rules", "/templates", "/accounts"):
        assert clerk.get(path).status_code == 403
        assert boss.get(path).status_code == 200


def test_what_is_sealed_opens_with_the_same_key_only(tmp_path: Path) -> None:
    vault = Vault(b"k" * 32)
    sealed = vault.seal("pässword")
    assert "ssword" not in sealed
    assert Vault(b"k" * 32).open(sealed) == "pässword"
    for other, text in ((Vault(b"l" * 32), sealed), (vault, sealed[:-4] + "AAA="), (vault, "")):
        with pytest.raises(Unsealable):
            other.open(text)


@pytest.mark.parametrize(
    ("position", "taken"), [("10.0", True), ("1e1", True), ("10.5", False), ('"10"', False)]
)
def test_a_whole_number_is_one_however_json_spells_it(
    boss: httpx2.Client, position: str, *, taken: bool
) -> None:
    body = '{"code": "visit", "labels": {"en": "Visit"}, "position": %s}' % position  # noqa: UP031
    answer = boss.post("/lists/mode", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code == 201) is taken, answer.text
    shown = [one["position"] for one in boss.get("/lists/mode").json()["items"]]
    assert (10 in shown) is taken


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://dav.example", 201),
        ("http://calendrier.hôtel.example:8443/dav/?a=b", 201),
        ("https://@", 422),
        ("https://alice@", 422),
        ("https://alice:secret@dav.example/", 422),
        ("https://a\u0085b/", 422),
        ("ftp://dav.example/", 422),
    ],
)
def test_the_address_of_an_account_names_a_host_and_nobody(
    boss: httpx2.Client, url: str, status: int
) -> None:
    account = {
        "name": "Team",
        "owner": "boss@us.example",
        "user": "boss",
        "password": "s3cret-word",
    }
    answer = boss.post("/calendar-accounts", json=account | {"url": url})
    assert answer.status_code == status, answer.text
    assert "s3cret-word" not in answer.text


@pytest.mark.parametrize("name", ["", " \r\n", "\u3000\u2028"])
def test_of_a_name_something_is_left(boss: httpx2.Client, name: str) -> None:
    answer = boss.post("/third-parties", json={"code": "X", "name": name})
    assert answer.status_code == 422
    assert [one["parameter"] for one in answer.json()["errors"]] == ["name"]
