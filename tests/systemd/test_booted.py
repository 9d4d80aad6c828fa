"""An installed suivi under a real systemd: what an operator does to it, and what breaks.

One machine for all; each test finds it running and leaves it so. `--suite=trixie` takes Debian 13
instead of 12. Debian 12 installs the package, others the wheel, as docs/how-to/install.md says.
"""

import re
import time
from collections.abc import Callable

import pytest

from tests.systemd.company import PEOPLE, SECRET
from tests.systemd.installed import GOOD, captured, configure, deliver, drop_in, eventually
from tests.systemd.machines import Machine

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


def restarts(machine: Machine) -> int:
    return int(machine.property("suivi", "NRestarts"))


def is_up_again(machine: Machine, before: int) -> bool:
    return restarts(machine) > before and machine.property("suivi", "ActiveState") == "active"


def test_the_units_are_correct_where_they_are_installed(machine: Machine) -> None:
    machine.sh(
        "cd /etc/systemd/system; [ -e suivi.service ] || cd /usr/lib/systemd/system; "
        "systemd-analyze verify --recursive-errors=yes --man=no "
        "$PWD/suivi*.{service,socket,target,timer}"
    )


def test_it_is_up_when_start_returns(suivi: Machine) -> None:
    assert suivi.sh("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8425/readyz") == "200"
    assert "1 of 1 mailboxes well" in suivi.property("suivi", "StatusText")
    exposure = suivi.sh("systemd-analyze security --no-pager suivi.service | tail -n 1")
    assert float(re.findall(r"\d+\.\d", exposure)[0]) <= 1.2


def test_a_message_is_captured_and_the_next_is_told_by_the_server(suivi: Machine) -> None:
    suivi.write("/root/people.csv", PEOPLE)
    suivi.sh("/opt/suivi/bin/suivi import third-parties /root/people.csv")
    deliver(suivi, 1)
    eventually(lambda: captured(suivi) == ["Letter 1"], "the first letter")
    eventually(lambda: "1 connected" in suivi.property("suivi", "StatusText"), "IDLE")
    deliver(suivi, 2)
    # Far sooner than the next poll, five minutes later.
    eventually(lambda: captured(suivi) == ["Letter 1", "Letter 2"], "the second one", 20)
    assert "last capture 20" in eventually(
        lambda: re.search("last capture 20.*", suivi.property("suivi", "StatusText")), "the status"
    ).group(0)


def test_a_killed_daemon_is_back_and_nothing_is_twice(suivi: Machine) -> None:
    before, known = restarts(suivi), captured(suivi)
    suivi.sh("systemctl kill --signal=KILL --kill-who=main suivi")
    eventually(lambda: is_up_again(suivi, before), "it is up again")
    deliver(suivi, 3)
    eventually(lambda: captured(suivi) == [*known, "Letter 3"], "the letter of after")


def test_a_frozen_daemon_ends_by_the_watchdog_with_its_stacks(suivi: Machine) -> None:
    assert_ended_by_the_watchdog(
        suivi, lambda: suivi.sh("systemctl kill --signal=STOP --kill-who=main suivi")
    )


@pytest.mark.parametrize(
    ("step", "hangs_in"),
    [("loop.beat:3", "daemon/loop.py"), ("mail.headers-fetched:1", "daemon/capture/mailturn.py")],
)
def test_what_hangs_ends_by_the_watchdog_with_its_stacks(
    suivi: Machine, step: str, hangs_in: str
) -> None:
    """The loop itself, and the turn of a mailbox that oversteps the time it asked for."""

    def hang() -> None:
        configure(suivi, GOOD + "\n[capture]\npatience_seconds = 2\n")
        drop_in(suivi, "WatchdogSec=6", f"Environment=SUIVI_CRASH_AT={step}:hang")
        deliver(suivi, 10 + len(step))
        suivi.sh("systemctl restart suivi")
        drop_in(suivi, "WatchdogSec=6")

    said = assert_ended_by_the_watchdog(suivi, hang)
    assert "daemon/steps.py" in said
    assert hangs_in in said


def assert_ended_by_the_watchdog(machine: Machine, hang: Callable[[], object]) -> str:
    before = len(machine.journal())
    hang()
    count = restarts(machine)
    eventually(lambda: is_up_again(machine, count), "the watchdog started it again")
    said = machine.journal()[before:]
    assert "Watchdog timeout" in said
    assert "Fatal Python error: Aborted" in said
    assert said.count("Thread 0x") > 5
    return said


def test_a_good_reload_is_in_force_and_a_bad_one_is_told(suivi: Machine) -> None:
    main = suivi.property("suivi", "MainPID")
    more = '\n[[users]]\nname = "Bob"\nemail = "bob@atelier.example"\n'
    configure(suivi, GOOD + more)
    suivi.sh("systemctl reload suivi")
    suivi.sh("/opt/suivi/bin/suivi option list --user bob@atelier.example")
    configure(suivi, GOOD + more.replace("email", "emial"))
    assert suivi.done("systemctl reload suivi").returncode != 0
    assert suivi.property("suivi", "ActiveState") == "active"
    told = suivi.property("suivi", "StatusText")
    assert told.startswith("reload refused ")
    assert "[[users]] option 'email' is missing" in told
    assert suivi.property("suivi", "MainPID") == main
    assert "did you mean 'email'?" in suivi.journal()
    configure(suivi)
    suivi.sh("systemctl reload suivi.target")
    assert "refused" not in suivi.property("suivi", "StatusText")


def test_requests_wait_while_it_restarts(suivi: Machine) -> None:
    main = suivi.property("suivi", "MainPID")
    visits = suivi.start(
        "end=$((SECONDS + 12)); for n in 1 2 3; do (while [ $SECONDS -lt $end ]; do "
        "curl -s -m 60 -o /dev/null -w '%{http_code} %{time_total}\\n' http://127.0.0.1:8425/healthz"
        " || echo failed $?; done) & done; wait"
    )
    time.sleep(1)
    suivi.sh("systemctl restart suivi")
    lines = visits.communicate(timeout=120)[0].decode().splitlines()
    assert suivi.property("suivi", "MainPID") != main
    assert {line.split()[0] for line in lines} == {"200"}
    assert max(float(line.split()[1]) for line in lines) > 0.3, "none came while it was down"


def test_without_its_key_it_does_not_start_and_with_it_it_does(suivi: Machine) -> None:
    key = "/etc/suivi/credentials/master-key"
    suivi.sh(f"mv {key} {key}.away")
    try:
        assert suivi.done("systemctl restart suivi").returncode != 0
        assert "243/CREDENTIALS" in suivi.journal()[-2000:]
    finally:
        suivi.sh(f"mv {key}.away {key}")
    # No start limit: it is tried until it is there.
    eventually(lambda: suivi.property("suivi", "ActiveState") == "active", "it came up by itself")


def test_a_refused_configuration_stays_down_whoever_visits(suivi: Machine) -> None:
    configure(suivi, "[nonsense\n")
    before = suivi.journal().count("not TOML")
    visits = suivi.start(
        "for n in $(seq 100); do curl -s -m 2 -o /dev/null http://127.0.0.1:8425/; sleep 0.1; done"
    )
    assert suivi.done("systemctl restart suivi").returncode != 0
    visits.communicate(timeout=300)
    assert suivi.property("suivi", "ExecMainStatus") == "78"
    assert suivi.property("suivi", "ActiveState") == "failed"
    assert suivi.property("suivi", "NRestarts") == "0"
    # Whoever waited at the port may have had it tried once more, not again and again.
    assert 1 <= suivi.journal().count("not TOML") - before <= 2
    assert suivi.property("suivi.socket", "ActiveState") == "inactive"
    assert suivi.property("suivi-down.target", "ActiveState") == "active"
    configure(suivi)
    suivi.sh("systemctl start suivi.target")
    assert suivi.property("suivi", "ActiveState") == "active"
    assert suivi.property("suivi-down.target", "ActiveState") == "inactive"


def test_the_timer_makes_a_backup(suivi: Machine) -> None:
    soon = "/run/systemd/system/suivi-backup.timer.d/soon.conf"
    lines = "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/2\nRandomizedDelaySec=0\nAccuracySec=1s\n"
    suivi.write(soon, lines)
    suivi.sh("systemctl daemon-reload; systemctl restart suivi-backup.timer")
    try:
        eventually(lambda: suivi.sh("ls /var/lib/suivi/backups", check=False), "a file", 30)
    finally:
        suivi.sh(f"rm {soon}; systemctl daemon-reload; systemctl restart suivi-backup.timer")
    eventually(lambda: suivi.property("suivi-backup", "ActiveState") == "inactive", "it ended")
    assert suivi.property("suivi-backup", "Result") == "success", suivi.journal("suivi-backup")
    assert suivi.sh("stat -c %U:%a /var/lib/suivi/backups") == "suivi:700"


def test_no_secret_is_in_the_journal(suivi: Machine) -> None:
    """After all that went wrong above."""
    said = suivi.sh("journalctl --no-pager -o export | cat -v")
    assert "suivi" in said
    assert SECRET not in said


def test_a_stop_of_the_target_leaves_nothing(suivi: Machine) -> None:
    suivi.sh("systemctl stop suivi.target")
    # The units that are part of it stop at their own pace: what is in hand is finished.
    active = "systemctl list-units --plain --no-legend --state=active 'suivi*'"
    eventually(lambda: suivi.sh(active) == "", "all have stopped")
    assert suivi.sh("pgrep -u suivi || echo none") == "none"
    assert suivi.done("curl -s http://127.0.0.1:8425/").returncode == 7
    assert suivi.done("test -e /run/suivi").returncode == 1
    assert suivi.property("suivi", "Result") == "success"
