"""A small company in which every operation has something to work on."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

from daemon.logins import choosing, secret
from daemon.logins.desk import Desk
from daemon.logins.passwords import Hasher
from daemon.store import (
    Store,
    Tx,
    exchanges,
    follow_ups,
    installation,
    passwords,
    people,
    tokens,
)
from rules.logins import Patience, Scope
from rules.model.exchanges import Direction, Draft, ExchangeKey, KeyKind, Source
from rules.model.followups import Assignee, FollowUpDraft
from rules.model.people import (
    Contact,
    ContactId,
    PartyKind,
    Right,
    ThirdParty,
    ThirdPartyId,
    UserId,
)
from rules.model.sightings import When

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
ADMIN = "suivi_token-of-an-administrator"
WEAK = "suivi_token-of-who-may-do-nothing"


@dataclass(frozen=True)
class Told:
    """What schemathesis is told (`fuzz_hooks`), by the names of parameters and properties: what
    exists, and what always has to look so."""

    known: dict[str, list]
    always: dict[str, list]


def desk(store: Store) -> Desk:
    """Passwords cost little here, and guesses never wait: what waits can't be tried."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    never = Patience(10**9, timedelta(), timedelta(), timedelta(1))
    return Desk(store, Hasher(cheap), key=b"k" * 32, account=never, address=never)


def populated(store: Store) -> Told:
    """Fills the store."""
    with store.write() as tx:
        installation.ensure(tx, NOW, None)
        entity = people.put_entity(tx, "main", "Us")
        group = people.put_group(tx, "Sales", [Right.SEE_ALL_EXCHANGES])
        # Number 1 is what is made up most: it should not be who calls.
        zoe = people.put_user(tx, name="Zoe", email="zoe@us.example", rights=[])
        alice = people.put_user(
            tx,
            name="Alice",
            email="alice@us.example",
            entities=[entity],
            groups=[group],
            rights=Right,
        )
        bob = people.put_user(tx, name="Bob", email="bob@us.example", rights=[])
        yann = people.put_user(tx, name="Yann", email="yann@us.example", rights=[])
        number, invitation = _entrance(tx, store, alice, bob, yann)
        parties = [_party(tx, code) for code in ("DUP", "LEF")]
        contact = people.put_contact(
            tx, Contact(ContactId(0), parties[0], "Carla", emails=("carla@dup.example",))
        )
        for count in range(4):
            _dealing(tx, count, parties[count % 2], alice)
    return Told(
        known={
            "third_party": list(parties),
            "third-parties.number": list(parties),
            "contacts.number": [contact],
            "users.number": [zoe],
            "users.user": [yann],
            "groups.number": [group],
            "entities.number": [entity],
            "tokens.token": [number],
            "invitation": [invitation],
        },
        always={
            "session.email": ["alice@us.example"],
            "password": [PASSWORD],
            "current_password": [PASSWORD],
            "new_password": [PASSWORD],
            "If-Match": ["*"],
            "timezone": ["Europe/Paris"],
            "users.groups": ["Sales"],
            "users.entities": ["main"],
            "groups.members": ["zoe@us.example"],
            "third-parties.entity": ["main"],
        },
    )


def _entrance(tx: Tx, store: Store, alice: UserId, bob: UserId, yann: UserId) -> tuple[int, str]:
    """Tokens for Alice and Bob; a password and one more token for Alice, and a link for Yann."""
    day = NOW.replace(year=2036)
    passwords.put(tx, alice, desk(store).hasher.hashed(PASSWORD), NOW)
    for user, told in ((alice, ADMIN), (bob, WEAK), (alice, "suivi_another-token-of-hers")):
        number = tokens.add(tx, user, "fuzz", secret.hashed(told), [Scope.ADMIN], NOW, day)
    return number, choosing.invite(tx, yann, "test", datetime.now(UTC))


def _party(tx: Tx, code: str) -> ThirdPartyId:
    return people.put_third_party(
        tx,
        ThirdParty(
            ThirdPartyId(0),
            code,
            f"{code} & Fils",
            kinds=frozenset({PartyKind.CUSTOMER}),
            domains=(f"{code.lower()}.example",),
        ),
    )


def _dealing(tx: Tx, number: int, party: ThirdPartyId, user: UserId) -> None:
    draft = Draft(
        keys=(ExchangeKey(KeyKind.API, f"k{number}"),),
        third_parties=(party,),
        contacts=(),
        direction=Direction.OUTBOUND,
        mode="phone",
        happened_at=NOW - timedelta(hours=number),
        source=Source.PERSON,
        subject=f"Appel {number}",
        comment="au sujet de la réunion",
        author=user,
        recorder=user,
    )
    exchanges.add(tx, draft, NOW)
    plan = FollowUpDraft(
        key=f"f{number}",
        uid=f"f{number}@us.example",
        title=f"Relance {number}",
        when=When(NOW + timedelta(hours=number), zone="Europe/Paris"),
        assignees=(Assignee(user, owner=True),),
        third_party=party,
    )
    follow_ups.open(tx, plan, NOW, NOW - timedelta(days=9))
