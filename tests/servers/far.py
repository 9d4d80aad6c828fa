"""A TCP relay as long as the world is wide: what goes in comes out after a while, either way."""

import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

Late = queue.SimpleQueue[tuple[float, bytes]]


@contextmanager
def far(port: int, seconds: float) -> Iterator[int]:
    """The port of a relay to `port` of this machine; each octet takes `seconds` one way. As much
    as is sent is under way at once: it delays, and does not slow down."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listener, port, seconds), daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        # Wakes the thread that waits for the next connection.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(listener: socket.socket, port: int, seconds: float) -> None:
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        # A connection is made in one round trip, and the server greets after it.
        server = socket.create_connection(("127.0.0.1", port))
        for source, sink in ((near, server), (server, near)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            late: Late = queue.SimpleQueue()
            threading.Thread(target=_take, args=(source, late, seconds), daemon=True).start()
            threading.Thread(target=_give, args=(sink, late), daemon=True).start()


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
