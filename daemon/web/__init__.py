"""The HTTP endpoint: health, the JSON API, and the pages behind signed links (spec §10)."""

from daemon.web.build import build
from daemon.web.caller import admin, admin_token, token_hash
from daemon.web.links import LinkRefused, Links, LinkText
from daemon.web.readiness import Check, Readiness
from daemon.web.server import CannotListen, Server

__all__ = [
    "CannotListen",
    "Check",
    "LinkRefused",
    "LinkText",
    "Links",
    "Readiness",
    "Server",
    "admin",
    "admin_token",
    "build",
    "token_hash",
]
