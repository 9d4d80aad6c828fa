"""The connections of mailboxes: made once, kept from turn to turn, parked between them."""

from collections.abc import Callable
from typing import TypeVar

import structlog

from connectors import imap
from connectors.errors import ConnectorError, Unreachable
from connectors.imap import ImapMailbox
from connectors.imap.watch import IdleWatcher
from daemon.app.connect import imap_account
from daemon.config import Mailbox
from rules.model.sightings import AccountId
from rules.ruleset import RuleSet

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")


class Lines:
    """Lends the connections that a watcher has parked; without one, each use makes its own."""

    def __init__(self, watcher: IdleWatcher | None = None) -> None:
        self._watcher = watcher

    def kept(
        self, account: AccountId, mailbox: Mailbox, ruleset: RuleSet | None, do: "Use[T]"
    ) -> tuple[T] | None:
        """What `do` makes of the parked connection; None where there is none, or it has died
        meanwhile. Raises what `do` raises but Unreachable."""
        session = self._watcher.borrow(account) if self._watcher else None
        if session is None:
            return None
        opened = ImapMailbox(session, imap_account(mailbox, ruleset).fields)
        try:
            return (self._used(account, opened, do),)
        except Unreachable as error:
            # Nobody's trouble yet: a line that waited for hours may be cut, and a new one is well.
            log.debug("the parked connection is gone", account=mailbox.name, why=str(error))
            return None

    def use(self, account: AccountId, mailbox: Mailbox, ruleset: RuleSet | None, do: "Use[T]") -> T:
        """What `do`, which may be repeated, makes of the account's connection, the parked one or a
        new one. Raises Unreachable, Refused, or what `do` raises."""
        done = self.kept(account, mailbox, ruleset, do)
        if done is not None:
            return done[0]
        return self._used(account, imap.connect(imap_account(mailbox, ruleset)), do)

    def _used(self, account: AccountId, opened: ImapMailbox, do: "Use[T]") -> T:
        try:
            done = do(opened)
        except BaseException:
            opened.close()
            raise
        self._park(account, opened)
        return done

    def _park(self, account: AccountId, opened: ImapMailbox) -> None:
        if self._watcher is None:
            opened.close()
            return
        try:
            news = opened.at_rest()
        except ConnectorError as error:
            # It did what it was asked for; without an INBOX to wait in, the poll finds what is new.
            log.debug("not parked", account=account, why=str(error))
            opened.close()
            return
        self._watcher.park(account, opened.session, news=news)


UNKEPT = Lines()
"""For commands, which end when they have read."""

Use = Callable[[ImapMailbox], T]
"""What is done with a mailbox, to a result."""
