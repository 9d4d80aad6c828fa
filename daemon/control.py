"""The way to a running daemon: a Unix socket, a line of JSON each way (design §4).

    → {"verb": "status", "args": {}}
    ← {"ok": true, "result": {…}}      or      {"ok": false, "error": "one line", "code": 1}

Only the daemon's own user may connect: the socket is 0600 in a directory of its own.
"""

import contextlib
import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog

from daemon.rollcall import Answer, Calls

log = structlog.stdlib.get_logger(__name__)

Verb = Callable[[Mapping[str, Any]], Mapping[str, Any]]

# A request is a verb and a few words.
_LARGEST = 64 * 1024

# sun_path of sockaddr_un, unix(7).
_LONGEST_PATH = 107

# How long a client may take to say what it wants.
_PATIENCE = 10.0


class ControlError(Exception):
    """The daemon could not be asked, or said no; one line that says what to do. `code` is the exit
    code of a command that ends so."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class NoDaemon(ControlError):
    """Nothing answers at the socket."""


class AlreadyRunning(ControlError):
    """A living daemon answers at the socket."""


class Control:
    """The daemon's end. A verb's ControlError goes to the caller, as does any other failure."""

    def __init__(self, path: Path, verbs: Mapping[str, Verb]) -> None:
        self._path = path
        self._verbs = verbs
        self._calls = Calls()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._inode = 0

    def start(self) -> None:
        """Listens; replaces a socket nobody answers at. Raises AlreadyRunning, ControlError."""
        _check_length(self._path)
        if _answers(self._path):
            raise AlreadyRunning(
                f"suivi is already running ({self._path} answers): stop it first, "
                "or give this one a runtime_dir of its own"
            )
        # Made under another name, so that it has its mode before anybody can connect.
        fresh = self._path.with_name(f"{self._path.name[:20]}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
            self._server = _Server(str(fresh), self._verbs, self._calls)
            fresh.chmod(0o600)
            fresh.replace(self._path)
            self._inode = self._path.stat().st_ino
        except OSError as error:
            raise ControlError(f"{self._path}: can't listen: {error.strerror}") from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, name="control"
        )
        self._thread.start()

    def call(self, answer: Answer) -> None:
        """Has `answer` called by the thread that listens (`daemon.rollcall`)."""
        self._calls.call(answer)

    def stop(self) -> None:
        """Answers no more, and takes the socket away unless another daemon has replaced it."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        self._server = self._thread = None


def ask(path: Path, verb: str, *, timeout: float = 10.0, **args: Any) -> dict[str, Any]:
    """The running daemon's answer to `verb`. Raises NoDaemon, or ControlError with its reason."""
    _check_length(path)
    request = json.dumps({"verb": verb, "args": args}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout)
        try:
            sock.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            hint = "start it with `systemctl start suivi` or `suivi run`"
            raise NoDaemon(f"no daemon answers at {path}: {hint}") from error
        except PermissionError as error:
            hint = "ask as the daemon's user or as root"
            raise ControlError(f"{path}: permission denied: {hint}") from error
        except OSError as error:
            raise ControlError(f"{path}: {error.strerror or error}") from error
        try:
            sock.sendall(request)
            with sock.makefile("rb") as stream:
                line = stream.readline()
        except TimeoutError as error:
            raise ControlError(f"{path}: no answer within {timeout:g} s") from error
        except OSError as error:
            raise ControlError(f"{path}: {error.strerror or error}") from error
    return _result(path, line)


def _result(path: Path, line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
        ok = answer["ok"]
        content = answer["result"] if ok else answer["error"]
    except (ValueError, KeyError, TypeError) as error:
        raise ControlError(f"{path}: the daemon ended before it answered") from error
    if not ok:
        code = answer.get("code")
        raise ControlError(str(content), code if isinstance(code, int) else 1)
    return dict(content)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    # A stop does not wait for somebody who connected and says nothing.
    block_on_close = False

    def __init__(self, path: str, verbs: Mapping[str, Verb], calls: Calls) -> None:
        self.verbs = verbs
        self._calls = calls
        super().__init__(path, _Conversation)

    def service_actions(self) -> None:
        """Called by the standard library in every round of waiting."""
        self._calls.answer()


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server
    timeout = _PATIENCE

    def handle(self) -> None:
        # Who goes away before the answer misses it; that is theirs to notice.
        with contextlib.suppress(OSError):
            line = self.rfile.readline(_LARGEST)
            with structlog.contextvars.bound_contextvars(request=uuid4().hex):
                answer = json.dumps(_answer(self.server.verbs, line), default=str)
            self.wfile.write(answer.encode() + b"\n")


def _answer(verbs: Mapping[str, Verb], line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
        name, args = request["verb"], request.get("args", {})
        verb = verbs[name]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {"ok": False, "error": f"not a request; verbs are {', '.join(sorted(verbs))}"}
    log.debug("asked", verb=name)
    try:
        return {"ok": True, "result": dict(verb(args))}
    except ControlError as error:
        return {"ok": False, "error": str(error), "code": error.code}
    except Exception as error:
        log.exception("control verb failed", verb=name)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return {"ok": False, "error": f"{name} failed: {reason}"}


def _answers(path: Path) -> bool:
    """True when somebody listens; a file left by a crash refuses."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(2)
        try:
            sock.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError as error:
            raise ControlError(f"{path}: {error.strerror or error}") from error
    return True


def _check_length(path: Path) -> None:
    if len(os.fsencode(path)) > _LONGEST_PATH - 8:
        raise ControlError(f"{path}: the path is too long for a socket: choose another runtime_dir")
