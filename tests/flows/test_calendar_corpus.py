"""Objects of many programs on a real calendar server: each is decided, or put aside with a reason;
none stops another."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.house import House
from tests.flows.inside import ago, event, furnish, inside
from tests.servers.dav import DavServer

# Of all objects every so many, unless all are asked for.
SAMPLE = 25


def test_every_object_that_the_server_takes_is_accounted_for(
    make_house: Callable[..., House],
    sqlite: str,
    dav: DavServer,
    corpus: Path,
    pytestconfig: pytest.Config,
    tell: Callable[[str], None],
) -> None:
    step = 1 if pytestconfig.getoption("--long") else SAMPLE
    files = sorted(path for path in (corpus / "ics").rglob("*") if path.is_file())[::step]
    # Radicale has one place for each UID in a calendar, so these lie in several.
    put: set[str] = set()
    for number, path in enumerate(files):
        href = f"/ann/work/corpus-{number}.ics"
        status, _ = dav.request("ann", "PUT", href, path.read_bytes(), "text/calendar")
        put |= {href} if status in (200, 201, 204) else set()
    dav.put("ann", "/ann/work/zlast.ics", event("zlast", "Visite", ago(days=1), _JEAN))
    put.add("/ann/work/zlast.ics")
    house = furnish(make_house(sqlite, dav=dav, users=("ann",)))
    house.suivi("import", "third-parties", str(_directory(house)))
    with inside(house) as suivi:
        began = time.monotonic()
        report = suivi.sync()
        took = time.monotonic() - began
        assert {row["href"] for row in suivi.rows("calendar_object")} == put
        aside = {row["href"]: row["reason"] for row in suivi.rows("quarantine")}
        judged = {row["href"] for row in suivi.rows("decision")} - aside.keys()
        # What is not logged one by one is counted: a series as such, what a glance tells.
        assert sum(report.counts.values()) >= len(put)
        assert all(reason and "suivi can't judge" not in reason for reason in aside.values())
        assert [e.subject for e in suivi.exchanges("CU-1")] == ["Visite"]
        # Nothing of it is new, and nothing waits but what was put aside or is still to come.
        assert not suivi.sync().counts
        reasons = Counter(aside.values()).most_common(8)
    tell(
        f"{len(put)} of {len(files)} objects taken by the server: {len(judged)} in the log, "
        f"{len(aside)} put aside, {took:.1f} s; {reasons}; {report.counts}"
    )


_JEAN = "ATTENDEE;CN=Jean;PARTSTAT=ACCEPTED:mailto:jean@mistral.example"


def _directory(house: House) -> Path:
    file = house.folder / "many.csv"
    file.write_text(
        "code,name,kind,email\n"
        "CU-7,Example,customer,jsmith@example.com\n"
        "CU-8,Other,customer,mrbig@example.com\n"
    )
    return file
