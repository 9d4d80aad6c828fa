"""Where a domain says that its calendars are (RFC 6764 §3–4): SRV for the host, TXT the path."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import dns.exception
import dns.resolver

SERVICE: Final = "_caldavs._tcp"
"""Over TLS only: `_caldav` would have the password go in clear."""

SECONDS: Final = 5.0

Resolve = Callable[[str, str], Iterable[Any]]


def resolve(name: str, kind: str) -> Iterable[Any]:
    """The records of a name; none where there are none, or no resolver answers."""
    try:
        found: Iterable[Any] = dns.resolver.resolve(name, kind, lifetime=SECONDS)
    except (dns.exception.DNSException, OSError):
        return ()
    return found


def places(domain: str, resolve: Resolve = resolve) -> tuple[str, ...]:
    """The addresses to try, in the order that the domain wants; the weight decides nothing among
    equals, for one client does not balance a load."""
    name = f"{SERVICE}.{domain}"
    hosts = [
        (int(one.priority), -int(one.weight), str(one.target).rstrip("."), int(one.port))
        for one in resolve(name, "SRV")
    ]
    # A lone dot says that there is no such service (RFC 2782).
    found = [(host, port) for _, _, host, port in sorted(hosts) if host]
    if not found:
        return ()
    path = _path(resolve(name, "TXT"))
    return tuple(f"https://{host}{'' if port == 443 else f':{port}'}{path}" for host, port in found)


def _path(records: Iterable[Any]) -> str:
    for record in records:
        for text in record.strings:
            key, _, value = text.decode("utf-8", errors="replace").partition("=")
            if key.strip().lower() == "path" and value.startswith("/"):
                return str(value)
    return "/.well-known/caldav"
