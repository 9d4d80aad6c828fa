"""Backups that are taken while mail pours in: each holds one moment, in which no message counts as
judged that is not recorded, nor the other way round; a restored one catches up, and doubles none.
"""

import collections
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from daemon.app.safekeeping import Taken, back_up, restore_from
from daemon.backup.restore import Words
from daemon.config import load
from daemon.store import open_store
from tests.flows.drill import Drill
from tests.flows.house import House, eventually, mail
from tests.flows.inside import furnish

SECONDS_OF_ALL = 900


@dataclass(frozen=True)
class Shot:
    """A backup, how long it took, and how many exchanges were recorded meanwhile."""

    taken: Taken
    seconds: float
    meanwhile: int

    @property
    def held(self) -> int:
        return self.taken.manifest.rows["exchange"]


@pytest.mark.parametrize(
    ("database", "number"),
    [
        ("sqlite", 2_000),
        *(
            pytest.param(kind, 10_000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])
            for kind in ("sqlite", "postgresql")
        ),
    ],
    indirect=["database"],
)
def test_a_backup_beside_capture_is_one_moment_and_catches_up(
    make_house: Callable[..., House],
    database: str,
    number: int,
    tmp_path: Path,
    tell: Callable[[str], None],
) -> None:
    house = make_house(database, users=("ann",), batch=500)
    furnish(house)
    names = [f"load-{n}@mistral.example" for n in range(number)]
    for name in names:
        raw = mail("jean@mistral.example", "ann@lumen.example", "Devis", message_id=name)
        house.dovecot.deliver("ann", "INBOX", raw)
    store = open_store(database)
    drill = Drill(house, store, tmp_path, copies=collections.Counter(names))
    settings = load(house.folder / "suivi.toml")
    shots: list[Shot] = []

    def recorded() -> int:
        return drill.recorded().total()

    with house.daemon():
        eventually(lambda: recorded() > 0, seconds=120, what="begun", house=house)
        begun, first = time.monotonic(), recorded()
        while recorded() < number and len(shots) < 8:
            before, at = recorded(), time.monotonic()
            taken = back_up(settings, tmp_path / f"b{len(shots)}")
            shots.append(Shot(taken, time.monotonic() - at, recorded() - before))
        eventually(lambda: recorded() == number, seconds=SECONDS_OF_ALL, house=house)
        rate = (number - first) / (time.monotonic() - begun)
    store.close()

    # One of the middle of the work, the longest in which most was going on.
    middle = [s for s in shots if 0 < s.held < number and s.meanwhile]
    assert middle, shots
    shot = max(middle, key=lambda s: s.meanwhile)
    restore_from(settings, shot.taken.file, Words(replace=True))
    drill.store = store = open_store(database)
    assert recorded() == drill.sightings().total() == shot.held
    drill.assert_judged_is_recorded()
    (found,) = house.json("explain", next(iter(drill.recorded())))
    assert found["source"] == "ledger"
    # What came after the backup is pending, and nothing is missed.
    assert _fates(house) == {"captured": shot.held, "pending": number - shot.held}
    house.suivi("sync")
    assert _fates(house) == {"captured": number}
    assert drill.recorded() == collections.Counter(names)
    assert drill.sightings() == collections.Counter(names)
    drill.assert_judged_is_recorded()
    store.close()
    tell(
        f"{number} messages at {rate:.0f}/s, {len(shots)} backups beside it; the restored one took"
        f" {shot.seconds:.1f} s, while {shot.meanwhile} were recorded"
        f" ({shot.meanwhile / shot.seconds:.0f}/s), and holds {shot.held}"
    )


def _fates(house: House) -> dict[str, int]:
    """What became of Ann's messages, as `suivi reconcile` tells, which finds nothing wrong."""
    (ann,) = house.json("reconcile")["accounts"]
    counts: collections.Counter[str] = collections.Counter()
    for folder in ann["folders"]:
        for count in folder["counts"]:
            counts[count["fate"]] += count["number"]
    return dict(counts)
