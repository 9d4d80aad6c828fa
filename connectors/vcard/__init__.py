"""vCards of organisations and people (RFC 6350, and RFC 2426 before it), as address books write
them."""

from connectors.vcard.cards import read

__all__ = ["read"]
