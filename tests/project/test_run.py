"""`run` explains itself, and says what is wrong in one line."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = ROOT / "run"
VERBS = ["demo", "test", "check", "fmt", "bench", "docs", "wheel", "deb", "lock", "setup", "help"]


def run(*arguments, cwd=ROOT, script=RUN, **environment):
    return subprocess.run(
        [str(script), *arguments],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def checkout(tmp_path):
    """A copy without an environment, so that nothing here can change the real one."""
    for name in ("run", "pyproject.toml", "requirements.lock"):
        shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / "bench").mkdir()
    return tmp_path


def fresh(checkout):
    """Make the copy believe that its environment is there."""
    binaries = checkout / ".venv" / "bin"
    binaries.mkdir(parents=True)
    locked = subprocess.run(
        ["sha256sum", "requirements.lock", "pyproject.toml"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    (checkout / ".venv" / "suivi.stamp").write_text(f"{checkout.resolve()}\n{locked.stdout}")
    return binaries


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",), ("-h",)])
def test_help_names_every_verb(arguments):
    told = run(*arguments)
    assert told.returncode == 0
    assert re.findall(r"^  ([a-z]+)", told.stdout, re.MULTILINE) == VERBS


def test_every_verb_that_help_names_exists_and_no_other():
    cases = RUN.read_text().partition("case $verb in")[2]
    assert re.findall(r"^    ([a-z]+)(?:\)| \|)", cases, re.MULTILINE) == VERBS


def test_an_unknown_verb_is_told_with_the_known_ones():
    told = run("tset")
    assert told.returncode == 2
    assert "there is no verb 'tset'" in told.stderr
    assert "./run VERB" in told.stderr


def test_an_interpreter_that_is_none_is_told(checkout):
    told = run("setup", script=checkout / "run", PYTHON="/nowhere/python")
    assert told.returncode == 1
    assert told.stderr == (
        "run: PYTHON=/nowhere/python does not run, or is older than Python 3.11\n"
    )


@pytest.fixture
def bare(tmp_path_factory):
    """A machine with the shell's own tools and nothing else."""
    tools = tmp_path_factory.mktemp("bin")
    for name in ("bash", "env", "dirname", "readlink", "sha256sum", "mkdir", "flock", "cat", "id"):
        (tools / name).symlink_to(shutil.which(name))
    return tools


def test_no_python_is_told_with_the_remedy(checkout, bare):
    told = run("setup", script=checkout / "run", PATH=str(bare))
    assert told.returncode == 1
    assert told.stderr == (
        "run: Python 3.11 or newer is needed; on Debian: apt-get install python3 python3-venv\n"
    )


def test_a_python_that_makes_no_environments_is_told_with_the_remedy(checkout, bare):
    """As Debian ships it."""
    program(
        bare / "python3.11",
        'case "$2" in *ensurepip*) exit 1 ;; *print*) echo python3.11-venv ;; esac',
    )
    told = run("setup", script=checkout / "run", PATH=str(bare))
    assert told.returncode == 1
    assert told.stderr == (
        "run: python3.11 cannot make environments; as root: apt-get install python3.11-venv\n"
    )


def test_what_is_fresh_is_not_made_again(checkout):
    fresh(checkout)
    told = run("setup", script=checkout / "run", cwd="/")
    assert (told.returncode, told.stderr) == (0, "run: ready: .venv/bin/suivi\n")


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_what_has_changed_is_made_again(checkout, changed):
    fresh(checkout)
    with (checkout / changed).open("a") as file:
        file.write("\n# changed\n")
    told = run("setup", script=checkout / "run", PYTHON="/nowhere/python")
    assert told.returncode == 1


def test_arguments_and_the_exit_code_go_through(checkout):
    program(fresh(checkout) / "suivi", 'echo "$PWD: $*"; exit 7')
    told = run("demo", "--once", "a b", script=checkout / "run", cwd="/")
    assert (told.returncode, told.stdout) == (7, f"{checkout.resolve()}: demo --once a b\n")


def test_check_runs_every_check_and_names_those_that_fail(checkout):
    binaries = fresh(checkout)
    for name in ("mypy", "pytest"):
        program(binaries / name, f"echo {name} ran")
    program(binaries / "ruff", '[ "$1" = check ]')
    program(binaries / "lint-imports", "exit 1")
    told = run("check", script=checkout / "run")
    assert told.returncode == 1
    assert told.stdout == "mypy ran\nmypy ran\npytest ran\n"
    assert told.stderr.endswith("run: not green: format layers\n")


def test_bench_names_what_there_is_and_refuses_what_is_not(checkout):
    program(fresh(checkout) / "python", 'echo "$1"')
    (checkout / "bench" / "mail_backfill.py").touch()
    there = run("bench", script=checkout / "run")
    assert (there.returncode, there.stderr.split()[-1]) == (0, "mail-backfill")
    missing = run("bench", "nothing", script=checkout / "run")
    assert missing.returncode == 2
    assert "there is no bench/nothing.py" in missing.stderr
    found = run("bench", "mail-backfill", script=checkout / "run")
    assert found.stdout == "bench/mail_backfill.py\n"


def test_ci_runs_the_checks_and_then_the_tests():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[-2:] == ["./run check", "exec ./run test"]
    assert (ROOT / ".ci" / "run").stat().st_mode & stat.S_IXUSR
