"""SMTP submission (RFC 5321, RFC 6409): hands reminders to a mail server, one by one."""

from connectors.smtp.outbox import SmtpOutbox, connect
from connectors.smtp.session import SmtpServer, check

__all__ = ["SmtpOutbox", "SmtpServer", "check", "connect"]
