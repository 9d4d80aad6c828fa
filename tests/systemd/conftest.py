"""A suivi to be tried: its package and its wheel, each built once, and a machine that has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.installed import DROP_IN, configure, drop_in, install_wheel, serve_mail
from tests.systemd.machines import Machine, booted
from tests.systemd.packages import ROOT, build_deb, wheels_for
from tests.systemd.roots import release_here


@pytest.fixture(scope="session")
def suite(request: pytest.FixtureRequest) -> str:
    """The Debian that is booted."""
    return str(request.config.getoption("--suite"))


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory, suite: str) -> Path:
    return wheels_for(suite, tmp_path_factory.mktemp("wheelhouse"))


@pytest.fixture(scope="session")
def registry(request: pytest.FixtureRequest, suite: str) -> Path:
    """The wheels that a package for another Debian is built from; for ours pip knows where."""
    if suite == release_here():
        return Path()
    found: Path = request.getfixturevalue("wheelhouse")
    return found


@pytest.fixture(scope="session")
def deb(tmp_path_factory: pytest.TempPathFactory, suite: str, registry: Path) -> Path:
    return build_deb(ROOT, tmp_path_factory.mktemp("deb"), suite, registry)


@pytest.fixture(scope="session")
def machine(request: pytest.FixtureRequest, suite: str) -> Iterator[Machine]:
    """Debian with suivi installed and configured, and a mail server; nothing of suivi runs."""
    with booted(suite) as guest:
        if suite == "bookworm":
            deb: Path = request.getfixturevalue("deb")
            guest.write(f"/root/{deb.name}", deb.read_bytes())
            assert "suivi.toml" in guest.sh(f"dpkg -i /root/{deb.name} 2>&1")
        else:
            install_wheel(guest, request.getfixturevalue("wheelhouse"))
        serve_mail(guest, suite)
        configure(guest)
        yield guest


@pytest.fixture
def suivi(machine: Machine) -> Iterator[Machine]:
    """The machine with suivi up, on a good configuration; a watchdog of six seconds, not thirty."""
    configure(machine)
    drop_in(machine, "WatchdogSec=6")
    machine.sh("systemctl reset-failed 'suivi*'; systemctl start suivi.target")
    assert machine.property("suivi", "ActiveState") == "active"
    yield machine
    machine.sh(f"rm -f {DROP_IN}; systemctl daemon-reload")
