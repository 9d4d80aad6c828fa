"""The HTTP endpoint: health, the JSON API, and the pages behind signed links (spec §10)."""

from daemon.web.build import build
from daemon.web.caller import admin, admin_token, token_hash
from daemon.web.links import Button, LinkRefused, Links, LinkText, Refusal
from daemon.web.readiness import Check, Readiness
from daemon.web.server import CannotListen, Server

__all__ = [
    "Button",
    "CannotListen",
    "Check",
    "LinkRefused",
    "LinkText",
    "Links",
    "Readiness",
    "Refusal",
    "Server",
    "admin",
    "admin_token",
    "build",
    "token_hash",
]
