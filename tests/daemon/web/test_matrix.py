"""Who sees what, written by hand, against every way in: lists, one by one, search, counts,
histories, exports, explanations, the command line; on both databases. And no answer anywhere holds
a word of what its reader may not see.

Longer than a file should be, for the tables and what reads them belong side by side."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from daemon import proof, web
from daemon.cli.main import build as build_cli
from daemon.store import Store, decisions, exchanges, follow_ups, open_store, people
from daemon.store.tables import exchanges as t
from daemon.store.text import words
from daemon.web import Links, LinkText, Readiness
from rules import access, identity
from rules.model.decisions import Decision, Reason, RecordExchange, Step, Verdict
from rules.model.exchanges import (
    ConfidentialComment,
    Direction,
    Draft,
    ExchangeKey,
    KeyKind,
    Source,
)
from rules.model.followups import Assignee, FollowUpDraft
from rules.model.people import Level, Right, ThirdParty, ThirdPartyId
from rules.model.sightings import (
    AccountId,
    FolderId,
    FolderRole,
    MailPlace,
    Message,
    Sighting,
    When,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SECRET = b"k" * 32
SEE, ALL, EVERYWHERE = Right.SEE_EXCHANGES, Right.SEE_ALL_EXCHANGES, Right.SEE_ALL_ENTITIES
CONFIDENTIAL = Right.SEE_CONFIDENTIAL
DUE, ALL_DUE = Right.SEE_FOLLOW_UPS, Right.SEE_ALL_FOLLOW_UPS

# Who: entity, groups, rights of their own.
USERS = {
    "ann": ("A", (), {SEE}),
    "bob": ("A", ("sales",), {SEE}),
    "cid": ("A", (), {SEE, ALL}),
    "dan": ("B", (), {SEE}),
    "eve": ("A", (), {SEE, ALL, DUE, ALL_DUE}),
    "fay": ("B", (), {SEE, ALL, DUE, ALL_DUE}),
    "gus": ("A", (), {SEE, ALL, EVERYWHERE, DUE, ALL_DUE}),
    "hal": ("A", (), {SEE, ALL, CONFIDENTIAL}),
    # By a group that has SEE and ALL.
    "ida": ("A", ("readers",), set()),
    "jon": ("A", (), {ALL, ALL_DUE}),
    # Has left.
    "kim": ("A", ("sales",), set(Right)),
    "leo": ("A", (), {SEE, ALL, EVERYWHERE, CONFIDENTIAL}),
    "mia": ("A", ("sales",), {SEE, ALL, DUE}),
    "ned": ("A", (), set()),
    "pam": ("B", ("board",), {SEE, ALL}),
}
# What: entity, level, who took part as what, and the confidential comment's author and group.
EXCHANGES = {
    "e1": ("A", Level.EVERYTHING, {"author": "ann", "collaborators": ("ned", "kim", "hal")}, None),
    "e2": ("A", Level.SUBJECT, {"author": "ann", "collaborators": ("bob",)}, None),
    "e3": ("A", Level.HAPPENED, {"recorder": "ann", "mailbox_owner": "cid"}, None),
    "e4": ("B", Level.EVERYTHING, {"author": "dan"}, None),
    "e5": (None, Level.EVERYTHING, {"author": "dan"}, None),
    "e6": ("A", Level.EVERYTHING, {"author": "ann"}, ("ann", "sales")),
    "e7": ("A", Level.SUBJECT, {"author": "bob"}, ("bob", "sales")),
    "e8": ("B", Level.EVERYTHING, {}, (None, "board")),
}
# Entity, creator, assignees.
FOLLOW_UPS = {
    "f1": ("A", "ann", ("bob",)),
    "f2": ("B", None, ("dan",)),
    "f3": (None, None, ("cid",)),
    "f4": ("A", "ned", ("ann", "kim")),
}
# -: nothing; h: that it happened; s: its subject too; w: all of it; w+: and what is confidential;
# y: the follow-up.
MATRIX = """
        e1  e2  e3  e4  e5  e6  e7  e8  f1  f2  f3  f4
    ann w   w   w   -   -   w+  -   -   y   -   -   y
    bob -   w   -   -   -   -   w+  -   y   -   -   -
    cid w   s   w   -   w   w   s   -   -   -   y   -
    dan -   -   -   w   w   -   -   -   -   y   -   -
    eve w   s   h   -   w   w   s   -   y   -   y   y
    fay -   -   -   w   w   -   -   w   -   y   y   -
    gus w   s   h   w   w   w   s   w   y   y   y   y
    hal w   s   h   -   w   w+  s   -   -   -   -   -
    ida w   s   h   -   w   w   s   -   -   -   -   -
    jon -   -   -   -   -   -   -   -   -   -   -   -
    kim -   -   -   -   -   -   -   -   -   -   -   -
    leo w   s   h   w   w   w+  s   w+  -   -   -   -
    mia w   s   h   -   w   w+  s   -   -   -   -   -
    ned -   -   -   -   -   -   -   -   -   -   -   y
    pam -   -   -   w   w   -   -   w+  -   -   -   -
"""
_HEAD, *_ROWS = (line.split() for line in MATRIX.strip().splitlines())
EXPECTED = {row[0]: dict(zip(_HEAD, row[1:], strict=True)) for row in _ROWS}


def test_the_matrix_is_whole() -> None:
    assert EXPECTED.keys() == USERS.keys()
    assert set(_HEAD) == EXCHANGES.keys() | FOLLOW_UPS.keys()
    assert sum(len(row) for row in EXPECTED.values()) >= 120


class House:
    """The company of the tables above, in one database, behind a real server."""

    def __init__(self, store: Store, url: str) -> None:
        self.store, self.url = store, url
        self.refs: dict[str, str] = {}
        with store.write() as tx:
            entities = {code: people.put_entity(tx, code, code) for code in "AB"}
            groups = {
                "sales": people.put_group(tx, "sales"),
                "board": people.put_group(tx, "board"),
                "readers": people.put_group(tx, "readers", {SEE, ALL}),
            }
            ids = {
                name: people.put_user(
                    tx,
                    name=name,
                    email=f"{name}@us.example",
                    entities=[entities[entity]],
                    groups=[groups[group] for group in member],
                    rights=rights,
                    active=name != "kim",
                )
                for name, (entity, member, rights) in USERS.items()
            }
            self.party = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "ACME", "Acme"))
            for number, name in enumerate(EXCHANGES):
                self._record(tx, name, number, ids, entities, groups)
            for number, (name, (entity, creator, assigned)) in enumerate(FOLLOW_UPS.items()):
                draft = FollowUpDraft(
                    key=name,
                    title=f"title{name}",
                    when=When(NOW + timedelta(hours=number)),
                    assignees=tuple(Assignee(ids[u], owner=not n) for n, u in enumerate(assigned)),
                    third_party=self.party,
                    creator=ids.get(creator),
                    entity=entities.get(entity),
                    description=f"task{name}",
                )
                opened, _ = follow_ups.open(tx, draft, NOW, NOW - timedelta(days=9))
                self.refs[opened.ref] = name
            self.users = {one.name: one for one in people.users(tx).values()}
            self.groups = dict(people.groups(tx))

    def _record(self, tx, name, number, ids, entities, groups) -> None:
        entity, level, roles, secret = EXCHANGES[name]
        took_part = {
            role: tuple(ids[u] for u in who) if isinstance(who, tuple) else ids[who]
            for role, who in roles.items()
        }
        draft = Draft(
            keys=(ExchangeKey(KeyKind.MESSAGE, name),),
            third_parties=(self.party,),
            contacts=(),
            direction=Direction.INBOUND,
            mode="email",
            happened_at=NOW - timedelta(hours=number),
            source=Source.MAIL,
            entity=entities.get(entity),
            level=level,
            **took_part,
        )
        made = exchanges.add(tx, draft, NOW)
        # Who takes part may write under any level; others must not see it.
        text = {"subject": f"subject{name}", "comment": f"comment{name}"}
        text["words"] = words(*text.values())
        tx.execute(sa.update(t.exchange).where(t.exchange.c.id == made.id).values(**text))
        if secret is not None:
            author, group = secret
            hidden = ConfidentialComment(
                f"secret{name}", ids.get(author), frozenset({groups[group]})
            )
            exchanges.put_confidential(tx, made.id, hidden, NOW)
        # A copy of it was judged, and why is remembered.
        place = MailPlace(FolderId(1), FolderRole.INBOX, "INBOX", 1, number + 1)
        seen = Sighting(AccountId(1), None, place, Message())
        why = (Step("subject", "matched", f"comment{name}"),)
        effects = (RecordExchange(draft),)
        judged = Decision(Verdict.RECORD, Reason.MATCHED, "rules", why, effects, level)
        digest = identity.digest(SECRET, f"{name}@x.example")
        decisions.append(tx, seen, judged, made.id, digest, NOW)
        self.refs[made.ref] = name

    def ref(self, name: str) -> str:
        return next(ref for ref, known in self.refs.items() if known == name)


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    from daemon.store import upgrade
    from tests.servers import postgres

    if request.param == "postgresql":
        with postgres.start() as url:
            upgrade(url)
            store = open_store(url)
            yield House(store, url)
            store.close()
        return
    url = f"sqlite:///{tmp_path_factory.mktemp('matrix')}/db.sqlite"
    upgrade(url)
    store = open_store(url)
    yield House(store, url)
    store.close()


@pytest.fixture(scope="module")
def server(house: House) -> Iterator[web.Server]:
    callers = {web.token_hash(name): user for name, user in house.users.items()}
    link = LinkText("", "", "en")
    app = web.build(
        house.store, lambda: Readiness(()), callers, Links(lambda _: link, lambda _: link)
    )
    running = web.Server(app, "127.0.0.1", 0)
    running.start()
    yield running
    running.stop()


class Reading:
    """What one user gets by one way in: of each thing a letter of the matrix; every answer is
    looked through for words that this user may not read."""

    def __init__(self, house: House, address: str, name: str) -> None:
        self._house, self.name = house, name
        self._client = httpx2.Client(
            base_url=address, timeout=60, headers={"Authorization": f"Bearer {name}"}
        )
        self._forbidden = [
            word
            for thing, seen in EXPECTED[name].items()
            for word, shown_to in (
                (f"subject{thing}", "sw"),
                (f"comment{thing}", "w"),
                (f"secret{thing}", "+"),
                (f"title{thing}", "y"),
                (f"task{thing}", "y"),
            )
            if not set(shown_to) & set(seen)
        ]

    def get(self, path: str, **params) -> httpx2.Response:
        answer = self._client.get(f"/api/v1/{path}", params=params)
        assert answer.status_code < 500, answer.text
        asked = str(params.get("text", ""))
        self.checked(answer.text + str(answer.headers), but=asked)
        return answer

    def checked(self, said: str, but: str = "") -> None:
        leaked = [word for word in self._forbidden if word in said and word != but]
        assert not leaked, (self.name, leaked, said[:500])

    def items(self, path: str, **params) -> list[dict]:
        answer = self.get(path, **params)
        return answer.json()["items"] if answer.status_code == 200 else []

    def shown(self, items) -> dict[str, str]:
        """Letters of these exchanges."""
        found = {}
        for item in items:
            letter = "w" if item["comment"] else "s" if item["subject"] else "h"
            found[self._house.refs[item["ref"]]] = letter
        return found


@pytest.fixture(params=sorted(USERS))
def reading(request: pytest.FixtureRequest, house: House, server: web.Server) -> Reading:
    return Reading(house, server.url, request.param)


# Who differs most from the others; all the others are asked at length (`--long`).
_SOME = ("ann", "bob", "hal", "kim", "mia", "ned", "pam")
some_at_least = pytest.mark.parametrize(
    "reading",
    [pytest.param(n, marks=() if n in _SOME else pytest.mark.long) for n in sorted(USERS)],
    indirect=True,
)


def letters(name: str, things) -> dict[str, str]:
    """What the matrix says is seen of these, without what is confidential."""
    return {k: v.rstrip("+") for k, v in EXPECTED[name].items() if k in things and v != "-"}


def test_every_way_in_shows_what_the_matrix_says(
    reading: Reading, house: House, server: web.Server
) -> None:
    name, expected = reading.name, letters(reading.name, EXCHANGES)
    to_do = set(letters(name, FOLLOW_UPS))

    assert reading.shown(reading.items("exchanges")) == expected
    assert reading.shown(reading.items("exchanges", third_party=house.party)) == expected
    pages, cursor = {}, {}
    while True:
        page = reading.get("exchanges", limit=2, **cursor)
        if page.status_code != 200:
            break
        pages |= reading.shown(page.json()["items"])
        if page.json()["next"] is None:
            break
        cursor = {"cursor": page.json()["next"]}
    assert pages == expected

    one_by_one = [
        answer.json()
        for thing in EXCHANGES
        if (answer := reading.get(f"exchanges/{house.ref(thing)}")).status_code == 200
    ]
    assert reading.shown(one_by_one) == expected

    counted = reading.get("exchanges/count")
    number = counted.json()["count"] if counted.status_code == 200 else 0
    assert number == len(expected)

    exported = reading.get("exchanges/export")
    rows = exported.text.removeprefix("\ufeff") if exported.status_code == 200 else ""
    assert reading.shown(csv.DictReader(io.StringIO(rows))) == expected

    history = reading.items("history", third_party=house.party)
    by_noun = {
        e["noun"]: [x[x["noun"]] for x in history if x["noun"] == e["noun"]] for e in history
    }
    assert reading.shown(by_noun.get("exchange", [])) == expected
    if history or name not in ("jon", "kim", "ned"):
        shown = {house.refs[f"FU-{one['id']}"] for one in by_noun.get("follow_up", [])}
        assert shown == to_do

    due = {house.refs[f"FU-{one['id']}"] for one in reading.items("follow-ups")}
    assert due == to_do
    got = {
        thing
        for thing in FOLLOW_UPS
        if reading.get(f"follow-ups/{house.ref(thing)}").status_code == 200
    }
    assert got == to_do


@some_at_least
def test_words_are_found_by_whom_the_matrix_shows_them(reading: Reading, house: House) -> None:
    for thing in EXCHANGES:
        seen = EXPECTED[reading.name][thing]
        for word, finds in (
            (f"subject{thing}", "w" in seen),
            (f"comment{thing}", "w" in seen),
            (f"secret{thing}", "+" in seen),
        ):
            found = reading.shown(reading.items("exchanges", text=word))
            assert set(found) == ({thing} if finds else set()), (reading.name, word)
            counted = reading.get("exchanges/count", text=word)
            if counted.status_code == 200:
                assert counted.json() == {"count": int(finds), "more": False}
        answer = reading.get(f"exchanges/{house.ref(thing)}/confidential")
        assert (answer.status_code == 200) == ("+" in seen)
    for thing in FOLLOW_UPS:
        found = reading.items("follow-ups", text=f"task{thing}")
        assert bool(found) == (EXPECTED[reading.name][thing] == "y")


@some_at_least
def test_neighbours_skip_what_is_not_seen(reading: Reading, house: House) -> None:
    # The list is newest first, and so are their names.
    seen = list(letters(reading.name, EXCHANGES))
    for place, thing in enumerate(seen):
        beside = reading.get(f"exchanges/{house.ref(thing)}/neighbours").json()
        before = house.ref(seen[place - 1]) if place else None
        after = house.ref(seen[place + 1]) if place + 1 < len(seen) else None
        assert (beside["previous"], beside["next"]) == (before, after)


def test_explanations_name_what_is_seen(reading: Reading, house: House) -> None:
    scope = access.scope(house.users[reading.name], house.groups)
    expected = letters(reading.name, EXCHANGES)
    for thing in EXCHANGES:
        found = proof.explain(house.store, None, SECRET, f"{thing}@x.example", (), scope)
        named = {house.refs[one.exchange] for one in found if one.exchange}
        assert named == ({thing} if thing in expected else set())
        reading.checked(str(found))


@some_at_least
def test_the_command_line_shows_what_the_matrix_says(
    reading: Reading, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "suivi.toml"
    config.write_text(
        f'state_dir = "{tmp_path}/state"\nruntime_dir = "{tmp_path}/run"\n'
        '[company]\nname = "Us"\ndomains = ["us.example"]\ntimezone = "Europe/Paris"\n'
        f'[database]\nurl = "{house.url}"\n[http]\nlisten = "127.0.0.1:0"\n'
    )
    config.chmod(0o600)
    monkeypatch.setenv("SUIVI_CONFIG", str(config))
    as_user = ("--as", f"{reading.name}@us.example", "--json")

    def told(*arguments: str):
        done = CliRunner().invoke(build_cli(), [*arguments, *as_user])
        assert done.exit_code == 0, (done.output, done.exception)
        reading.checked(done.stdout)
        return json.loads(done.stdout)

    history = told("history", "ACME")
    assert reading.shown(history["exchanges"]) == letters(reading.name, EXCHANGES)
    due = set(letters(reading.name, FOLLOW_UPS))
    assert {house.refs[f"FU-{one['id']}"] for one in history["follow_ups"]} == due
    assert {house.refs[one["ref"]] for one in told("follow-ups")} == due
