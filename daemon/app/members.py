"""Who takes part: the configured users and accounts, declared in the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.capture.calendar import CalendarAccount
from daemon.capture.judging import MailAccount
from daemon.config import Calendar, Mailbox, Settings
from daemon.store import Tx, accounts, people
from rules import identity
from rules.model.people import AddressKey, Right, UserId
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


def declare(tx: Tx, settings: Settings, now: datetime) -> Members:
    """Make the store know every user and account of `settings`; safe to repeat."""
    entity = people.put_entity(tx, settings.company.entity, settings.company.name)
    users: dict[AddressKey, UserId] = {}
    zones: dict[AddressKey, str] = {}
    for staff in settings.users:
        zone = staff.timezone or settings.company.timezone
        users[identity.key(staff.email)] = people.put_user(
            tx,
            name=staff.name,
            email=staff.email,
            aliases=staff.aliases,
            entities=(entity,),
            rights=Right if staff.admin else STAFF_RIGHTS,
            language=staff.language or settings.company.language,
            timezone=zone,
        )
        zones[identity.key(staff.email)] = zone
    mail: dict[AccountId, tuple[MailAccount, Mailbox]] = {}
    commands: dict[AccountId, Mailbox] = {}
    for mailbox in settings.mailboxes:
        owner = users[identity.key(mailbox.owner)] if mailbox.owner else None
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
        who = identity.key(calendar.owner)
        account = accounts.declare(
            tx, "calendar", calendar.name, calendar.url, users[who], calendar.level, now
        )
        calendars[account] = (_calendar(account, calendar, users[who], zones[who]), calendar)
    # What the configuration names no longer is not watched; what was seen there stays.
    for status in accounts.watched(tx):
        if status.id not in {*mail, *commands, *calendars}:
            accounts.retire(tx, status.id, now)
    return Members(mail, commands, calendars)


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
