"""Words that occur nowhere else, and a search for them that no encoding of mail hides from.

A needle is a random word with an accent in it; looked for is its tail of plain letters: as it
is, in any letter case, in base64 at each of its three alignments, in quoted-printable, in
hexadecimal, and with NUL octets or line ends between the letters.
"""

import base64
import random
import re
import sqlite3
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TAIL = 14
_NOISE = re.compile(rb"[\s\0=]+")


@dataclass(slots=True)
class Needles:
    """Words by what they stand for; `word` makes one."""

    seed: int
    words: dict[str, str] = field(default_factory=dict)

    def word(self, what: str) -> str:
        """A new word, remembered as `what`."""
        chance = random.Random(f"{self.seed}:{what}")
        self.words[what] = "Zé" + "".join(chance.choices(string.ascii_lowercase, k=TAIL))
        return self.words[what]

    def name(self, what: str) -> str:
        """A new word that may stand in an address or a domain: ASCII only."""
        return self.word(what).replace("Zé", "ze")

    def found_in(self, places: Mapping[str, bytes]) -> dict[str, list[str]]:
        """Which of the words occur, and where."""
        found: dict[str, list[str]] = {}
        for place, octets in places.items():
            heaps = _heaps(octets)
            for what, word in self.words.items():
                if _occurs(word[-TAIL:], heaps):
                    found.setdefault(what, []).append(place)
        return found


def _heaps(octets: bytes) -> tuple[bytes, bytes, bytes]:
    together = _NOISE.sub(b"", octets)
    return octets.lower(), together.lower(), together


def _occurs(tail: str, heaps: tuple[bytes, bytes, bytes]) -> bool:
    lower, together, exact = heaps
    plain = tail.encode()
    return (
        plain in lower
        or plain in together
        or plain.hex().encode() in together
        or any(form in exact for form in _in_base64(plain))
    )


def _in_base64(plain: bytes) -> Iterator[bytes]:
    """What all base64 texts have in common that hold these octets, by what stands before them."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + plain)
        # Of the first and the last digits, some bits belong to the neighbours.
        first = -(-before * 8 // 6)
        last = (before + len(plain)) * 8 // 6
        yield encoded[first:last]


def files(folders: Iterable[Path], leave_out: Iterable[Path] = ()) -> dict[str, bytes]:
    """Every file below the folders, but those given."""
    left_out = set(leave_out)
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in left_out
    }


def vocabulary(database: Path) -> bytes:
    """Every word that SQLite's full-text indexes hold, each spelled out."""
    connection = sqlite3.connect(database)
    try:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'"
        ).fetchall()
        assert names, "no full-text index"
        heap = []
        for (name,) in names:
            connection.execute(
                f"CREATE VIRTUAL TABLE temp.v_{name} USING fts5vocab(main, {name}, row)"
            )
            heap += [term for (term,) in connection.execute(f"SELECT term FROM temp.v_{name}")]
        return "\n".join(heap).encode()
    finally:
        connection.close()
