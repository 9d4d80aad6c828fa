"""Rules edited, broken and mended while mail comes in: whole sets decide, and the admin is told."""

import shutil
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from daemon.app.rules import source_of
from daemon.config import load
from daemon.control import ControlError, ask
from daemon.rulefiles.reading import Good, read_files
from daemon.store import open_store
from daemon.store.tables.places import decision
from rules.language import Known
from tests.flows.house import House, eventually, mail
from tests.flows.inside import furnish
from tests.servers.smtpsink import mails

FILES = 40

# Half a set is good by itself, and has a fingerprint that no whole set has.
RULE = """\
version: 1
rules:
  - name: rule {number}
    when: {{direction: inbound}}
    then: {{tags: [{version}-{number}]}}
"""


def texts(version: str) -> dict[str, str]:
    return {f"{n:02}.yaml": RULE.format(number=n, version=version) for n in range(FILES)}


def fingerprint(house: House, version: str) -> str:
    """That of a whole set, found without the daemon."""
    source = source_of(load(house.folder / "suivi.toml"))
    found = read_files(tuple(sorted(texts(version).items())), source.base, Known())
    assert isinstance(found, Good)
    return found.ruleset.fingerprint


@contextmanager
def mail_comes_in(house: House) -> Iterator[list[str]]:
    """A letter to Ann every few hundredths of a second, for as long as this lasts."""
    ended, delivered = threading.Event(), []

    def deliver() -> None:
        while not ended.wait(0.03):
            name = f"{len(delivered)}@mistral.example"
            raw = mail("jean@mistral.example", "ann@lumen.example", "Devis", message_id=name)
            house.dovecot.deliver("ann", "INBOX", raw)
            delivered.append(name)

    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        yield delivered
    finally:
        ended.set()
        thread.join()


def status(house: House) -> dict[str, Any]:
    try:
        rules: dict[str, Any] = ask(house.folder / "run" / "control.sock", "status")["rules"]
    except ControlError:
        return {"fingerprint": "", "mistakes": ()}
    return rules


def in_force(house: House, wanted: str) -> float:
    """Seconds until the rules of this fingerprint decide."""
    start = time.monotonic()
    eventually(
        lambda: status(house)["fingerprint"] == wanted, what=f"{wanted} in force", house=house
    )
    return time.monotonic() - start


def ready(house: House) -> str:
    """What /readyz tells whom it knows."""
    url = ask(house.folder / "run" / "control.sock", "status")["http"]
    token = (house.folder / "state" / "http-token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/readyz", headers=headers)) as it:
        assert it.status == 200
        return str(it.read().decode())


def moved(rules: Path, name: str, text: str) -> None:
    """Written beside, and moved into its place."""
    (rules / ".new").write_text(text)
    (rules / ".new").replace(rules / name)


def edited(rules: Path, name: str, text: str) -> None:
    """As vim does: it looks whether it may write, keeps what it edits in a file beside, takes the
    old one for a backup and writes a new one, here in two pieces, of which the first is a set."""
    (rules / "4913").touch()
    (rules / "4913").unlink()
    (rules / f".{name}.swp").write_text("b0VIM")
    (rules / name).rename(rules / f"{name}~")
    with (rules / name).open("w") as file:
        file.write("version: 1\n")
        file.flush()
        time.sleep(0.01)
        file.write(text.removeprefix("version: 1\n"))
    (rules / f"{name}~").unlink()
    (rules / f".{name}.swp").unlink()


def decided(house: House) -> list[str]:
    """The fingerprint of each decision, in order."""
    store = open_store(house.database)
    try:
        with store.read() as tx:
            return list(tx.execute(sa.select(decision.c.rules).order_by(decision.c.id)).scalars())
    finally:
        store.close()


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=x", "-c", "user.email=x@lumen.example")
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def repository(folder: Path) -> Path:
    """Rules under git, a branch a version; b is checked out first."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "empty")
    git(folder, "commit", "-q", "--allow-empty", "-m", "nothing")
    for version in ("a", "b"):
        git(folder, "checkout", "-q", "-b", version, "empty")
        for name, text in texts(version).items():
            (folder / name).write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", version)
    return folder


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_no_message_is_decided_by_half_a_set(
    make_house: Callable[..., House],
    sqlite: str,
    sink: tuple[int, Path],
    tell: Callable[[str], None],
) -> None:
    port, sent = sink
    house = make_house(sqlite, users=("ann",), smtp_port=port)
    house.environment["SUIVI_SMTP__ADMIN"] = "ann@lumen.example"
    furnish(house)
    rules = repository(house.folder / "rules")
    good = {version: fingerprint(house, version) for version in "ab"}
    took: list[float] = []
    with house.daemon() as daemon, mail_comes_in(house) as delivered:
        in_force(house, good["b"])
        for version in ("a", "b", "a"):
            # Many files at once, as git writes them.
            git(rules, "checkout", "-q", version)
            took.append(in_force(house, good[version]))
            _some_more(house, good[version])
        for version in ("b", "a"):
            # Many files one after the other, as a person's tools do; and somebody, or something,
            # says that they are to be read, again and again.
            save = moved if version == "b" else edited
            for name, text in texts(version).items():
                save(rules, name, text)
                daemon.send_signal(signal.SIGHUP)
                time.sleep(0.01)
            took.append(in_force(house, good[version]))
            _some_more(house, good[version])
        # Broken: the last good set goes on deciding.
        (rules / "20.yaml").write_text("version: 1\nrules:\n  - nam: x\n")
        eventually(lambda: status(house)["mistakes"], what="the mistake", house=house)
        _some_more(house, good["a"])
        assert "20.yaml:3:" in house.log()
        assert "20.yaml:3:" in ready(house)
        assert "✗ rules: 20.yaml:3:" in house.suivi("check", check=False).stdout
        letter = eventually(
            lambda: [m for m in mails(sent) if b"rules are refused" in m.data],
            seconds=60,
            what="the admin's mail",
            house=house,
        )
        assert b"20.yaml:3:" in letter[0].data
        git(rules, "checkout", "-q", "-f", "b")
        took.append(in_force(house, good["b"]))
        _some_more(house, good["b"])
        eventually(
            lambda: [m for m in mails(sent) if b"rules are mended" in m.data],
            what="the all-clear",
            house=house,
        )
    found = decided(house)
    assert set(found) == set(good.values())
    changes = sum(one != other for one, other in pairwise(found))
    assert changes == 6
    assert len([m for m in mails(sent) if b"rules are refused" in m.data]) == 1
    worst = max(took)
    tell(
        f"rules in force: {len(delivered)} letters came in, "
        f"{len(found)} decided while rules changed {changes} times; in force after "
        f"{sorted(took)[len(took) // 2]:.2f} s (median), {worst:.2f} s at worst"
    )
    assert worst < 10


def _some_more(house: House, wanted: str) -> None:
    eventually(
        lambda: decided(house)[-3:] == [wanted] * 3, what=f"decisions under {wanted}", house=house
    )


def test_a_restart_with_bad_rules_hides_what_the_last_good_ones_hid(house: House) -> None:
    """The one thing that must not happen: mail read without what the admin keeps out."""
    keep_out = (
        "version: 1\nrules:\n"
        "  - name: hr\n    when: {subject: paie}\n    then: {keep_private: nothing}\n"
    )
    furnish(house)
    rules = house.folder / "rules"
    rules.mkdir()
    (rules / "10.yaml").write_text(keep_out)
    house.suivi("sync")
    for number, subject in enumerate(("Bulletin de paie", "Devis")):
        house.dovecot.deliver(
            "ann",
            "INBOX",
            mail(
                "jean@mistral.example",
                "ann@lumen.example",
                subject,
                message_id=f"{number}@mistral.example",
            ),
        )
    (rules / "10.yaml").write_text(keep_out.replace("subject", "sujet"))
    synced = house.suivi("sync")
    assert "10.yaml:4:" in synced.stderr
    assert "10.yaml" not in synced.stdout
    assert [e["subject"] for e in house.history("Brasserie Mistral")] == ["Devis"]
