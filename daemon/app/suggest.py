"""`suivi suggest third-parties`: whom staff write with most, from headers alone (spec §13)."""

from collections.abc import Iterator
from dataclasses import dataclass

from publicsuffixlist import PublicSuffixList

from connectors import mime
from connectors.errors import ConnectorError, Unreadable
from daemon.app import connect
from daemon.app.mailwork import Progress
from daemon.app.parts import Parts
from daemon.capture.mail import watched
from daemon.config import Mailbox
from rules import schedule, suggest
from rules.model.sightings import Message


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A domain, or a person at a free-mail address: mails received and sent, and who they are."""

    name: str
    received: int
    sent: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Best first, and the mailboxes that did not answer."""

    found: tuple[Suggestion, ...]
    troubles: tuple[str, ...]


def suggestions(parts: Parts, limit: int, progress: Progress) -> Suggestions:
    """Read the headers of every captured mailbox; nothing is stored."""
    suffixes = PublicSuffixList()
    troubles: list[str] = []
    ranked = suggest.tally(
        _messages(parts, progress, troubles),
        parts.rulebook.in_force().directory,
        lambda name: bool(suffixes.is_public(name)),
        limit,
    )
    domains = [
        Suggestion(
            d.domain, d.received, d.written, tuple(p.name or p.address for p in d.people[:3])
        )
        for d in ranked.domains
    ]
    people = [
        Suggestion(p.address, p.received, p.written, (p.name,) if p.name else ())
        for p in ranked.people
    ]
    found = sorted([*domains, *people], key=lambda s: (-s.sent, -s.received, s.name))
    return Suggestions(tuple(found[:limit]), tuple(troubles))


def _messages(parts: Parts, progress: Progress, troubles: list[str]) -> Iterator[Message]:
    for account, mailbox in parts.members.mail.values():
        try:
            yield from _of_mailbox(mailbox, account.folders, parts.settings.capture.batch, progress)
        except ConnectorError as error:
            troubles.append(f"{account.name}: {error}")


def _of_mailbox(
    mailbox: Mailbox, extra: frozenset[str], batch: int, progress: Progress
) -> Iterator[Message]:
    session = connect.mailbox_of(mailbox)
    try:
        for info in watched(session.folders(), extra):
            state = session.examine(info.name)
            for lo, hi in schedule.unjudged((), state.uidnext, batch, newest_first=True):
                for row in session.headers(lo, hi).rows:
                    try:
                        yield mime.headers(row)
                    except Unreadable:
                        # Nobody can be suggested from what can't be read.
                        continue
                progress(mailbox.name, info.name, state.uidnext - lo, state.uidnext - 1)
    finally:
        session.close()
