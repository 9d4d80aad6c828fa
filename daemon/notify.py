"""What the daemon tells systemd: sd_notify(3) in a few lines, over a datagram socket."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE = 2.0
"""Seconds until a message that nobody takes is given up."""


def notify(*lines: str) -> bool:
    """Sends assignments such as "READY=1"; False when nobody listens (not started by systemd)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    # A leading @ stands for the abstract namespace.
    place = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            # Its queue is short: a systemd that is held up must not hold up the daemon.
            sock.settimeout(_PATIENCE)
            sock.connect(place)
            sock.sendall("\n".join(lines).encode())
    except OSError:
        # Never a reason to stop: systemd will miss the keep-alive and say so.
        return False
    return True


def ready(status: str) -> bool:
    """Start, or a reload, is complete."""
    return notify("READY=1", f"STATUS={_one_line(status)}")


def status(text: str) -> bool:
    """The line that `systemctl status` shows."""
    return notify(f"STATUS={_one_line(text)}")


def reloading() -> bool:
    """A reload begins; `ready` ends it."""
    microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    return notify("RELOADING=1", f"MONOTONIC_USEC={microseconds}")


def stopping() -> bool:
    """The stop begins: what is in hand is being finished."""
    return notify("STOPPING=1", "STATUS=finishing what is in hand")


def watchdog() -> bool:
    """Keep-alive: call it only while no worker is overdue."""
    return notify("WATCHDOG=1")


def starting(text: str, seconds: float) -> bool:
    """A long start, such as a migration, asks for `seconds` more."""
    return notify(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}", f"STATUS={_one_line(text)}")


@contextmanager
def patience(text: str, every: float = 1.0) -> Iterator[None]:
    """While this lasts, a start may take as long as it needs: each second asks for some more."""
    done = threading.Event()

    def ask() -> None:
        while not done.wait(every):
            starting(text, 10 * every)

    asking = threading.Thread(target=ask, name="patience", daemon=True)
    asking.start()
    try:
        yield
    finally:
        done.set()
        asking.join()


def watchdog_seconds() -> float | None:
    """How often to call `watchdog`: half of what the unit allows; None when it has no watchdog."""
    allowed = os.environ.get("WATCHDOG_USEC", "")
    ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not allowed.isdecimal() or int(allowed) == 0 or not ours:
        return None
    return int(allowed) / 2_000_000


def _one_line(text: str) -> str:
    return " ".join(text.split())
