"""A TCP relay: what a test or a benchmark puts between a client and a server of this machine."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Carry = Callable[[socket.socket, socket.socket, bool], None]
"""Takes what one side says to the other, until it ends; True: from the client to the server."""


@contextmanager
def relay(port: int, carry: Carry) -> Iterator[int]:
    """The port of a relay to `port`; each direction of a connection is carried in a thread of its
    own."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listener, port, carry), daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        # Wakes the thread that waits for the next connection.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(listener: socket.socket, port: int, carry: Carry) -> None:
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        # A connection is made in one round trip, and the server greets after it.
        server = socket.create_connection(("127.0.0.1", port))
        for source, sink, is_up in ((near, server, True), (server, near, False)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=carry, args=(source, sink, is_up), daemon=True).start()
