"""The calendar servers that the flows run on: each real, in a throw-away directory."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers.cyrus import cyrus
from tests.servers.dav import DavServer
from tests.servers.davical import davical
from tests.servers.radicale import radicale
from tests.servers.sogo import sogo
from tests.servers.xandikos import xandikos

QUICK = ("radicale", "xandikos")
SERVERS = (*QUICK, "davical", "cyrus", "sogo")
NEEDS_POSTGRESQL = ("davical", "sogo")
# It knows one principal only.
ALONE = ("xandikos",)


@contextmanager
def serving(
    name: str, directory: Path, users: Mapping[str, str], postgres_url: Callable[[], str]
) -> Iterator[DavServer]:
    """The server of this name with these users, or with the first of them where it knows one."""
    if name == "radicale":
        made = radicale(directory, users)
    elif name == "xandikos":
        made = xandikos(directory, next(iter(users)))
    elif name == "davical":
        directory.mkdir(parents=True, exist_ok=True)
        made = davical(directory, postgres_url(), users)
    elif name == "cyrus":
        made = cyrus(users)
    else:
        made = sogo(postgres_url(), users)
    with made as server:
        yield server
