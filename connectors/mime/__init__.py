"""MIME (RFC 5322, 2045–2049): mail read from hostile bytes, and written; pure."""

from connectors.mime.compose import MailText, compose
from connectors.mime.headers import fields, headers, people, subject
from connectors.mime.parse import parse
from connectors.mime.subjects import may_hold_bracket
from connectors.mime.text import Text, report, text

__all__ = [
    "MailText",
    "Text",
    "compose",
    "fields",
    "headers",
    "may_hold_bracket",
    "parse",
    "people",
    "report",
    "subject",
    "text",
]
