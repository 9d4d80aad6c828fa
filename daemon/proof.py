"""Proof: what was done with one message or event, and why (spec §11).

The ledger and the log of recent decisions answer first; what left no row is asked of the
mailboxes again and decided anew, and nothing of that is stored.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from connectors import mime
from connectors.errors import ConnectorError, Refused, Unreadable
from daemon.clock import now
from daemon.ports import Mailbox
from daemon.rulebook import Book, Rulebook
from daemon.store import Store, decisions, exchange_list, exchanges, quarantine, vetoes
from rules import decide, identity
from rules.access import OPERATOR, Scope
from rules.model.decisions import Decision, Step
from rules.model.people import Level, UserId
from rules.model.sightings import (
    AccountId,
    FolderId,
    FolderRole,
    MailPlace,
    Message,
    Sighting,
)
from rules.model.wire import FolderInfo


@dataclass(frozen=True, slots=True)
class Explanation:
    """One answer to "what became of it?". `source` says where the answer comes from: "ledger",
    "quarantine", or "mailbox" for what was decided anew just now."""

    source: str
    place: str
    at: datetime
    verdict: str
    reason: str
    exchange: str | None = None
    trace: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A mailbox that `explain` may ask again."""

    account: AccountId
    name: str
    owner: UserId | None
    level: Level
    folders: frozenset[str]
    login: Callable[[], Mailbox]


def explain(
    store: Store,
    rulebook: Rulebook,
    secret: bytes,
    text: str,
    mailboxes: Iterable[Asked],
    scope: Scope = OPERATOR,
) -> tuple[Explanation, ...]:
    """Everything known of a Message-ID or event UID, in the order of what happened.

    A mailbox that does not answer is an explanation of its own, for its silence is no proof. Who
    may not read decisions is told of exchanges that they see, and of none of them what is hidden.
    """
    found = (*_from_ledger(store, secret, text, scope),)
    if found or not scope.decisions:
        return found
    return tuple(
        answer
        for mailbox in mailboxes
        for answer in _from_mailbox(store, rulebook, secret, text, mailbox)
    )


def _from_ledger(store: Store, secret: bytes, text: str, scope: Scope) -> Iterator[Explanation]:
    marks = {
        identity.digest(secret, identity.normal_id(text)),
        identity.digest(secret, text.strip()),
    }
    with store.read() as tx:
        for row in decisions.explain(tx, marks):
            stored = exchanges.get(tx, row.exchange) if row.exchange is not None else None
            exchange = exchange_list.shown(tx, scope, stored.id) if stored is not None else None
            if exchange is None and not scope.decisions:
                continue
            # Evidence quotes what was read: it goes where all of that goes.
            told = scope.decisions or exchange == stored
            yield Explanation(
                "ledger",
                row.place,
                row.at,
                row.verdict,
                row.reason,
                exchange.ref if exchange else None,
                row.trace if told else (),
            )
        for item in quarantine.explain(tx, marks) if scope.decisions else ():
            verdict = "quarantined" if item.resolved_at is None else "no longer quarantined"
            why = item.reason if item.dropped is None else f"dropped: {item.dropped}"
            yield Explanation("quarantine", item.place, item.at, verdict, why)


def _from_mailbox(
    store: Store, rulebook: Rulebook, secret: bytes, text: str, asked: Asked
) -> Iterator[Explanation]:
    try:
        mailbox = asked.login()
    except ConnectorError as error:
        yield Explanation("mailbox", asked.name, now(), "unknown", str(error))
        return
    try:
        for info in mailbox.folders():
            watched = info.role in (FolderRole.INBOX, FolderRole.SENT) or info.name in asked.folders
            if not info.selectable or not watched:
                continue
            try:
                for place, message in copies(mailbox, info, text):
                    decision = _decide_anew(
                        store, rulebook.in_force(), secret, asked, place, message
                    )
                    where = f"{asked.name}: {place.name} UID {place.uid}"
                    verdict, reason = decision.verdict, decision.reason
                    yield Explanation(
                        "mailbox", where, now(), verdict, reason, trace=decision.trace
                    )
            except (Refused, Unreadable) as error:
                where = f"{asked.name}: {info.name}"
                yield Explanation("mailbox", where, now(), "unknown", str(error))
    except ConnectorError as error:
        yield Explanation("mailbox", asked.name, now(), "unknown", str(error))
    finally:
        mailbox.close()


def copies(
    mailbox: Mailbox, info: FolderInfo, message_id: str
) -> Iterator[tuple[MailPlace, Message]]:
    """The messages of a folder that have this Message-ID."""
    state = mailbox.examine(info.name)
    for uid in mailbox.find("".join(message_id.split())):
        for row in mailbox.headers(uid, uid).rows:
            message = mime.headers(row)
            # A server searches for a part of the field: a@b.example is in aa@b.example too.
            if identity.normal_id(message.message_id or "") != identity.normal_id(message_id):
                continue
            place = MailPlace(FolderId(0), info.role, info.name, state.uidvalidity, uid)
            yield (
                replace(place, keywords=row.flags, emailid=row.emailid, received=row.received),
                message,
            )


def _decide_anew(
    store: Store, book: Book, secret: bytes, asked: Asked, place: MailPlace, message: Message
) -> Decision:
    sighting = Sighting(asked.account, asked.owner, place, message, asked.level)
    mark = identity.digest(secret, identity.normal_id(message.message_id or ""))
    with store.read() as tx:
        threads = exchanges.threads(tx, decide.parents(message))
        veto = vetoes.level(tx, [mark]).get(mark, Level.EVERYTHING)
    thread = next((threads[p] for p in decide.parents(message) if p in threads), ())
    return decide.message(
        book.ruleset, book.directory, sighting, thread, now(), veto=veto, around=book.around
    )
