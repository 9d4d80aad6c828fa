"""What options hold: addresses, time zones, levels and the like, checked as they are read."""

import re
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from rules.model.people import Level

Security = Literal["tls", "starttls", "none"]
Language = Literal["en", "fr"]

_PLAIN = r"[^\s@<>\"(),:;\\\x00-\x1f\x7f-\x9f]"


def _email(text: str) -> str:
    # Loose on purpose: internal domains (.local, .test) are real; only what can't be an address
    # or can't be written into a mail (connectors.mime.compose) is refused (facts: email-validator
    # refuses them).
    hint = "should be an email address such as alice@example.org"
    if not re.fullmatch(rf"{_PLAIN}{{1,64}}@{_PLAIN}{{1,255}}", text):
        raise ValueError(hint)
    try:
        text.rpartition("@")[2].encode("idna")
    except UnicodeError as error:
        raise ValueError(hint) from error
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("should be an IANA time zone such as Europe/Paris") from error
    return text


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("should be an http:// or https:// address")
    if parts.password is not None:
        raise ValueError("should hold no password: give user and password as options of their own")
    return text


def _database(text: str) -> str:
    if not re.match(r"(sqlite|postgresql)(\+[a-z0-9]+)?://", text):
        raise ValueError(
            "should be the address of a SQLite or PostgreSQL database: sqlite:////path/suivi.sqlite"
            " or postgresql://user@host:port/name"
        )
    return text


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError("should be host:port, such as 127.0.0.1:8425")
    return text


def _level(value: Any) -> Any:
    if isinstance(value, Level):
        return value
    names = {level.name.lower(): level for level in Level}
    if not isinstance(value, str) or value not in names:
        raise ValueError("should be 'nothing', 'happened', 'subject' or 'everything'")
    return names[value]


def _proxy(text: str) -> str:
    if text == "unix":
        return text
    try:
        ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError('should be an address, a network such as 10.0.0.0/8, or "unix"') from error
    return text


def _calendar_address(text: str) -> str:
    """An address of the web, or a domain or mail address that DNS tells the server of."""
    if "://" in text:
        return _web_address(text)
    host = text.rpartition("@")[2]
    if not re.fullmatch(r"[^\s@/:?#]+(@[^\s@/:?#]+)?", text) or "." not in host:
        raise ValueError("should be https://dav.example.org/…, anne@example.org or example.org")
    return text


def _ancestor(text: str) -> str:
    parts = urlsplit(text)
    whole = parts.scheme in ("http", "https") and parts.hostname and text.isascii()
    if not whole or parts.path not in ("", "/") or re.search(r"[\s;,'\"]", text):
        raise ValueError("should be the address of a site: https://erp.example.org")
    return f"{parts.scheme}://{parts.netloc}"


Email = Annotated[str, AfterValidator(_email), Field(json_schema_extra={"format": "email"})]
Proxy = Annotated[str, AfterValidator(_proxy)]
Ancestor = Annotated[str, AfterValidator(_ancestor)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Timezone = Annotated[str, AfterValidator(_timezone)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
CalendarAddress = Annotated[str, AfterValidator(_calendar_address)]
DatabaseAddress = Annotated[str, AfterValidator(_database)]
Listen = Annotated[str, AfterValidator(_listen)]
Privacy = Annotated[Level, BeforeValidator(_level)]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(min_length=1)]
