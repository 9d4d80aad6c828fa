"""The daemon as systemd sees it: ready, asked, reloaded, refused a bad reload, stopped."""

import json
import signal
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from tests.daemon.cli.conftest import Suivi, Systemd


def test_it_runs_answers_and_stops(
    daemon: subprocess.Popen[str], suivi: Suivi, systemd: Systemd
) -> None:
    systemd.wait("WATCHDOG=1", 10)
    answer = json.loads(suivi("status", "--json").stdout)
    assert answer["loop"]["running"] is True
    assert httpx2.get(f"{answer['http']}/healthz", timeout=10).status_code == 200
    assert httpx2.get(f"{answer['http']}/readyz", timeout=10).json()["ready"] is True
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0
    systemd.wait("STOPPING=1", 5)
    assert suivi("status").returncode == 1


def test_a_second_one_is_refused(daemon: subprocess.Popen[str], suivi: Suivi) -> None:
    done = suivi("run")
    assert done.returncode == 1
    assert "suivi is already running" in done.stderr
    assert suivi("status").returncode == 0


def test_a_good_reload_is_taken_and_a_bad_one_refused(
    daemon: subprocess.Popen[str], suivi: Suivi, place: Path, systemd: Systemd
) -> None:
    config = place / "suivi.toml"
    good = config.read_text()
    config.write_text(good + "\n[reminders]\ntick_seconds = 5\n")
    assert suivi("reload").stdout == "Reloaded.\n"
    systemd.wait("RELOADING=1", 5)
    systemd.wait("READY=1", 5)
    config.write_text(good + "\n[reminders]\ntick_secnods = 5\n")
    done = suivi("reload")
    assert done.returncode == 78
    assert "did you mean 'tick_seconds'?" in done.stderr
    config.write_text(good)
    assert json.loads(suivi("status", "--json").stdout)["loop"]["running"] is True


def test_sighup_with_a_bad_configuration_changes_nothing(
    daemon: subprocess.Popen[str], suivi: Suivi, place: Path
) -> None:
    config = place / "suivi.toml"
    good = config.read_text()
    config.write_text("[nonsense\n")
    daemon.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert daemon.poll() is None
    config.write_text(good)
    assert suivi("status").returncode == 0


def test_a_call_is_recorded_beside_it_and_the_api_shows_it(
    daemon: subprocess.Popen[str], suivi: Suivi, place: Path
) -> None:
    (place / "x.csv").write_text("code,name\nDUP,Dupont\n")
    assert suivi("import", "third-parties", str(place / "x.csv")).returncode == 0
    call = ("exchange", "add", "--with", "DUP", "--out", "--by", "alice@atelier.example", "Hello")
    assert suivi(*call, "--follow-up", "+3d").returncode == 0
    url = json.loads(suivi("status", "--json").stdout)["http"]
    token = (place / "state" / "http-token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    (found,) = httpx2.get(f"{url}/api/v1/exchanges", headers=headers, timeout=10).json()["items"]
    assert (found["ref"], found["comment"]) == ("EXC-1", "Hello")
    coming = httpx2.get(f"{url}/api/v1/follow-ups", headers=headers, timeout=10).json()["items"]
    assert [one["third_party"]["code"] for one in coming] == ["DUP"]


def test_release_goes_through_the_daemon(
    place: Path, suivi: Suivi, systemd: Systemd, request: pytest.FixtureRequest
) -> None:
    config = place / "suivi.toml"
    config.write_text(config.read_text().replace("days = 0", "days = 3"))
    request.getfixturevalue("daemon")
    assert json.loads(suivi("status", "--json").stdout)["observing"] is True
    assert "Only observing" in suivi("status").stdout
    assert suivi("release").returncode == 0
    assert json.loads(suivi("status", "--json").stdout)["observing"] is False
