"""The blocks of docs/how-to/reverse-proxy.md, in the real servers, in front of a real suivi."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.daemon.cli.conftest import CONFIG
from tests.servers import certificates
from tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]
HOW_TO = (ROOT / "docs" / "how-to" / "reverse-proxy.md").read_text("utf-8")
NAME = "suivi.dupont.example"
SETTLED = 30


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)
    return str(found)


@dataclass(frozen=True)
class Site:
    """Where a proxy listens, and where it writes its logs."""

    folder: Path
    plain: int
    tls: int
    certificate: certificates.Certificate
    backend: int

    def placed(self, text: str) -> str:
        """A block with the addresses and files of this site instead of those of the example."""
        live = f"/etc/letsencrypt/live/{NAME}"
        for old, new in (
            (f"{live}/fullchain.pem", str(self.certificate.cert)),
            (f"{live}/privkey.pem", str(self.certificate.key)),
            ("127.0.0.1:8425", f"127.0.0.1:{self.backend}"),
            ("/var/log/nginx", str(self.folder)),
            ("${APACHE_LOG_DIR}", str(self.folder)),
        ):
            text = text.replace(old, new)
        return text

    def get(self, path: str, *, tls: bool = True) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.plain, timeout=20)
        if tls:
            trusted = ssl.create_default_context(cafile=str(self.certificate.cert))
            plain = socket.create_connection(("127.0.0.1", self.tls), 20)
            connection.sock = trusted.wrap_socket(plain, server_hostname=NAME)
        connection.request("GET", path, headers={"Host": NAME, "Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


def _nginx(site: Site, inside: str = "") -> tuple[list[str], list[str]]:
    text = site.placed(block("nginx"))
    text = text.replace("listen 80;", f"listen 127.0.0.1:{site.plain};")
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{site.tls} ssl;{inside}")
    config = site.folder / "nginx.conf"
    temporary = "".join(
        f"{kind}_temp_path {site.folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"daemon off;\npid {site.folder}/pid;\nerror_log {site.folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log {site.folder}/access.log;\n{temporary}{text}}}\n"
    )
    words = ["nginx", "-p", str(site.folder), "-c", str(config), "-e", f"{site.folder}/error.log"]
    return [*words, "-t"], words


def _apache(site: Site, inside: str = "") -> tuple[list[str], list[str]]:
    text = site.placed(block("apache"))
    text = text.replace("*:80>", f"127.0.0.1:{site.plain}>")
    text = text.replace("*:443>", f"127.0.0.1:{site.tls}>{inside}")
    names = "mpm_event authz_core ssl headers proxy proxy_http setenvif alias log_config"
    modules = Path("/usr/lib/apache2/modules")
    loads = "".join(
        f"LoadModule {name}_module {modules}/mod_{name}.so\n"
        for name in names.split()
        if (modules / f"mod_{name}.so").exists()
    )
    config = site.folder / "apache.conf"
    config.write_text(
        f"ServerRoot {site.folder}\nPidFile {site.folder}/pid\nServerName localhost\n{loads}"
        f"User www-data\nGroup www-data\nErrorLog {site.folder}/error.log\n"
        f"DefaultRuntimeDir {site.folder}\nMutex file:{site.folder}\n"
        'LogFormat "%r" common\nLogFormat "%r" combined\n'
        f"Listen 127.0.0.1:{site.plain}\nListen 127.0.0.1:{site.tls}\n{text}"
    )
    words = ["apache2", "-f", str(config)]
    return [*words, "-t"], [*words, "-D", "FOREGROUND"]


def _caddy(site: Site, inside: str = "") -> tuple[list[str], list[str]]:
    text = site.placed(block("caddy"))
    files = f"tls {site.certificate.cert} {site.certificate.key}"
    text = text.replace(f"{NAME} {{", f"https://{NAME}:{site.tls} {{\n{files}\n{inside}", 1)
    config = site.folder / "Caddyfile"
    options = f"admin off\nhttp_port {site.plain}\nhttps_port {site.tls}\nauto_https disable_certs"
    config.write_text(f"{{\n{options}\n}}\n{text}")
    end = ["--config", str(config), "--adapter", "caddyfile"]
    return ["caddy", "validate", *end], ["caddy", "run", *end]


Written = Callable[[Site, str], tuple[list[str], list[str]]]
PROXIES: dict[str, Written] = {"nginx": _nginx, "apache2": _apache, "caddy": _caddy}


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a running suivi."""
    place, port = tmp_path_factory.mktemp("suivi"), free_port()
    config = CONFIG.format(place=place).replace("127.0.0.1:0", f"127.0.0.1:{port}")
    (place / "suivi.toml").write_text(config)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SUIVI_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "daemon.cli", "--config", str(place / "suivi.toml"), "run"],
        cwd=ROOT,
        env=kept,
        stderr=(place / "log").open("wb"),
    )
    try:
        _wait(port, process, place / "log")
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + SETTLED
    while True:
        assert process.poll() is None and time.monotonic() < until, log.read_text()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            connection.getresponse()
        except OSError:
            time.sleep(0.05)
        else:
            return


@contextmanager
def running(name: str, backend: int, folder: Path, inside: str = "") -> Iterator[Site]:
    if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip(f"{name} is not installed")
    folder.chmod(0o755)
    made = certificates.make(folder, NAME)
    site = Site(folder, free_port(), free_port(), made, backend)
    check, run = PROXIES[name](site, inside)
    environment = {
        **os.environ,
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    checked = subprocess.run(check, env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    log = folder / "said.log"
    said = log.open("wb")
    process = subprocess.Popen(run, env=environment, stdout=said, stderr=subprocess.STDOUT)
    try:
        _wait(site.plain, process, log)
        yield site
    finally:
        process.terminate()
        process.wait(20)
        said.close()


@pytest.mark.parametrize("name", PROXIES)
def test_the_block_hands_over_what_it_should_and_nothing_more(
    name: str, backend: int, tmp_path: Path
) -> None:
    with running(name, backend, tmp_path) as site:
        alive = site.get("/healthz")
        assert alive.status == 200
        assert alive.headers.get_all("X-Frame-Options") == ["SAMEORIGIN"]
        assert "frame-ancestors 'self'" in (alive.headers["Content-Security-Policy"] or "")
        assert alive.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
        for path in ("/metrics", "/readyz"):
            assert site.get(path).status in (403, 404)
        onward = site.get("/somewhere", tls=False)
        assert onward.status in (301, 308)
        assert f"https://{NAME}" in (onward.headers["Location"] or "")
        link = site.get("/l/signed-by-suivi")
        assert link.headers.get_all("X-Frame-Options") == ["SAMEORIGIN"]
        site.get("/l/signed-by-suivi", tls=False)
    logs = [path for path in tmp_path.rglob("*.log") if path.is_file()]
    told = "".join(path.read_text(errors="replace") for path in logs)
    assert "signed-by-suivi" not in told
    if name != "caddy":
        assert "/healthz" in told


@pytest.mark.parametrize("name", ["nginx", "apache2"])
def test_frames_of_ones_own_pages_are_let_in_once(name: str, backend: int, tmp_path: Path) -> None:
    more = block(f"{name.removesuffix('2')}-frames")
    with running(name, backend, tmp_path, f"\n{more}") as site:
        assert site.get("/healthz").headers.get_all("X-Frame-Options") == ["sameorigin"]
