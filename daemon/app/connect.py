"""From settings to connectors: how each configured server is reached."""

from functools import lru_cache
from typing import TYPE_CHECKING

from connectors import imap, smtp
from connectors.imap import ImapAccount
from connectors.oauth import Tokens, TokenSource
from connectors.smtp import SmtpServer
from daemon.config import Calendar, Mailbox, Smtp
from daemon.ports import Calendars, Outbox
from daemon.ports import Mailbox as MailboxPort
from rules.ruleset import RuleSet

if TYPE_CHECKING:
    from connectors.caldav import CaldavAccountClient


def imap_account(
    mailbox: Mailbox, ruleset: RuleSet | None = None, *earlier: RuleSet
) -> ImapAccount:
    """The IMAP account behind a `[[mailboxes]]` table; the header fields that the rules ask about
    are fetched too."""
    # Where answers arrive, it is asked who sent them; elsewhere that field is only long.
    fields: tuple[str, ...] = ("AUTHENTICATION-RESULTS",) if mailbox.authserv_id else ()
    rules = earlier if ruleset is None else (ruleset, *earlier)
    fields += tuple(sorted({name.upper() for one in rules for name in one.compiled.headers}))
    return ImapAccount(
        host=mailbox.host,
        port=mailbox.port,
        security=mailbox.security,
        user=mailbox.user,
        password=mailbox.password.get_secret_value(),
        ca_file=str(mailbox.ca_file) if mailbox.ca_file else None,
        timeout=mailbox.timeout,
        fields=fields,
    )


def mailbox_of(mailbox: Mailbox, ruleset: RuleSet | None = None, *earlier: RuleSet) -> MailboxPort:
    """A logged-in mailbox, to be judged by these rules. Raises Unreachable or Refused."""
    return imap.connect(imap_account(mailbox, ruleset, *earlier))


def calendars_of(calendar: Calendar) -> Calendars:
    """A calendar account. Raises Unreachable or Refused."""
    return caldav_client(calendar)


def caldav_client(calendar: Calendar) -> "CaldavAccountClient":
    """The same, as the connector it is."""
    # A third of what a command takes to start, which only a house with calendars pays.
    from connectors import caldav

    return caldav.connect(
        caldav.CaldavAccount(
            url=calendar.url,
            user=calendar.user,
            password=calendar.password.get_secret_value(),
            ca_file=str(calendar.ca_file) if calendar.ca_file else None,
            timeout=calendar.timeout,
            tokens=calendar_tokens(calendar),
        )
    )


@lru_cache(maxsize=1024)
def _shared(source: TokenSource) -> Tokens:
    """One for all who ask with the same words: a token lasts for many turns, and what a server
    says of the next refresh token counts for all of them."""
    return Tokens(source)


def calendar_tokens(calendar: Calendar) -> Tokens | None:
    """The tokens of a calendar account; None where it has a password."""
    if calendar.oauth_url is None:
        return None
    return _shared(
        TokenSource(
            url=calendar.oauth_url,
            client=calendar.oauth_client or "",
            secret=calendar.password.get_secret_value(),
            scope=calendar.oauth_scope,
            refresh_token_file=calendar.oauth_refresh_token_file,
            timeout=calendar.timeout,
        )
    )


def smtp_server(settings: Smtp) -> SmtpServer:
    """The server that reminders go out through."""
    return SmtpServer(
        host=settings.host,
        port=settings.port,
        security=settings.security,
        user=settings.user,
        password=settings.password.get_secret_value() if settings.password else None,
        ca_file=str(settings.ca_file) if settings.ca_file else None,
        timeout=settings.timeout,
        connections=settings.connections,
        tokens=_tokens(settings),
    )


def _tokens(settings: Smtp) -> Tokens | None:
    if settings.oauth_url is None:
        return None
    return Tokens(
        TokenSource(
            url=settings.oauth_url,
            client=settings.oauth_client or "",
            secret=settings.password.get_secret_value() if settings.password else None,
            scope=settings.oauth_scope,
            refresh_token_file=settings.oauth_refresh_token_file,
            timeout=settings.timeout,
        )
    )


def outbox_of(settings: Smtp) -> Outbox:
    """The outbox; it connects when it sends."""
    return smtp.connect(smtp_server(settings))
