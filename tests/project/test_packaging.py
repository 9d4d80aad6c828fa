"""What is installed: three plain packages, their command, and nothing else at top level."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = {"daemon", "connectors", "rules"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The names in the wheel, built as a release is."""
    if find_spec("hatchling") is None:
        pytest.skip("the build backend is not installed: ./run setup")
    place = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (path,) = place.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_the_three_packages_and_its_own_facts(wheel):
    facts = f"suivi-{PROJECT['version']}.dist-info"
    assert {name.partition("/")[0] for name in wheel} == PACKAGES | {facts}


def test_the_wheel_has_the_command_and_the_licence(wheel):
    facts = f"suivi-{PROJECT['version']}.dist-info"
    assert b"suivi = daemon.cli:main" in wheel[f"{facts}/entry_points.txt"]
    assert b"Apache License" in wheel[f"{facts}/licenses/LICENSE"]


def test_the_wheel_leaves_no_file_behind_and_takes_no_rubbish(wheel):
    """Catalogues, pages and migrations are files too."""
    command = ["git", "ls-files", *sorted(PACKAGES)]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout, so nobody knows which files belong")
    tracked = {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    assert tracked <= wheel.keys()
    assert not [name for name in wheel if "__pycache__" in name or name.endswith((".pyc", "~"))]


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_package_is_a_docstring_and_nothing_else(package):
    (only,) = ast.parse((ROOT / package / "__init__.py").read_text()).body
    assert isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant)


def test_the_changelog_tells_of_this_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## \[(.+?)\](.*)$", text, re.MULTILINE)
    names = [name for name, _ in versions]
    assert names[0] == "Unreleased"
    assert PROJECT["version"] in names
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"( - \d{4}-\d\d-\d\d)?", date) for _, date in versions)


def test_the_changelog_sorts_changes_as_keep_a_changelog_does():
    kinds = set(re.findall(r"^### (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_lock_names_packages_and_hashes_and_no_registry():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = r"[\w.-]+==[\w.!+]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
    assert [line for line in lines if not re.fullmatch(pinned, line)] == []


def test_the_lock_has_all_that_the_project_asks_for():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    asked = [*PROJECT["dependencies"], *groups["dev"]]
    asked += [it for extra in PROJECT["optional-dependencies"].values() for it in extra]
    lock = (ROOT / "requirements.lock").read_text()
    locked = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    assert {re.match(r"[\w.-]+", it)[0] for it in asked} <= locked
