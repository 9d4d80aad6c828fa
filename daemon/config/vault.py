"""Secrets of accounts at rest: encrypted with the installation's key (spec §13)."""

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_PURPOSE = b"suivi: secrets of accounts"


class Unsealable(Exception):
    """A secret was sealed with another key, or is damaged: it has to be given anew."""


class Vault:
    """Seals and opens with a key of its own that is derived from the installation's (RFC 5869), so
    that no two uses of that share one."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, secret: str) -> str:
        """The secret as it may be stored: Fernet, AES-128-CBC with HMAC-SHA256."""
        return self._fernet().encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret again. Raises Unsealable."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except (InvalidToken, UnicodeError) as error:
            raise Unsealable("sealed with another key, or damaged") from error

    def _fernet(self) -> "Fernet":
        # Here, for commands that open nothing start without it.
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(hashes.SHA256(), 32, salt=None, info=_PURPOSE).derive(self._key)
        return Fernet(base64.urlsafe_b64encode(derived))
