"""IMAP (RFC 9051): mailboxes read without leaving a trace, and a watcher for new mail."""

from connectors.imap.account import ImapAccount
from connectors.imap.mailbox import ImapMailbox, connect

__all__ = ["ImapAccount", "ImapMailbox", "connect"]
