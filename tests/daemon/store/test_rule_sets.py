"""Rules files as they were put in force: the last good set outlives a stop."""

from datetime import datetime, timedelta

import pytest

from daemon.store import Store, rule_sets

HOUR = timedelta(hours=1)
FILES = (("10-a.yaml", "version: 1\n# é\n"), ("20-b.yaml", "version: 1\n"))


def test_the_newest_is_the_last_and_each_is_found_by_its_fingerprint(
    store: Store, now: datetime
) -> None:
    with store.write() as tx:
        assert rule_sets.last(tx) is None
        rule_sets.put(tx, "one", FILES, now)
        rule_sets.put(tx, "two", (), now + HOUR)
    with store.read() as tx:
        assert rule_sets.last(tx) == rule_sets.KeptSet("two", (), now + HOUR)
        assert rule_sets.of(tx, "one") == rule_sets.KeptSet("one", FILES, now)
        assert rule_sets.of(tx, "three") is None


def test_the_same_rules_stay_in_force_since_they_came(store: Store, now: datetime) -> None:
    with store.write() as tx:
        rule_sets.put(tx, "one", FILES, now)
        commented = (("10-a.yaml", "version: 1\n# è\n"), FILES[1])
        assert rule_sets.put(tx, "one", commented, now + HOUR).since == now
        assert rule_sets.last(tx) == rule_sets.KeptSet("one", commented, now)


def test_a_set_that_comes_back_is_new_again(store: Store, now: datetime) -> None:
    with store.write() as tx:
        for hours, fingerprint in enumerate(("one", "two", "one")):
            rule_sets.put(tx, fingerprint, FILES, now + hours * HOUR)
        found = rule_sets.last(tx)
    assert found is not None
    assert (found.fingerprint, found.since) == ("one", now + 2 * HOUR)


def test_only_the_newest_are_kept(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_sets, "KEPT", 3)
    with store.write() as tx:
        for number in range(5):
            rule_sets.put(tx, str(number), FILES, now)
        kept = [number for number in range(5) if rule_sets.of(tx, str(number))]
    assert kept == [2, 3, 4]
