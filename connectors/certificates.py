"""Until when a server's certificate is good (RFC 5280 §4.1.2.5), as TLS libraries tell it."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def ends(certificate: Mapping[str, Any] | None) -> datetime | None:
    """The end of a certificate in the form of `SSLSocket.getpeercert`; None where nothing is told,
    as without TLS."""
    told = (certificate or {}).get("notAfter")
    if not isinstance(told, str):
        return None
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(told), UTC)
    except (ValueError, OverflowError, OSError):
        return None
