"""MIME (RFC 5322, 2045–2049): mail read from hostile bytes, and written; pure."""

from connectors.mime.compose import MailText, compose
from connectors.mime.headers import headers
from connectors.mime.parse import parse
from connectors.mime.text import Text, report, text

__all__ = ["MailText", "Text", "compose", "headers", "parse", "report", "text"]
