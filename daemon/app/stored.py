"""Accounts that were set up in suivi join those of the configuration file."""

import structlog
from pydantic import ValidationError

from daemon.config import Calendar, Mailbox, Settings
from daemon.config.vault import Unsealable, Vault
from daemon.store import Store, setups
from daemon.store.setups import Setup

log = structlog.stdlib.get_logger(__name__)


def with_stored(settings: Settings, store: Store, vault: Vault | None) -> Settings:
    """The settings with all accounts; where the file names one, that is the one. Without `vault`
    for who connects to none: their passwords are empty then.

    An account whose secret can't be opened, or that this version does not understand, is left out,
    and told in the log.
    """
    with store.read() as tx:
        found = setups.setups(tx)
    mailboxes = {box.name: box for box in settings.mailboxes}
    calendars = {book.name: book for book in settings.calendars}
    for one in found:
        try:
            password = vault.open(one.sealed) if vault is not None else ""
            if one.kind == "mail":
                mailboxes.setdefault(one.name, mailbox_of(one, password))
            else:
                calendars.setdefault(one.name, calendar_of(one, password))
        except (Unsealable, ValidationError) as error:
            log.warning("an account can't be used", account=one.name, why=type(error).__name__)
    return settings.model_copy(
        update={
            "mailboxes": tuple(mailboxes.values()),
            "calendars": tuple(calendars.values()),
        }
    )


def mailbox_of(setup: Setup, password: str) -> Mailbox:
    """The mailbox as the file would have it. Raises ValidationError."""
    return Mailbox.model_validate({**setup.options, "name": setup.name, "password": password})


def calendar_of(setup: Setup, password: str) -> Calendar:
    """The calendar account, likewise."""
    return Calendar.model_validate({**setup.options, "name": setup.name, "password": password})
