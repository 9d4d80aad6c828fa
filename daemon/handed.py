"""Sockets that systemd made and hands over: sd_listen_fds(3), without its library.

They outlive the daemon: who connects while it restarts waits in their queue, and is not refused.
"""

import os
import socket
import stat

_FIRST = 3
"""SD_LISTEN_FDS_START: after stdin, stdout and stderr."""


class NotHanded(Exception):
    """What was handed over is no listening stream socket; one line that says what to do."""


def handed() -> tuple[socket.socket, ...]:
    """The listening sockets of this process; none when it was not started by a socket unit.

    They are told once: later calls, and programs started from here, find none. Raises NotHanded.
    """
    pid, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal():
        return ()
    return tuple(_socket(_FIRST + number) for number in range(int(count)))


def _socket(descriptor: int) -> socket.socket:
    try:
        is_socket = stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError as error:
        raise NotHanded(f"descriptor {descriptor} is not open: start suivi by its unit") from error
    if not is_socket:
        raise NotHanded(f"descriptor {descriptor} is no socket: see suivi.socket")
    sock = socket.socket(fileno=descriptor)
    sock.set_inheritable(False)
    listens = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if sock.type != socket.SOCK_STREAM or not listens:
        sock.detach()
        raise NotHanded("the socket unit should have ListenStream= and Accept=no: see suivi.socket")
    return sock
