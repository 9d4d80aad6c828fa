"""From bytes to records: encoding, delimiter, quotes and line numbers (RFC 4180, and worse)."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from connectors.csvfile.columns import known
from connectors.errors import Unreadable

LIMIT = 50 * 1024 * 1024
_DELIMITERS = (",", ";", "\t")
# A cell may hold an address in several lines; more than this is a quote that nobody closed.
_MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record, and the physical line of the file where it starts, from 1."""

    line: int
    cells: tuple[str, ...]
    problem: str = ""


def text(data: bytes) -> str:
    """Decoded; bytes that fit no encoding become U+FFFD. Raises Unreadable for no text at all."""
    if len(data) > LIMIT:
        raise Unreadable(f"csv: larger than {LIMIT // 1024 // 1024} MiB; split the file")
    if data.startswith(b"PK\x03\x04"):
        raise Unreadable("csv: this is a spreadsheet; save it as CSV")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise Unreadable("csv: this is not text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Windows programs write in Western Europe.
        return data.decode("cp1252", "replace")


def records(content: str) -> Iterator[Record]:
    """All records that hold anything; the header comes first."""
    lines = _Lines(content)
    delimiter = lines.named_delimiter() or _delimiter(lines)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    while True:
        lines.begin()
        problem = ""
        cells: list[str] = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = str(error)
        if lines.looks_unclosed():
            problem = f"a quote is not closed; lines {lines.start} to {lines.number} are lost"
        if problem or any(cell.strip() for cell in cells):
            yield Record(lines.start, tuple(cells), problem)


class _Lines:
    """The physical lines, counted while the reader takes them."""

    def __init__(self, content: str) -> None:
        # Only CR and LF end a line here; str.splitlines knows eight more ends.
        self._file = StringIO(content, newline="")
        self.number = 0
        self.begin()

    def begin(self) -> None:
        self.start = self.number + 1
        self._quotes = 0

    def looks_unclosed(self) -> bool:
        taken = self.number - self.start + 1
        return taken > _MOST_LINES or (taken > 1 and self._quotes % 2 == 1)

    def named_delimiter(self) -> str | None:
        """The delimiter that Excel's own first line `sep=;` names; takes that line."""
        place = self._file.tell()
        first = self._file.readline().strip().strip('"')
        if first[:4].lower() == "sep=" and len(first) == 5:
            self.number = 1
            return first[4]
        self._file.seek(place)
        return None

    def peek(self) -> str:
        """The next line that holds anything; it stays."""
        place = self._file.tell()
        line = next((it for it in self._file if it.strip()), "")
        self._file.seek(place)
        return line

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._file)
        self.number += 1
        self._quotes += line.count('"')
        return line


def _delimiter(lines: _Lines) -> str:
    """The one that makes most known columns of the header, then most columns."""
    header = lines.peek()

    def gain(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([header], delimiter=delimiter, skipinitialspace=True), [])
        return sum(known(cell) is not None for cell in cells), len(cells)

    return max(_DELIMITERS, key=gain)
