"""Which ways in there are, as the configuration has them."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from daemon.logins.desk import Desk
from daemon.logins.passwords import Hasher
from daemon.store import Store

UNIX = "unix"
"""What a peer is called that came by a Unix socket."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Trusted:
    """The reverse proxies whose word is believed: addresses, networks, or `unix`."""

    def __init__(self, listed: Sequence[str] = ()) -> None:
        self.listed = tuple(listed)
        self._networks: tuple[_Network, ...] = tuple(
            ipaddress.ip_network(one, strict=False) for one in listed if one != UNIX
        )

    def __contains__(self, peer: str) -> bool:
        if peer == UNIX:
            return UNIX in self.listed
        address = ip(peer)
        return address is not None and any(address in network for network in self._networks)


def ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text is; an IPv4 address that a socket for IPv6 tells is one of IPv4."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


class Begun(Protocol):
    """Where a browser goes to sign on, and what has to come back."""

    @property
    def url(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def nonce(self) -> str: ...
    @property
    def verifier(self) -> str: ...


class SignOn(Protocol):
    """A provider that signs users on. Raises ConnectorError."""

    def begin(self, redirect: str) -> Begun:
        """Send somebody there, who comes back to `redirect`."""
        ...

    def finish(self, redirect: str, code: str, nonce: str, verifier: str) -> str:
        """The verified email address of who came back with this code."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """`user_header` is what a trusted proxy names a user in, by email address. With `plain_cookies`
    sessions are given over HTTP without TLS to other machines, too."""

    desk: Desk
    public_url: str | None = None
    user_header: str | None = None
    trusted: Trusted = field(default_factory=Trusted)
    plain_cookies: bool = False
    sign_on: SignOn | None = None

    @property
    def is_https(self) -> bool:
        """Whether visitors come by TLS, as far as the configuration tells."""
        return self.public_url is not None and urlsplit(self.public_url).scheme == "https"


def usual(store: Store) -> Doors:
    """Passwords and tokens, and no proxy that is trusted."""
    return Doors(Desk(store, Hasher()))
