"""What is installed: the Debian package, or the wheel with what it needs, each built once."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLATFORMS = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")


@pytest.fixture(scope="session")
def suite(request: pytest.FixtureRequest) -> str:
    """The Debian that is booted."""
    return str(request.config.getoption("--suite"))


def build_deb(checkout: Path, folder: Path) -> Path:
    """The package of a checkout, for the Debian of this machine."""
    if shutil.which("dpkg-deb") is None or not Path("/usr/bin/python3").exists():
        pytest.skip("packages are built on Debian")
    done = subprocess.run(
        [str(checkout / "deb" / "build"), str(Path(sys.executable).parent), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_deb(ROOT, tmp_path_factory.mktemp("deb"))


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory, suite: str) -> Path:
    """What `./run wheel` writes, the packages that it names, and the units."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    python = {"bookworm": "3.11", "trixie": "3.13"}[suite]
    tags = [f"--platform={name}_x86_64" for name in PLATFORMS]
    for command in (
        ["-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        ["deb/needed.py", "requirements.lock"],
        # Last, for the one before writes what it reads.
        [
            *("-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", *tags),
            *("--python-version", python, "-d", str(folder), "-r", f"{folder}/requirements.txt"),
        ],
    ):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
        assert done.returncode == 0, done.stderr
        if command[0].endswith("needed.py"):
            (folder / "requirements.txt").write_text(done.stdout)
    shutil.copytree(ROOT / "systemd", folder / "systemd")
    return folder
