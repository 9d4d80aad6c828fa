"""Argon2id (RFC 9106) hashes of passwords, made and compared by a few at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

AT_ONCE = 2
"""Each takes 64 MiB and some tenths of a second of all cores."""

WAITING = 8
"""So many may wait for their turn; who comes then is told to try again."""

NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$UcHAQpG4ySwn+4pj4Rqu1Q"
    "$ZY3/6X7ZN961uHAgHMbXXVLiPBcFWHAILxc4q425nfQ"
)
"""The hash of a password that nobody knows, made with the effort of today."""


class Busy(Exception):
    """Too many passwords are being compared."""


class Hasher:
    """Safe to share between threads."""

    def __init__(self, argon2: PasswordHasher | None = None) -> None:
        # What argon2-cffi chooses is the second recommendation of RFC 9106 §4: 64 MiB, 3 passes.
        self._argon2 = argon2 or PasswordHasher()
        # Compared where there is no hash, so that an unknown user takes as long as a known one.
        self._nobody = NOBODY if argon2 is None else argon2.hash("")
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING)

    def hashed(self, password: str) -> str:
        """What is kept of a password. Raises Busy."""
        with self._turn():
            return self._argon2.hash(password)

    def matches(self, hashed: str | None, password: str) -> bool:
        """Whether this is the password; without a hash it never is, and takes as long. Raises
        Busy."""
        with self._turn():
            try:
                self._argon2.verify(hashed or self._nobody, password)
            except (VerifyMismatchError, VerificationError, InvalidHashError):
                return False
        return hashed is not None

    def is_weak(self, hashed: str) -> bool:
        """Whether a hash was made with less effort than is made today."""
        return self._argon2.check_needs_rehash(hashed)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            with self._turns:
                yield
        finally:
            self._places.release()
