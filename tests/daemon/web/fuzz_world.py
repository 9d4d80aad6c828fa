"""A small company in which every operation has something to work on."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

from daemon.logins import choosing, secret
from daemon.logins.desk import Desk
from daemon.logins.passwords import Hasher
from daemon.sheet.desk import Desk as Writing
from daemon.store import (
    Store,
    Tx,
    accounts,
    ambiguities,
    exchanges,
    folders,
    follow_ups,
    installation,
    lists,
    passwords,
    people,
    setups,
    tokens,
)
from rules.identity import key
from rules.logins import Patience, Scope
from rules.model.decisions import Ambiguous, By
from rules.model.exchanges import (
    ConfidentialComment,
    Direction,
    Draft,
    ExchangeKey,
    KeyKind,
    LinkedElement,
    Source,
)
from rules.model.followups import Assignee, FollowUpDraft
from rules.model.people import (
    Contact,
    ContactId,
    Level,
    PartyKind,
    Right,
    ThirdParty,
    ThirdPartyId,
    UserId,
)
from rules.model.sightings import FolderRole, MailPlace, Message, Sighting, When
from rules.model.wire import FolderInfo, FolderState

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
ADMIN = "suivi_token-of-an-administrator"
WEAK = "suivi_token-of-who-may-do-nothing"
FEED = "suivi_address-of-a-calendar"
MACHINE = "the-token-of-the-machine-itself"


@dataclass(frozen=True)
class Told:
    """What schemathesis is told (`fuzz_hooks`), by the names of parameters and properties: what
    exists, what always has to look so, and what may be deleted."""

    known: dict[str, list]
    always: dict[str, list]
    doomed: dict[str, list]


def desk(store: Store) -> Desk:
    """Passwords cost little here, and guesses never wait: what waits can't be tried."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    never = Patience(10**9, timedelta(), timedelta(), timedelta(1))
    return Desk(store, Hasher(cheap), key=b"k" * 32, account=never, address=never)


def writing_desk() -> Writing:
    """Mails may be written."""
    return Writing(sender="suivi@us.example")


def populated(store: Store) -> Told:
    """Fills the store."""
    with store.write() as tx:
        installation.ensure(tx, NOW, None)
        # Numbers 1 and 2 are what is made up most: nothing that others need should have them.
        others = [people.put_entity(tx, f"decoy{count}", "Others") for count in range(3)]
        teams = [people.put_group(tx, f"Decoys {count}") for count in range(3)]
        entity = people.put_entity(tx, "main", "Us")
        group = people.put_group(tx, "Sales", [Right.SEE_ALL_EXCHANGES])
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
        decoys = [_party(tx, f"D{count}") for count in range(60)]
        parties = [_party(tx, code) for code in ("DUP", "LEF")]
        contacts = [_contact(tx, decoys[0], count) for count in range(1, 121)]
        contact = _contact(tx, parties[0], 121)
        for count in range(60):
            people.put_identity(tx, key(f"x{count}@dup.example"), parties[0], alice, NOW)
        asked = _questions(tx, alice, parties)
        boxes = [_setup(tx, "mail", count) for count in range(60)]
        calendars = [_setup(tx, "calendar", count) for count in range(60)]
        lists.put(tx, "purpose", "quote", {"en": "Quote", "fr": "Devis"})
        # One that may be changed and retired: nothing else needs it.
        lists.put(tx, "purpose", "visit", {"en": "Visit", "fr": "Visite"})
        lists.put(tx, "product", "saw", {"en": "Saw", "fr": "Scie"})
        # Many, for each operation that deletes takes some away.
        dealings = [_dealing(tx, count, parties[0], alice) for count in range(300)]
    return Told(
        known={
            "third_party": [parties[0]],
            "third-parties.number": [parties[1]],
            "contacts.number": contacts[60:],
            "ambiguities.number": asked,
            "/lists.code": ["visit"],
            "/mailboxes.number": boxes[:10],
            "/calendar-accounts.number": calendars[:10],
            "users.number": [zoe],
            "groups.number": [teams[2]],
            "entities.number": [others[2]],
            "tokens.number": [number],
            "invitation": [invitation],
            "secret": [FEED],
            "exchange": [exchange for exchange, _ in dealings[200:]],
            "follow_up": [follow_up for _, follow_up in dealings[200:]],
        },
        always={
            "session.email": ["alice@us.example"],
            "password": [PASSWORD],
            "current_password": [PASSWORD],
            "new_password": [PASSWORD],
            "If-Match": ["*"],
            "timezone": ["Europe/Paris"],
            "entities": ["main"],
            "groups.members": ["zoe@us.example"],
            "entity": ["main"],
            "mode": ["phone"],
            "purpose": ["quote"],
            "products": ["saw"],
            "author": ["alice@us.example"],
            "collaborators": ["bob@us.example"],
            "follow-ups.email": ["bob@us.example"],
            "exchanges.email": ["bob@us.example"],
            "groups": ["Sales"],
            "zone": ["Europe/Paris"],
            "start": ["2026-12-01T10:00:00Z"],
            "end": ["2026-12-01T11:00:00Z"],
            "third_parties": [parties[0]],
            "follow-ups.exchange": [exchange for exchange, _ in dealings[200:]],
            "exchanges.type": ["quote"],
            "exchanges.ref": ["PR1"],
            "contacts": [contact],
            "contact": [contact],
            "third_party_code": ["DUP"],
            "elements.third_party": [parties[0]],
            "events.third_party": [parties[0]],
            "follow-ups.third_party": [parties[0]],
            "exchanges.third_party": [parties[0]],
            "title": ["Relance"],
            "template": ["reminder"],
            "follow-ups.to": ["+3d"],
            "repeats": ["FREQ=MONTHLY;BYDAY=1MO"],
            "?to": ["2026-12-01"],
            "exchanges.to": ["carla@dup.example"],
            "exchanges.cc": ["carla@dup.example"],
            "/users.user": [yann],
            "user": ["alice@us.example"],
            "owner": ["alice@us.example"],
            "group": ["Sales"],
            "/options.key": ["reminders"],
            "options.value": ["yes"],
            "/lists.which": ["purpose"],
            "contacts.email": ["carla@dup.example"],
            "contacts.emails": ["carla@dup.example"],
            "contacts.third_party": [decoys[0]],
            "contacts.into": [contacts[119]],
            "third-parties.into": [decoys[59]],
            "imports.into": [parties[0]],
            "identity-rules.email": ["new@dup.example"],
            "identity-rules.third_party": [parties[0]],
            "ambiguities.third_party": [parties[0]],
        },
        doomed={
            "exchange": [exchange for exchange, _ in dealings[:200]],
            "follow_up": [follow_up for _, follow_up in dealings[:200]],
            "third-parties.number": decoys[6:59],
            "/mailboxes.number": boxes[10:],
            "/calendar-accounts.number": calendars[10:],
            "contacts.number": contacts[6:60],
            "identity-rules.email": [f"x{count}@dup.example" for count in range(60)],
        },
    )


def _entrance(tx: Tx, store: Store, alice: UserId, bob: UserId, yann: UserId) -> tuple[int, str]:
    """Tokens for Alice and Bob; a password, a feed and one more token for Alice, and a link for
    Yann."""
    day = NOW.replace(year=2036)
    passwords.put(tx, alice, desk(store).hasher.hashed(PASSWORD), NOW)
    # Small numbers are made up: a token that calls should have none of them.
    for count in range(300):
        tokens.add(tx, yann, "decoy", f"hash {count}", [Scope.READ], NOW, day)
    tokens.add(tx, alice, "phone", secret.hashed(FEED), [Scope.FEED], NOW, day)
    for user, told in ((alice, ADMIN), (bob, WEAK), (alice, "suivi_another-token-of-hers")):
        number = tokens.add(tx, user, "fuzz", secret.hashed(told), [Scope.ADMIN], NOW, day)
    return number, choosing.invite(tx, yann, "test", datetime.now(UTC))


def _setup(tx: Tx, kind: str, number: int) -> int:
    """An account that was set up over the API."""
    where = {"host": "imap.example"} if kind == "mail" else {"url": "https://dav.example/"}
    options = where | {"name": f"{kind} {number}", "owner": "alice@us.example", "user": "alice"}
    return setups.add(tx, setups.Setup(0, kind, f"{kind} {number}", options, "sealed")).id


def _contact(tx: Tx, party: ThirdPartyId, number: int) -> ContactId:
    """A contact whose address has its number, which is the next one."""
    one = Contact(ContactId(0), party, "Carla", emails=(f"carla{number}@dup.example",))
    return people.put_contact(tx, one)


def _questions(tx: Tx, owner: UserId, parties: list[ThirdPartyId]) -> list[int]:
    """Some messages of which a person is asked whose they are."""
    account = accounts.declare(tx, "mail", "alice", "imap", owner, Level.EVERYTHING, NOW)
    info, state = (
        FolderInfo("INBOX", FolderRole.INBOX),
        FolderState("INBOX", uidvalidity=7, uidnext=1000, exists=900),
    )
    folder = folders.seen(tx, account, info, state, NOW).id
    tie = Ambiguous(tuple(parties), (), By.DOMAIN)
    for uid in range(1, 40):
        place = MailPlace(folder, FolderRole.INBOX, "INBOX", 7, uid)
        ambiguities.ask(tx, Sighting(account, owner, place, Message()), tie, NOW, f"m{uid}")
    return [one.id for one in ambiguities.open_ones(tx)]


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


def _dealing(tx: Tx, number: int, party: ThirdPartyId, user: UserId) -> tuple[str, str]:
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
        elements=(LinkedElement("quote", "PR1"),),
        confidential=ConfidentialComment("à voir", user, frozenset()),
    )
    exchange = exchanges.add(tx, draft, NOW)
    plan = FollowUpDraft(
        key=f"f{number}",
        uid=f"f{number}@us.example",
        title=f"Relance {number}",
        when=When(NOW + timedelta(minutes=number), zone="Europe/Paris"),
        assignees=(Assignee(user, owner=True),),
        third_party=party,
    )
    opened = follow_ups.open(tx, plan, NOW, NOW - timedelta(days=9))
    return exchange.ref, opened[0].ref
