"""An installed suivi in a booted machine: how it is configured, and what is looked at."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.systemd.company import DOVECOT, DOVECOT_2_4, SECRET, TOML, letter
from tests.systemd.machines import Machine

T = TypeVar("T")

INSTALL = Path(__file__).parents[2] / "docs" / "how-to" / "install.md"
CONFIG = "/etc/suivi/suivi.toml"
GOOD = TOML.format(port=10143)
DROP_IN = "/run/systemd/system/suivi.service.d/test.conf"


def eventually(look: Callable[[], T], what: str, seconds: float = 60) -> T:
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, f"not within {seconds} s: {what}: {found!r}"
        time.sleep(0.3)
    return found


def install_wheel(guest: Machine, wheelhouse: Path) -> None:
    """By the very words of the manual."""
    for file in wheelhouse.rglob("*"):
        if file.is_file():
            guest.write(f"/root/dist/{file.relative_to(wheelhouse)}", file.read_bytes())
    blocks = re.findall(r"^```sh wheel\n(.*?)^```", INSTALL.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    words = "export PIP_NO_INDEX=1 PIP_FIND_LINKS=/root/dist; cd /root/dist; set -e\n"
    guest.sh(words + blocks[0], timeout=900)


def serve_mail(guest: Machine, suite: str) -> None:
    """A Dovecot on loopback with Alice's mailbox."""
    guest.write("/root/dovecot.conf", DOVECOT if suite == "bookworm" else DOVECOT_2_4)
    guest.sh(
        "mkdir -p /srv/mail/alice/{cur,new,tmp} && chown -R mail:mail /srv/mail && "
        "systemd-run --quiet --unit=mailserver dovecot -F -c /root/dovecot.conf"
    )
    guest.write("/etc/suivi/credentials/alice-mail", SECRET + "\n", "600")


def configure(guest: Machine, text: str = GOOD) -> None:
    """suivi.toml with the mode that it has when `suivi init` wrote it."""
    guest.write(CONFIG, text, "640")
    guest.sh(f"chgrp suivi {CONFIG}")


def drop_in(machine: Machine, *lines: str) -> None:
    machine.write(DROP_IN, "\n".join(("[Service]", *lines, "")))
    machine.sh("systemctl daemon-reload")


def deliver(machine: Machine, number: int) -> None:
    machine.write(f"/srv/mail/alice/tmp/{number}", letter(number))
    machine.sh(f"cd /srv/mail/alice; chown mail tmp/{number}; mv tmp/{number} new/{number}.x.y")


def captured(machine: Machine) -> list[str]:
    told = json.loads(machine.sh("runuser -u suivi -- /opt/suivi/bin/suivi history DUP --json"))
    return sorted(one["subject"] for one in told["exchanges"])
