"""What a batch of headers comes to: read, decided, and completed by the text of what matched.

Nothing is stored here. A message that can't be judged is put aside; its neighbours go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors import mime
from daemon.capture import record
from daemon.capture.aside import Aside, each
from daemon.clock import now
from daemon.ports import Mailbox
from daemon.rulebook import Book
from daemon.store import Store, ambiguities, exchanges, vetoes
from rules import decide, mailkind
from rules.model.decisions import Decision
from rules.model.people import Level, UserId
from rules.model.sightings import AccountId, MailKind, MailPlace, Message, Sighting
from rules.model.wire import HeaderRow

Decided = tuple[Sighting, Decision]


@dataclass(frozen=True, slots=True)
class MailAccount:
    """A mailbox to read. `folders` are watched besides Inbox and Sent; mail received before
    `since` is counted, not captured."""

    id: AccountId
    name: str
    owner: UserId | None
    level: Level = Level.EVERYTHING
    folders: frozenset[str] = frozenset()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as its headers tell it, with its keyed hash and the Message-IDs it answers."""

    sighting: Sighting
    message: Message
    mark: str
    parents: tuple[str, ...]

    @property
    def uid(self) -> int:
        """Its number in the folder; 0 where it lies in none."""
        place = self.sighting.place
        return place.uid if isinstance(place, MailPlace) else 0


@dataclass(slots=True)
class Judging:
    """One batch being judged; `aside` gathers what can't be."""

    store: Store
    book: Book
    secret: bytes = field(repr=False)
    account: MailAccount
    aside: list[Aside] = field(default_factory=list)

    def read(self, rows: Sequence[HeaderRow], place: MailPlace) -> list[Seen]:
        """The headers as messages."""

        def put_aside(row: HeaderRow, reason: str) -> None:
            self.aside.append(Aside(_here(place, row), "read", reason))

        return each(lambda row: self._read(row, place), rows, put_aside)

    def with_reports(self, seen: Sequence[Seen], mailbox: Mailbox) -> list[Seen]:
        """What bounces are about is in their parts, and without it nobody knows whom they concern.
        They are few: one fetch for those of a batch."""
        bounces = {one.uid: one for one in seen if mailkind.kind(one.message) is MailKind.BOUNCE}
        if not bounces:
            return list(seen)
        told = {fetched.uid: fetched for fetched in mailbox.texts(bounces.keys())}

        def step(one: Seen) -> Seen:
            fetched = told.get(one.uid) if one.uid in bounces else None
            if fetched is None:
                return one
            failed = one.message.headers.get("x-failed-recipients", "")
            message = replace(one.message, report=mime.report(fetched, failed))
            sighting = replace(one.sighting, what=message)
            return Seen(sighting, message, one.mark, decide.parents(message))

        def put_aside(one: Seen, reason: str) -> None:
            self._put_aside(one.sighting, "read", reason)

        return each(step, seen, put_aside)

    def decide(self, seen: Sequence[Seen], at: datetime | None = None) -> list[Decided]:
        """What is to be done with each, now or `at` another moment."""
        with self.store.read() as tx:
            threads = exchanges.threads(tx, {parent for one in seen for parent in one.parents})
            vetoed = vetoes.level(tx, [one.mark for one in seen])
            answers = ambiguities.answers(tx, [one.mark for one in seen])

        def step(one: Seen) -> Decided:
            thread = next((threads[p] for p in one.parents if p in threads), ())
            decision = decide.message(
                self.book.ruleset,
                self.book.directory,
                one.sighting,
                thread,
                at or now(),
                veto=vetoed.get(one.mark, Level.EVERYTHING),
                since=self.account.since,
                around=self.book.around,
                answers=answers.get(one.mark, ()),
            )
            return one.sighting, decision

        def put_aside(one: Seen, reason: str) -> None:
            self._put_aside(one.sighting, "decide", reason)

        return each(step, seen, put_aside)

    def with_text(self, decided: Sequence[Decided], mailbox: Mailbox) -> list[Decided]:
        """Fetch the text of what matched, and put it into the decisions."""
        wanted = {
            s.place.uid for s, d in decided if d.wants_text and isinstance(s.place, MailPlace)
        }
        if not wanted:
            return list(decided)
        texts = {fetched.uid: fetched for fetched in mailbox.texts(wanted)}

        def step(one: Decided) -> Decided:
            sighting, decision = one
            mail, place = sighting.what, sighting.place
            fetched = texts.get(place.uid) if isinstance(place, MailPlace) else None
            if fetched is None or not isinstance(mail, Message):
                return one
            text = mime.text(fetched)
            whole = replace(
                mail, body=text.body, attachments=text.attachments, invites=text.invites
            )
            return replace(sighting, what=whole), decide.text(decision, whole)

        def put_aside(one: Decided, reason: str) -> None:
            self._put_aside(one[0], "text", reason)

        return each(step, decided, put_aside)

    def _read(self, row: HeaderRow, place: MailPlace) -> Seen:
        message = mime.headers(row)
        account = self.account
        sighting = Sighting(account.id, account.owner, _here(place, row), message, account.level)
        mark = record.key_hash(self.secret, message)
        return Seen(sighting, message, mark, decide.parents(message))

    def _put_aside(self, sighting: Sighting, step: str, reason: str) -> None:
        self.aside.append(aside_of(self.secret, sighting, step, reason))


def aside_of(secret: bytes, sighting: Sighting, step: str, reason: str) -> Aside:
    """A message that was read, for the quarantine: `explain` finds it by its Message-ID."""
    if not isinstance(sighting.place, MailPlace):
        raise TypeError("only mail is put aside here")
    return Aside(sighting.place, step, reason, record.key_hash(secret, sighting.what))


def _here(place: MailPlace, row: HeaderRow) -> MailPlace:
    return replace(
        place, uid=row.uid, keywords=row.flags, emailid=row.emailid, received=row.received
    )
