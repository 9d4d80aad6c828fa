"""Free ports on loopback, for servers that can't be asked to choose one themselves."""

import socket


def free_port() -> int:
    """A TCP port that nobody listens on now; start the server on it at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
