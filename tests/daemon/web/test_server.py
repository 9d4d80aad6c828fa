"""uvicorn inside a process that has other things to do."""

import signal
import socket
import stat
import threading
import time
from pathlib import Path

import httpx2
import pytest

from daemon import web
from daemon.store import Store
from daemon.web import CannotListen, Links, Readiness


def application(store: Store):
    def refuse(_token: str):
        raise web.LinkRefused

    return web.build(store, lambda: Readiness(()), {}, Links(refuse, refuse))


def test_a_taken_port_is_a_clear_error(store: Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{port}: Address already in use"):
            web.Server(application(store), "127.0.0.1", port).start()


def test_an_address_that_is_not_ours_is_a_clear_error(store: Store) -> None:
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1:0: .*listen"):
        web.Server(application(store), "192.0.2.1", 0).start()


def test_it_answers_when_start_returns_and_not_after_stop(store: Store) -> None:
    server = web.Server(application(store), "127.0.0.1", 0)
    server.start()
    assert httpx2.get(f"{server.url}/healthz", timeout=10).status_code == 200
    assert server.running
    url = server.url
    server.stop()
    assert not server.running
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/healthz", timeout=5)


def test_a_visitor_who_has_come_in_is_heard_out_and_the_next_one_waits(store: Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as port:
        server = web.Server(application(store), "127.0.0.1", 0, [port.dup()])
        server.start()
        assert server.url == f"http://127.0.0.1:{port.getsockname()[1]}"
        with socket.create_connection(port.getsockname()) as early:
            time.sleep(0.2)
            stop = threading.Thread(target=server.stop)
            stop.start()
            time.sleep(0.2)
            late = socket.create_connection(port.getsockname())
            early.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            early.settimeout(10)
            assert early.recv(100).startswith(b"HTTP/1.1 200")
            stop.join()
        late.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        again = web.Server(application(store), "127.0.0.1", 0, [port.dup()])
        again.start()
        with late:
            late.settimeout(10)
            assert late.recv(100).startswith(b"HTTP/1.1 200")
        again.stop()


def test_one_who_says_nothing_holds_up_no_stop(store: Store) -> None:
    server = web.Server(application(store), "127.0.0.1", 0)
    server.start()
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))):
        time.sleep(0.2)
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 5
    assert not server.running


def test_it_leaves_signals_alone(store: Store) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    server = web.Server(application(store), "127.0.0.1", 0)
    server.start()
    after = {number: signal.getsignal(number) for number in before}
    server.stop()
    assert after == before
    assert not any(thread.name == "http" for thread in threading.enumerate())


def test_the_token_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    file = tmp_path / "http-token"
    token = web.admin_token(file)
    assert len(token) >= 43
    assert web.admin_token(file) == token
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token not in web.token_hash(token)
