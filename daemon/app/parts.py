"""The composition root: from settings to everything that runs, built once, at the edge."""

import secrets
import socket
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from daemon.admin import Admin
from daemon.app import connect, members
from daemon.app.lines import UNKEPT, Lines
from daemon.app.mails import admin_of, ways_of
from daemon.app.mailwork import MailWork, Progress, silent, spelled
from daemon.app.rules import options_of, source_of
from daemon.app.secret import mark_of, master_key
from daemon.app.stored import with_stored
from daemon.app.turns import Member, Outcome, Work
from daemon.capture import calendar, mail, meetings
from daemon.capture.judging import MailAccount
from daemon.clock import now
from daemon.config import Mailbox, Settings
from daemon.config.vault import Vault
from daemon.followups.absorb import Absorb, withdraw
from daemon.followups.answer import Answering
from daemon.followups.no_reply import NoReply
from daemon.followups.publish import Publish, carry, publish
from daemon.i18n import of_environment
from daemon.jobs import Turn
from daemon.reminders import answers, commands
from daemon.reminders.letter import Letter
from daemon.reminders.misprints import Printer
from daemon.reminders.notices import Notices
from daemon.reminders.pace import Pace
from daemon.reminders.send import Sender
from daemon.reminders.sheets import Sheets
from daemon.rulebook import Rulebook
from daemon.rulefiles.keeper import Keeper
from daemon.rulefiles.standing import looked_at, opening
from daemon.store import Lease, Store, installation, open_store, options, setups
from rules.model.followups import FollowUp
from rules.model.sightings import AccountId


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that the daemon and the commands beside it work with."""

    settings: Settings
    store: Store
    rulebook: Rulebook
    rules: Keeper
    members: members.Members
    answers: answers.Answers
    sender: Sender | None
    owner: str
    secret: bytes = field(repr=False)
    setups: int = 0
    """The version of the accounts of the store, of which `settings` has all."""

    @property
    def admin(self) -> Admin | None:
        """Who is told what goes wrong; None where nobody is named, or no mail can be sent."""
        return self.sender.admin if self.sender is not None else None

    def mail_members(
        self, progress: Progress = silent, lines: Lines = UNKEPT
    ) -> tuple[Member, ...]:
        """One member for each captured mailbox."""
        return tuple(
            self._mail_member(account, mailbox, progress, lines)
            for account, mailbox in self.members.mail.values()
        )

    def command_members(self, lines: Lines = UNKEPT) -> tuple[Member, ...]:
        """One member for each command mailbox."""
        return tuple(
            self._member(account, mailbox.name, self._command_work(account, mailbox, lines))
            for account, mailbox in self.members.commands.items()
        )

    def calendar_members(self) -> tuple[Member, ...]:
        """One member for each calendar account: reads, then writes what is pending."""
        return tuple(
            self._member(account.id, account.name, self._calendar_work(account.id))
            for account, _ in self.members.calendars.values()
        )

    def no_reply(self) -> NoReply:
        """The no-reply arrow."""
        return NoReply(self.store, self.rulebook, self.settings.company.timezone)

    def answering(self) -> Answering:
        """The answer arrow; it tells where mail can be sent."""
        sender = self.sender
        teller = Notices(sender.letter.desk) if sender else None
        return Answering(self.store, self.rulebook, self.owner, teller)

    def publisher(self, account: AccountId) -> Publish:
        """The follow-up arrow of one calendar account."""
        zone = self.members.calendars[account][0].zone
        return Publish(self.store, self.rulebook, Absorb(zone), zone, self.link)

    def _mail_member(
        self, account: MailAccount, mailbox: Mailbox, progress: Progress, lines: Lines
    ) -> Member:
        capture = mail.MailCapture(
            self.store,
            self.rulebook,
            self.secret,
            batch=self.settings.capture.batch,
            zone=ZoneInfo(self.settings.company.timezone),
        )
        patience = self.settings.capture.patience_seconds
        work = MailWork(capture, account, mailbox, lines, patience, progress)
        return replace(self._member(account.id, account.name, work.whole), inbox=work.inbox)

    def _member(self, account: AccountId, name: str, work: Work) -> Member:
        capture = self.settings.capture
        ttl = timedelta(seconds=capture.lease_seconds)
        return Member(account, name, work, ttl, capture.patience_seconds)

    def _command_work(self, account: AccountId, mailbox: Mailbox, lines: Lines) -> Work:
        trust = commands.Trust(mailbox.authserv_id, mailbox.require_authentication)
        inbox = commands.Inbox(account, mailbox.address or "", trust)
        desk = self.sender.letter.desk if self.sender is not None else None

        def work(lease: Lease, turn: Turn) -> Outcome:
            read = partial(commands.read, self.answers, desk, inbox, lease=lease)
            return Outcome(lines.use(account, mailbox, None, read))

        return work

    def _calendar_work(self, account: AccountId) -> Work:
        member, settings = self.members.calendars[account]
        publisher = self.publisher(account)
        capture = meetings.CalendarCapture(
            self.store, self.rulebook, self.secret, publisher.absorb, withdraw
        )

        def work(lease: Lease, turn: Turn) -> Outcome:
            session = connect.calendars_of(settings)
            try:
                counts = spelled(calendar.sync(capture, member, session, lease))
                turn.within(self.settings.capture.patience_seconds)
                # Here, for only now every calendar is known.
                carry(self.store, self.rulebook.in_force(), account, member.owner)
                publish(publisher, account, session, lease)
                return Outcome(counts)
            finally:
                session.close()

        return work

    def link(self, follow_up: FollowUp) -> str:
        """Where its page is."""
        # Pages of follow-ups come with the pages issue; until then no address is promised.
        return ""


def declare(settings: Settings, store: Store, mark: str | None = None) -> members.Members:
    """Make the store know the installation, its users and its accounts; safe to repeat. `mark` is
    that of its key. Raises StoreError where that is another's."""
    observe = timedelta(days=settings.observe.days)
    builtin = options_of(settings)
    settings = with_stored(settings, store, None)
    with store.write() as tx:
        installation.ensure(tx, now(), observe or None)
        if mark is not None:
            installation.recognise(tx, mark)
        options.built_in(tx, builtin)
        return members.declare(tx, settings, now())


def assemble(
    settings: Settings,
    store: Store | None = None,
    rules: Keeper | None = None,
    pace: Pace | None = None,
    *,
    looks_only: bool = False,
) -> Parts:
    """Open the store and read the rules, or take them as they are, and wire the arrows to the
    configured servers; connects to none of them. `pace` is that of the mails that have left. Who
    `looks_only` puts no saved rules in force.

    Raises ConfigError (NoRules among them) or StoreError, each lines that say what to do.
    """
    secret = master_key(settings)
    store = store or open_store(settings.database_url)
    with store.read() as tx:
        # Before the accounts: what changes meanwhile is of a newer one.
        version = setups.version(tx)
    settings = with_stored(settings, store, Vault(secret))
    rules = rules or keeper(settings, store, looks_only=looks_only)
    rulebook = rules.rulebook
    owner = f"{socket.gethostname()}:{secrets.token_hex(4)}"
    sender = _sender(settings, store, rulebook, owner, secret, pace or Pace())
    # The last thing that may fail, for it is the only one that changes anything.
    known = declare(settings, store, mark_of(secret))
    return Parts(
        settings=settings,
        store=store,
        rulebook=rulebook,
        rules=rules,
        members=known,
        answers=answers.Answers(store, rulebook, secret),
        sender=sender,
        owner=owner,
        secret=secret,
        setups=version,
    )


def keeper(settings: Settings, store: Store, *, looks_only: bool = False) -> Keeper:
    """The rules as they stand at a start. Raises NoRules."""
    source = source_of(settings)
    stand = looked_at if looks_only else opening
    standing = stand(store, source, of_environment(), now())
    rulebook = Rulebook(store, standing.ruleset, source.own_domains, source.options, source.zone)
    return Keeper(store, rulebook, source, standing)


def _sender(
    settings: Settings,
    store: Store,
    rulebook: Rulebook,
    owner: str,
    secret: bytes,
    pace: Pace,
) -> Sender | None:
    if settings.smtp is None:
        return None
    ways = ways_of(settings, secret)
    sheets = Sheets(settings.templates_folder)
    admin = admin_of(settings, sheets)
    letter = Letter(
        settings.smtp.sender,
        ways,
        Printer(sheets, admin),
        attach=settings.reminders.attach_event,
    )
    lease = timedelta(seconds=settings.reminders.lease_seconds)
    outbox = connect.outbox_of(settings.smtp)
    return Sender(
        store,
        rulebook,
        outbox,
        letter,
        owner,
        lease,
        pace=pace.limited(settings.smtp.mails_per_minute),
        admin=admin,
        late_limit=timedelta(hours=settings.reminders.late_limit_hours),
    )
