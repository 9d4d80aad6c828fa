"""A small company whose people call the API: who may do what, and third parties to deal with."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

from daemon import web
from daemon.sheet.desk import Desk
from daemon.store import Store, installation, people
from daemon.web import Links, Readiness
from rules.model.people import (
    Contact,
    ContactId,
    GroupId,
    Right,
    ThirdParty,
    ThirdPartyId,
    User,
    UserId,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
# Never used, and slow to make: one is enough for all clients.
_TLS = ssl.create_default_context()

STAFF = {
    Right.SEE_EXCHANGES,
    Right.CREATE_EXCHANGES,
    Right.SEE_FOLLOW_UPS,
    Right.CREATE_FOLLOW_UPS,
}
RIGHTS: dict[str, set[Right]] = {
    "anna": {*STAFF, Right.ASSIGN_FOLLOW_UPS, Right.DELETE_EXCHANGES, Right.DELETE_FOLLOW_UPS},
    "bob": {*STAFF, Right.SEE_ALL_EXCHANGES, Right.SEE_ALL_FOLLOW_UPS},
    "carl": set(Right),
    "dora": {*STAFF, Right.SEE_ALL_EXCHANGES, Right.EDIT_ANY_EXCHANGE},
    # Of the other entity.
    "emil": {*STAFF, Right.SEE_ALL_EXCHANGES, Right.SEE_ALL_FOLLOW_UPS},
}
"""By name; the address is `NAME@we.example`, the token the name."""


@dataclass(frozen=True)
class Company:
    """Third parties: `acme` with the contact `carla`, and `kombu` of the other entity."""

    store: Store
    url: str
    users: dict[str, UserId]
    sales: GroupId
    acme: ThirdPartyId
    kombu: ThirdPartyId
    carla: ContactId
    woken: list[None]

    def client(self, name: str) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {name}"}
        return httpx2.Client(base_url=self.url, timeout=30, headers=headers, verify=_TLS)

    def call(self, name: str, method: str, path: str, **more: Any) -> httpx2.Response:
        with self.client(name) as client:
            return client.request(method, f"/api/v1{path}", **more)

    def exchange(self, name: str = "anna", **more: Any) -> dict[str, Any]:
        """Record one; what the API says of it."""
        given = {
            "direction": "inbound",
            "mode": "phone",
            "contacts": [self.carla],
            "subject": "Devis",
            "comment": "Vu les questions",
            **more,
        }
        answer = self.call(name, "POST", "/exchanges", json=given)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()["exchange"]
        return made


@contextmanager
def company(store: Store, **builtin: Any) -> Iterator[Company]:
    """The company over this store, its API running."""
    with store.write() as tx:
        installation.ensure(tx, NOW, None)
        main, other = people.put_entity(tx, "main", "Us"), people.put_entity(tx, "other", "They")
        sales = people.put_group(tx, "Sales")
        for name, rights in RIGHTS.items():
            people.put_user(
                tx,
                name=name.title(),
                email=f"{name}@we.example",
                entities=[other if name == "emil" else main],
                rights=rights,
                timezone="Europe/Paris",
                groups=[sales] if name == "bob" else [],
            )
        acme = people.put_third_party(
            tx, ThirdParty(ThirdPartyId(0), "CU1", "Acmé", domains=("acme.example",))
        )
        kombu = people.put_third_party(
            tx, ThirdParty(ThirdPartyId(0), "CU2", "Kombu", entity=other)
        )
        carla = people.put_contact(
            tx, Contact(ContactId(0), acme, "Carla", emails=("carla@acme.example",))
        )
        users = {user.email.split("@")[0]: user for user in people.users(tx).values()}
    woken: list[None] = []
    desk = Desk(
        sender="suivi@we.example",
        woken=lambda: woken.append(None),
        **({"builtin": {**Desk().builtin, **builtin}} if builtin else {}),
    )
    callers: dict[str, User] = {web.token_hash(name): user for name, user in users.items()}
    app = web.build(store, lambda: Readiness(()), callers, Links(_no, _no), desk=lambda: desk)
    server = web.Server(app, "127.0.0.1", 0)
    server.start()
    ids = {name: user.id for name, user in users.items()}
    try:
        yield Company(store, server.url, ids, sales, acme, kombu, carla, woken)
    finally:
        server.stop()


def _no(_token: str) -> Any:
    raise AssertionError("no link is opened here")
