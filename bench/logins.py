"""How long a login takes, for users that there are and users that there are not; and how many
guesses get through: against one account, and from one address. Prints JSON.

    ./run bench logins [TRIES]
"""

import json
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.logins.desk import Desk, Place
from daemon.logins.entering import Wait, prove
from daemon.logins.passwords import Hasher
from daemon.store import Store, open_store, passwords, people, upgrade
from rules.logins import ACCOUNT, Patience

NEVER = Patience(10**9, timedelta(), timedelta(), timedelta(1))


def main() -> None:
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'suivi.sqlite3'}"
        upgrade(url)
        store = open_store(url)
        hasher = Hasher()
        with store.write() as tx:
            alice = people.put_user(tx, name="Alice", email="alice@us.example")
            passwords.put(tx, alice, hasher.hashed("correct horse battery"), datetime.now(UTC))
        print(json.dumps(timing(store, hasher, tries) | guesses(store)))
        store.close()


def timing(store: Store, hasher: Hasher, tries: int) -> dict[str, float]:
    """Milliseconds, in turns, so that what else the machine does falls on both alike; and the share
    of pairs in which the known user took longer, which is 0.5 where nobody can tell."""
    desk = Desk(store, hasher, key=b"k", account=NEVER, address=NEVER)
    found: dict[str, list[float]] = {"alice@us.example": [], "nobody@us.example": []}
    for _ in range(tries):
        for name in random.sample(list(found), 2):
            begun = time.perf_counter()
            prove(desk, name, "wrong", Place("192.0.2.1"), datetime.now(UTC))
            found[name].append((time.perf_counter() - begun) * 1000)
    known, unknown = found.values()
    longer = sum(a > b for a, b in zip(known, unknown, strict=True)) / tries
    return {
        "known_median_ms": round(statistics.median(known), 2),
        "unknown_median_ms": round(statistics.median(unknown), 2),
        "known_longer": round(longer, 3),
    }


def guesses(store: Store) -> dict[str, int]:
    """How many tries a patient attacker gets, who comes back the moment that a pause ends."""
    told = {}
    for what, hours in (("first_hour", 1), ("first_day", 24)):
        told[f"tries_account_{what}"] = _patient(store, hours, f"a{hours}@us.example", "")
        told[f"tries_address_{what}"] = _patient(store, hours, "", f"203.0.113.{hours}")
    return told


def _patient(store: Store, hours: int, name: str, address: str) -> int:
    from argon2 import PasswordHasher

    cheap = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    desk = Desk(store, cheap, key=b"k")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    end, made = now + timedelta(hours=hours), 0
    while now < end:
        # Against one account from ever other addresses, or from one against ever other accounts.
        who = name or f"user{made}@us.example"
        result = prove(desk, who, "wrong", Place(address or f"198.51.{made % 250}.{hours}"), now)
        if isinstance(result, Wait):
            now += result.pause
        else:
            made += 1
    return made


if __name__ == "__main__":
    assert ACCOUNT.free == 5
    main()
