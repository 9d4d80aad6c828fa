"""What logging in needs, and where somebody comes from."""

import ipaddress
from dataclasses import dataclass, field

from daemon.logins.passwords import Hasher
from daemon.store import Store
from rules import identity
from rules.logins import ACCOUNT, ADDRESS, Lasting, Patience

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Desk:
    """`key` is the installation's: with it, names that were tried are hashed. With failures against
    one `account` and from one `address` there is so much patience."""

    store: Store
    hasher: Hasher
    lasting: Lasting = field(default_factory=Lasting)
    key: bytes = field(default=b"", repr=False)
    account: Patience = ACCOUNT
    address: Patience = ADDRESS

    def account_key(self, name: str) -> str:
        """By which failures against an account are counted, known or not."""
        return identity.digest(self.key, f"login {identity.key(name)}")

    def address_key(self, address: str) -> str:
        """By which failures from an address are counted; of IPv6 a network is one (RFC 6177)."""
        return identity.digest(self.key, f"address {network(address)}")


@dataclass(frozen=True, slots=True)
class Place:
    """From which address, and with which program; as far as it is known."""

    address: str = ""
    agent: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", self.address[:_LONGEST])
        object.__setattr__(self, "agent", self.agent[:_LONGEST])


def network(address: str) -> str:
    """The address itself, or the network of 64 bits that a subscriber of IPv6 has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
