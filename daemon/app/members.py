"""Who takes part: the configured users and accounts, declared in the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.capture.judging import MailAccount
from daemon.capture.meetings import CalendarAccount
from daemon.config import Calendar, Company, ConfigError, Mailbox, Settings, Staff
from daemon.store import Tx, accounts, people
from rules import identity
from rules.model.people import AddressKey, EntityId, Right, UserId
from rules.model.sightings import AccountId

STAFF_RIGHTS = frozenset(
    {
        Right.SEE_EXCHANGES,
        Right.CREATE_EXCHANGES,
        Right.SEE_FOLLOW_UPS,
        Right.CREATE_FOLLOW_UPS,
    }
)
"""What a member of staff may do from the start; an admin may do everything."""


@dataclass(frozen=True, slots=True)
class Members:
    """The configured accounts with their ids in the store."""

    mail: Mapping[AccountId, tuple[MailAccount, Mailbox]]
    commands: Mapping[AccountId, Mailbox]
    calendars: Mapping[AccountId, tuple[CalendarAccount, Calendar]]

    @property
    def mailboxes(self) -> Mapping[AccountId, Mailbox]:
        """All that are read by IMAP."""
        return {**{account: box for account, (_, box) in self.mail.items()}, **self.commands}


def declare(tx: Tx, settings: Settings, now: datetime) -> Members:
    """Make the store know every user and account of `settings`; safe to repeat."""
    entity = people.put_entity(tx, settings.company.entity, settings.company.name)
    users: dict[AddressKey, UserId] = {}
    for staff in settings.users:
        users[identity.key(staff.email)] = _put(tx, staff, settings.company, entity)
    zone_of = {user.id: user.timezone for user in people.users(tx).values()}
    mail: dict[AccountId, tuple[MailAccount, Mailbox]] = {}
    commands: dict[AccountId, Mailbox] = {}
    for mailbox in settings.mailboxes:
        owner = _owner(tx, users, mailbox.owner) if mailbox.owner else None
        account = accounts.declare(
            tx, "mail", mailbox.name, mailbox.host, owner, mailbox.level, now
        )
        if mailbox.purpose == "commands":
            commands[account] = mailbox
            continue
        since = None
        if mailbox.backfill_days is not None:
            since = now - timedelta(days=mailbox.backfill_days)
        folders = frozenset(mailbox.folders)
        mail[account] = (
            MailAccount(account, mailbox.name, owner, mailbox.level, folders, since),
            mailbox,
        )
    calendars: dict[AccountId, tuple[CalendarAccount, Calendar]] = {}
    for calendar in settings.calendars:
        who = _owner(tx, users, calendar.owner)
        account = accounts.declare(
            tx, "calendar", calendar.name, calendar.url, who, calendar.level, now
        )
        calendars[account] = (_calendar(account, calendar, who, zone_of[who]), calendar)
    # What the configuration names no longer is not watched; what was seen there stays.
    for status in accounts.watched(tx):
        if status.id not in {*mail, *commands, *calendars}:
            accounts.retire(tx, status.id, now)
    return Members(mail, commands, calendars)


def _owner(tx: Tx, users: Mapping[AddressKey, UserId], email: str) -> UserId:
    """Whose an account is: a user of the file, or one that was made in suivi. Raises ConfigError
    for nobody of us."""
    if (known := users.get(identity.key(email))) is not None:
        return known
    found = people.user_by_main_email(tx, email)
    if found is None:
        raise ConfigError(f"an account is {email}'s, whom suivi does not know: add the user first")
    return found.id


def _put(tx: Tx, staff: Staff, company: Company, entity: EntityId) -> UserId:
    """A user of the configuration. Groups, entities, rights and who has left are set in suivi:
    the file says with what rights somebody begins, and that an admin has all."""
    known = people.user_by_main_email(tx, staff.email)
    begins_with = Right if staff.admin else STAFF_RIGHTS if known is None else ()
    return people.put_user(
        tx,
        name=staff.name,
        email=staff.email,
        aliases=staff.aliases,
        groups=known.groups if known else (),
        entities=known.entities if known else (entity,),
        rights=frozenset(begins_with).union(known.rights if known else ()),
        language=staff.language or company.language,
        timezone=staff.timezone or company.timezone,
        active=staff.admin or known is None or known.active,
    )


def _calendar(account: AccountId, calendar: Calendar, owner: UserId, zone: str) -> CalendarAccount:
    return CalendarAccount(
        id=account,
        name=calendar.name,
        owner=owner,
        zone=zone,
        level=calendar.level,
        writes=calendar.follow_ups,
        watched=frozenset(calendar.watch),
        ignored=frozenset(calendar.ignore),
        dedicated=frozenset(calendar.dedicated),
    )
