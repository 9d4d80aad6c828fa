"""The messages of a batch that concern nobody, told from a few of their header fields.

Most of a mailbox is such mail, and of what was received a while ago nothing is kept but its count
by reason: of the rest, and of all that a glance can't tell, the whole header is read.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors import mime
from daemon.capture import telling
from daemon.capture.judging import MailAccount
from daemon.rulebook import Book
from rules.glance import NOBODY, Authors, Glance, Some
from rules.model.decisions import Reason
from rules.model.sightings import MailPlace
from rules.model.wire import HeaderRow

_MOST_REMEMBERED = 4_096
_LONGEST_REMEMBERED = 300
"""Octets of a field's value: a hostile one is not remembered."""

_PRINTABLE = re.compile(rb"[\t\x20-\x7e]*")
_SENDER = re.compile(rb"<?(?:[!-;?-~]|=(?!\?)){3,}+>?")


@dataclass(slots=True)
class Glancing:
    """A folder under one book. The same people write again and again: what a field's value says of
    them is remembered."""

    book: Book
    place: MailPlace
    glance: Glance
    _guarded: frozenset[bytes]
    _list_id: bytes
    _people: dict[bytes, Some] = field(default_factory=dict)
    _open: dict[frozenset[str], bool] = field(default_factory=dict)

    @classmethod
    def of(cls, book: Book, place: MailPlace, account: MailAccount) -> "Glancing":
        """The messages of a folder of this account."""
        glance = Glance(book.ruleset, book.directory, account.owner, place.role, account.since)
        guarded = frozenset(map(_octets, glance.guarded))
        return cls(book, place, glance, guarded, _octets(glance.list_id))

    def fits(self, book: Book, place: MailPlace) -> bool:
        """Whether it tells of this folder under this book."""
        return (
            book.ruleset is self.book.ruleset
            and book.directory is self.book.directory
            and (place.folder, place.name, place.role)
            == (self.place.folder, self.place.name, self.place.role)
        )

    def over(
        self, rows: Sequence[HeaderRow], logged: datetime
    ) -> tuple[Counter[Reason], Sequence[HeaderRow]]:
        """How many are ignored for which reason, and all others. Of what was received since
        `logged` the log of decisions tells: that is among the others."""
        if not self.glance.tells or telling.is_told():
            return Counter(), rows
        ignored: list[Reason] = []
        others: list[HeaderRow] = []
        for row in rows:
            received = row.received
            is_old = received is not None and received < logged
            reason = self._reason(row, received) if is_old and received else None
            if reason is None:
                others.append(row)
            else:
                ignored.append(reason)
        return Counter(ignored), others

    def _reason(self, row: HeaderRow, received: datetime) -> Reason | None:
        found = mime.fields(row.header)
        if not self._guarded.isdisjoint(found) or not self._may_pass(row.flags, found):
            return None
        if _may_report(found.get(b"content-type", b"")) or _may_be_null(found.get(b"return-path")):
            return None
        get, some = found.get, self._some
        return self.glance.reason(
            received,
            Authors(some(get(b"from")), some(get(b"sender")), some(get(b"reply-to"))),
            (some(get(b"to")), some(get(b"cc")), some(get(b"bcc"))),
            replies=b"in-reply-to" in found or b"references" in found,
        )

    def _may_pass(self, flags: frozenset[str], found: Mapping[bytes, bytes]) -> bool:
        """Whether no gate turns it away."""
        is_open = self._open.get(flags)
        if is_open is None:
            is_open = self.glance.is_open(replace(self.place, keywords=flags))
            if len(self._open) < _MOST_REMEMBERED:
                self._open[flags] = is_open
        if not is_open:
            return False
        listed = found.get(b"list-id")
        # Encoded words may hide it: those are read whole.
        if listed and (self._list_id in listed or b"=?" in listed or not listed.isascii()):
            return False
        subject = found.get(b"subject")
        if not subject or (self.glance.brackets_tags and not mime.may_hold_bracket(subject)):
            return True
        return not self.glance.is_tagged(mime.subject(subject))

    def _some(self, value: bytes | None) -> Some:
        if not value:
            return NOBODY
        some = self._people.get(value)
        if some is None:
            some = self.glance.some(mime.people(value))
            if len(self._people) >= _MOST_REMEMBERED:
                self._people.clear()
            if len(value) <= _LONGEST_REMEMBERED:
                self._people[value] = some
        return some


def _may_report(content_type: bytes) -> bool:
    """Whether this may be that of a delivery report (RFC 6522), blanks and marks not counted."""
    if b"=?" in content_type or not _PRINTABLE.fullmatch(content_type):
        return True
    return b"report" in content_type.translate(None, b' "\t').lower()


def _may_be_null(return_path: bytes | None) -> bool:
    """Whether this may be the null sender of a bounce (RFC 5321 §4.5.5)."""
    return return_path is not None and not _SENDER.fullmatch(return_path)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
