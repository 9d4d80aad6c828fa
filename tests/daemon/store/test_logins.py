"""What lets people in, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from argon2 import PasswordHasher

from daemon.logins import choosing, secret
from daemon.logins.desk import Desk, Place
from daemon.logins.entering import Entered, Wait, begin, prove
from daemon.logins.leaving import leave
from daemon.logins.passwords import Hasher
from daemon.store import (
    Store,
    audit,
    failed_logins,
    installation,
    passwords,
    people,
    sessions,
    tokens,
)
from rules.logins import Scope
from rules.model.people import Right, User, UserId

DAY = timedelta(days=1)
CHEAP = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PHRASE = "correct horse battery"


def desk(store: Store) -> Desk:
    return Desk(store, CHEAP, key=b"k")


def user(store: Store, number: UserId, now: datetime, **changes) -> User:
    with store.write() as tx:
        if changes:
            people.put_user(tx, name="Anna", email="anna@we.example", **changes)
        passwords.put(tx, number, CHEAP.hashed(PHRASE), now)
        found = people.get_user(tx, number)
    assert found is not None
    return found


def entered(store: Store, anna: User, now: datetime) -> Entered:
    return begin(desk(store), anna, "password", Place("192.0.2.1", "a browser"), now)


def test_a_session_is_found_by_its_secret_until_it_is_ended(store: Store, world, now) -> None:
    anna = user(store, world.anna, now)
    one, two = entered(store, anna, now), entered(store, anna, now)
    with store.write() as tx:
        assert [s.id for s in sessions.of(tx, anna.id)] == [two.session, one.session]
        assert not sessions.end(tx, world.bob, one.session, now)
        assert sessions.end(tx, anna.id, one.session, now)
        assert not sessions.end(tx, anna.id, one.session, now)
        assert sessions.find(tx, secret.hashed(one.secret)) is None
        assert sessions.known_place(tx, anna.id, "192.0.2.1")
        sessions.forget_all(tx, anna.id, but=two.session)
        found = sessions.find(tx, secret.hashed(two.secret))
        assert found is not None and found.agent == "a browser"
        sessions.clear(tx, now + DAY)
        assert not sessions.known_place(tx, anna.id, "192.0.2.1")


def test_many_tries_at_once_are_as_many_failures(store: Store, world, now) -> None:
    user(store, world.anna, now)

    def guess(number: int) -> object:
        return prove(desk(store), "anna@we.example", "wrong", Place(f"192.0.2.{number}"), now)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(guess, range(8)))
    assert sum(isinstance(result, Wait) for result in found) == 3
    with store.read() as tx:
        failures = failed_logins.get(tx, "account", desk(store).account_key("anna@we.example"))
        assert failures is not None and failures.number == 5
        assert len(audit.of(tx, f"user {world.anna}")) == 5


def test_success_forgets_the_failures_of_the_account(store: Store, world, now) -> None:
    anna = user(store, world.anna, now)
    for password in ("wrong", "wrong", PHRASE):
        result = prove(desk(store), "ANNA@we.example", password, Place("192.0.2.1"), now)
    assert result == anna
    with store.read() as tx:
        assert failed_logins.get(tx, "account", desk(store).account_key(anna.email)) is None
        nearby = failed_logins.get(tx, "address", desk(store).address_key("192.0.2.1"))
        assert nearby is not None and nearby.number == 2


def test_a_token_is_known_by_its_hash_and_ends(store: Store, world, now) -> None:
    with store.write() as tx:
        number = tokens.add(tx, world.anna, "x", "hash", {Scope.READ}, now, now + DAY)
        token = tokens.find(tx, "hash")
        assert token is not None and (token.id, token.scopes) == (number, {Scope.READ})
        assert token.valid(now) and not token.valid(now + DAY)
        tokens.touch(tx, number, now)
        tokens.revoke(tx, number, now)
        again = tokens.get(tx, number)
        assert again is not None and not again.valid(now) and again.used_at == now
        assert tokens.all_of(tx) == ()


def test_a_link_is_used_once_and_by_one_of_two(store: Store, world, now) -> None:
    with store.write() as tx:
        told = choosing.invite(tx, world.anna, "test", now)

    def accept(number: int) -> bool:
        try:
            choosing.accept(desk(store), told, f"{PHRASE} {number}", now)
        except choosing.NoInvitation:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(accept, range(4))) == 1
    with store.read() as tx:
        assert passwords.invited(tx, secret.hashed(told), now) is None


def test_who_can_enter_as_admin(store: Store, world, now) -> None:
    user(store, world.anna, now)
    with store.write() as tx:
        assert not passwords.admin_can_enter(tx)
        group = people.put_group(tx, "Heads", [Right.MANAGE_USERS])
        people.put_user(tx, name="Anna", email="anna@we.example", groups=[group])
        assert passwords.admin_can_enter(tx)
        people.put_user(tx, name="Anna", email="anna@we.example", groups=[group], active=False)
        assert not passwords.admin_can_enter(tx)


def test_who_left_has_nothing_left_and_a_restored_backup_lets_nobody_in(
    store: Store, world, now
) -> None:
    anna = user(store, world.anna, now)
    with store.write() as tx:
        bob = people.get_user(tx, world.bob)
    assert bob is not None
    stays = entered(store, bob, now)
    gone = entered(store, anna, now)
    with store.write() as tx:
        tokens.add(tx, anna.id, "x", "hash", {Scope.READ}, now, None)
        told = choosing.invite(tx, anna.id, "test", now)
        leave(tx, anna, "test", now)
        assert sessions.find(tx, secret.hashed(gone.secret)) is None
        assert sessions.find(tx, secret.hashed(stays.secret)) is not None
        assert tokens.all_of(tx) == ()
        assert passwords.invited(tx, secret.hashed(told), now) is None
        installation.hold(tx, now)
        assert sessions.find(tx, secret.hashed(stays.secret)) is None
