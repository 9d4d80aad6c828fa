"""`suivi rules test`: a mail or event tried by rules, step by step; nothing is stored (spec §7)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from connectors import ical, mime
from connectors.errors import ConnectorError, Refused, Unreadable
from daemon import proof
from daemon.capture.mail import WATCHED
from daemon.clock import now
from daemon.config import Settings
from daemon.ports import Mailbox
from daemon.rulebook import Book
from daemon.store import Store, accounts, exchanges, folders, people, vetoes
from daemon.store.accounts import AccountStatus
from rules import decide, identity, match, trying
from rules.model.people import Directory, Level, UserId
from rules.model.sightings import (
    AccountId,
    CalendarId,
    Event,
    EventPlace,
    FolderId,
    FolderRole,
    MailPlace,
    Message,
    Sighting,
)
from rules.trying import Trial

MAIL_MOST = 64 * 1024 * 1024
EVENTS_MOST = 4 * 1024 * 1024
"""Octets of a file that is tried."""

OCCURRENCES_MOST = 20
"""Occurrences of a series that are tried: the nearest ones."""

_HORIZON = timedelta(days=366)
_NOBODY = AccountId(0)


class NotTried(Exception):
    """It can't be tried; one line that says why."""


@dataclass(frozen=True, slots=True)
class Tested:
    """One mail or occurrence: `account` and `place` as which it was tried, and `guessed` whether
    suivi chose them; `what` names it; and what came out."""

    account: str
    place: str
    owner: str
    guessed: bool
    what: str
    trial: Trial


@dataclass(frozen=True, slots=True)
class Trying:
    """What trying works with. `account` and `folder` say where a file lies, None leaves that to
    suivi; `login` opens the mailbox of a name."""

    settings: Settings
    store: Store
    book: Book
    secret: bytes = field(repr=False)
    login: Callable[[str], Mailbox]
    account: str | None = None
    folder: str | None = None

    def file(self, path: Path) -> Iterator[Tested]:
        """The mail or the events of a file. Raises NotTried, Unreadable and OSError."""
        data = _bytes(path)
        if path.suffix.lower() in (".ics", ".ical") or b"BEGIN:VCALENDAR" in data[:1000]:
            yield from self._events(path, data)
        else:
            yield self._mail(mime.parse(data))

    def message_id(self, text: str, troubled: Callable[[str], object]) -> Iterator[Tested]:
        """Every copy of a message that the mailboxes have; `troubled` is told a line of each
        mailbox, or folder of one, that could not be asked."""
        for status in self._accounts("mail"):
            try:
                yield from self._copies(status, text, troubled)
            except ConnectorError as error:
                troubled(f"{status.name}: {error}")

    # --- mail -----------------------------------------------------------------------------------

    def _mail(self, message: Message) -> Tested:
        account, role = self._lies(message)
        name = self.folder or ("Sent" if role is FolderRole.SENT else "INBOX")
        place = MailPlace(FolderId(0), role, name, 1, 1)
        guessed = self.account is None or self.folder is None
        return self._judged(account, place, message, guessed=guessed)

    def _lies(self, message: Message) -> tuple[AccountStatus | None, FolderRole]:
        """As whose copy a file is judged: the Inbox of one of us among the recipients, else Sent
        of who wrote it, else a mailbox that is nobody's."""
        known = self._accounts("mail")
        if self.account is not None:
            mine = next((s for s in known if s.name == self.account), None)
            if mine is None:
                names = ", ".join(s.name for s in known) or "–"
                raise NotTried(f"{self.account}: no such mailbox; there are {names}")
            return mine, self._role(mine)
        owners = {s.owner: s for s in reversed(known) if s.owner is not None}
        directory = self.book.directory
        for addresses, role in (
            ((*message.to, *message.cc, *message.bcc), FolderRole.INBOX),
            ((*message.from_, *message.sender), FolderRole.SENT),
        ):
            for address in addresses:
                user = match.user_of(directory, address)
                if user in owners:
                    return owners[user], self._role(owners[user], role)
        return None, self._role(None)

    def _role(
        self, account: AccountStatus | None, otherwise: FolderRole = FolderRole.INBOX
    ) -> FolderRole:
        if self.folder is None:
            return otherwise
        if self.folder.upper() == "INBOX":
            return FolderRole.INBOX
        if account is None:
            return FolderRole.OTHER
        with self.store.read() as tx:
            roles = {f.name: f.role for f in folders.of(tx, account.id)}
        return roles.get(self.folder, FolderRole.OTHER)

    def _copies(
        self, status: AccountStatus, text: str, troubled: Callable[[str], object]
    ) -> Iterator[Tested]:
        watched = next((m.folders for m in self.settings.mailboxes if m.name == status.name), ())
        mailbox = self.login(status.name)
        try:
            for info in mailbox.folders():
                if not info.selectable or (info.role not in WATCHED and info.name not in watched):
                    continue
                try:
                    for place, message in proof.copies(mailbox, info, text):
                        whole = _with_text(mailbox, place, message)
                        yield self._judged(status, place, whole, guessed=False)
                except (Refused, Unreadable) as error:
                    troubled(f"{status.name}: {info.name}: {error}")
        finally:
            mailbox.close()

    def _judged(
        self, account: AccountStatus | None, place: MailPlace, message: Message, *, guessed: bool
    ) -> Tested:
        sighting = _sighting(account, place, message)
        parents = decide.parents(message)
        mark = identity.digest(self.secret, identity.normal_id(message.message_id or ""))
        with self.store.read() as tx:
            threads = exchanges.threads(tx, parents)
            # What rules alone hid is asked of these rules.
            veto = vetoes.of_people(tx, [mark]).get(mark, Level.EVERYTHING)
        thread = next((threads[p] for p in parents if p in threads), ())
        book = self.book
        trial = trying.mail(
            book.ruleset, book.directory, sighting, thread, now(), veto, book.around
        )
        return self._tested(account, place.name, message.subject, trial, guessed=guessed)

    # --- events ---------------------------------------------------------------------------------

    def _events(self, path: Path, data: bytes) -> Iterator[Tested]:
        account = self._calendar()
        place = EventPlace(CalendarId(0), self.folder or "calendar", path.name, "")
        zone = self.settings.company.timezone
        moment = now()
        events = ical.read(data, zone, moment - _HORIZON, moment + _HORIZON)
        if not events:
            raise NotTried(f"{path}: there is no event in it, or none within a year")
        for event in _nearest(events, moment):
            sighting = _sighting(account, place, event)
            mark = identity.digest(self.secret, event.uid)
            with self.store.read() as tx:
                veto = vetoes.of_people(tx, [mark]).get(mark, Level.EVERYTHING)
            book = self.book
            trial = trying.event(
                book.ruleset,
                book.directory,
                sighting,
                moment,
                book.live_since,
                veto,
                book.around,
            )
            when = f" {event.when.start.isoformat()}" if event.when else ""
            what = f"{event.summary}{when}"
            guessed = self.account is None or self.folder is None
            yield self._tested(account, place.name, what, trial, guessed=guessed)

    def _calendar(self) -> AccountStatus | None:
        known = self._accounts("calendar")
        if self.account is None:
            return next(iter(known), None)
        mine = next((s for s in known if s.name == self.account), None)
        if mine is None:
            names = ", ".join(s.name for s in known) or "–"
            raise NotTried(f"{self.account}: no such calendar account; there are {names}")
        return mine

    # --- both -----------------------------------------------------------------------------------

    def _accounts(self, kind: str) -> list[AccountStatus]:
        with self.store.read() as tx:
            return [s for s in accounts.watched(tx) if s.kind == kind]

    def _tested(
        self,
        account: AccountStatus | None,
        place: str,
        what: str,
        trial: Trial,
        *,
        guessed: bool,
    ) -> Tested:
        owner = _name(self.book.directory, account.owner if account else None)
        return Tested(account.name if account else "", place, owner, guessed, what, trial)


def _sighting(
    account: AccountStatus | None, place: MailPlace | EventPlace, what: Message | Event
) -> Sighting:
    if account is None:
        return Sighting(_NOBODY, None, place, what)
    return Sighting(account.id, account.owner, place, what, account.level)


def _name(directory: Directory, user: UserId | None) -> str:
    return directory.users[user].name if user in directory.users and user is not None else ""


def _with_text(mailbox: Mailbox, place: MailPlace, message: Message) -> Message:
    fetched = next(iter(mailbox.texts({place.uid})), None)
    if fetched is None:
        return message
    text = mime.text(fetched)
    return replace(message, body=text.body, attachments=text.attachments, invites=text.invites)


def _bytes(path: Path) -> bytes:
    """What is in a file that is no larger than a message can be. Raises NotTried and OSError."""
    most = EVENTS_MOST if path.suffix.lower() in (".ics", ".ical") else MAIL_MOST
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise NotTried(f"{path}: is larger than {most // 1024 // 1024} MB")
    return data


def _nearest(events: tuple[Event, ...], moment: datetime) -> list[Event]:
    """The occurrences nearest to now, in the order of their times; a master tells nothing."""

    def start(event: Event) -> datetime:
        return event.when.start if event.when else moment

    several = [e for e in events if not e.recurs] or list(events)
    nearest = sorted(several, key=lambda e: abs(start(e) - moment))[:OCCURRENCES_MOST]
    return sorted(nearest, key=start)


def codes(store: Store, trial: Trial) -> dict[int, str]:
    """Third parties that a trial speaks of, by number, as people call them."""
    wanted = {p for _, result in trial.candidates for p in trying.parties(result)}
    with store.read() as tx:
        found = (people.get_third_party(tx, party) for party in wanted)
        return {party.id: f"{party.name} ({party.code})" for party in found if party is not None}
