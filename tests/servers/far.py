"""A TCP relay as long as the world is wide: what goes in comes out after a while, either way."""

import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.relay import relay

Late = queue.SimpleQueue[tuple[float, bytes]]


@contextmanager
def far(port: int, seconds: float) -> Iterator[int]:
    """The port of a relay to `port` of this machine; each octet takes `seconds` one way. As much
    as is sent is under way at once: it delays, and does not slow down."""

    def carry(source: socket.socket, sink: socket.socket, _is_up: bool) -> None:
        late: Late = queue.SimpleQueue()
        threading.Thread(target=_take, args=(source, late, seconds), daemon=True).start()
        _give(sink, late)

    with relay(port, carry) as near:
        yield near


def _take(source: socket.socket, late: Late, seconds: float) -> None:
    while True:
        try:
            data = source.recv(1 << 17)
        except OSError:
            data = b""
        late.put((time.monotonic() + seconds, data))
        if not data:
            return


def _give(sink: socket.socket, late: Late) -> None:
    while True:
        due, data = late.get()
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            if data:
                sink.sendall(data)
            else:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            data = b""
        if not data:
            return
