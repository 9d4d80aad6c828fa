"""What is installed: the Debian package, and the wheel with what it needs, built for a suite."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.systemd.roots import release_here, root_of

ROOT = Path(__file__).parents[2]

PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
"""Which Python a suite has."""

PLATFORMS = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")


def checkout_copy(place: Path) -> Path:
    """The files of the checkout that belong to it, to be changed or to be built elsewhere."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so nobody knows which files belong")
    for name in listed.stdout.splitlines():
        if (ROOT / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    return place


def build_deb(checkout: Path, folder: Path, suite: str, wheels: Path) -> Path:
    """The package of a checkout for a suite: of this machine's Debian here, else in a clean root
    of the other one, with `wheels` for a registry."""
    if suite != release_here():
        return _build_elsewhere(checkout, folder, suite, wheels)
    if shutil.which("dpkg-deb") is None or not Path("/usr/bin/python3").exists():
        pytest.skip("packages are built on Debian")
    words = [str(checkout / "deb" / "build"), str(Path(sys.executable).parent), str(folder)]
    return Path(_done(words, checkout).splitlines()[-1])


def _build_elsewhere(checkout: Path, folder: Path, suite: str, wheels: Path) -> Path:
    with root_of(suite) as debian:
        shutil.copytree(checkout, debian.path("/root/checkout"), ignore=_heavy)
        shutil.copytree(wheels, debian.path("/root/wheels"))
        debian.run(
            *("env", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/root/wheels", "sh", "-ec"),
            "python3 -m venv /root/tools; /root/tools/bin/pip install -q hatchling packaging "
            "'suivi[postgres]'; /root/checkout/deb/build /root/tools/bin /root/out",
        )
        (made,) = debian.path("/root/out").glob("*.deb")
        return Path(shutil.copy(made, folder))


# An environment of this machine is nothing for another.
_heavy = shutil.ignore_patterns(".git", ".venv", ".cache", "dist", "__pycache__", ".*_cache")


def wheels_for(suite: str, folder: Path) -> Path:
    """What `./run wheel` writes, the packages that it names and that build it, and the units."""
    tags = [f"--platform={name}_x86_64" for name in PLATFORMS]
    download = [
        *("-m", "pip", "download", "--quiet", "--only-binary=:all:", *tags),
        *("--python-version", PYTHONS[suite], "-d", str(folder)),
    ]
    _done([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    needed = _done([sys.executable, "deb/needed.py", "requirements.lock"], ROOT)
    (folder / "requirements.txt").write_text(needed)
    _done([sys.executable, *download, "--no-deps", "-r", f"{folder}/requirements.txt"], ROOT)
    # What builds the wheel, with what that needs.
    _done([sys.executable, *download, "hatchling", "packaging"], ROOT)
    shutil.copytree(ROOT / "systemd", folder / "systemd")
    return folder


def _done(command: list[str], place: Path) -> str:
    done = subprocess.run(
        command, cwd=place, capture_output=True, text=True, check=False, timeout=1200
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
