"""What every route may use: given once by `build`, reached through the request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from jinja2 import Environment

from daemon.sheet.desk import Desk
from daemon.store import Store
from daemon.web.auth.doors import Doors
from daemon.web.links import Links
from daemon.web.machine import Machine
from daemon.web.readiness import Readiness
from rules.model.people import User


@dataclass(frozen=True, slots=True)
class House:
    """The store, how the daemon is, the machine's own callers (by the hash of their token), the
    links, the ways in for users, the metrics: with those of single accounts, or without, and what
    writing needs; and the daemon itself, as far as it is shown and changed."""

    store: Store
    readiness: Callable[[], Readiness]
    callers: Mapping[str, User] = field(repr=False)
    links: Links
    language: str
    templates: Environment
    doors: Doors
    metrics: Callable[[bool], bytes] = lambda _known: b""
    desk: Callable[[], Desk] = Desk
    machine: Machine = field(default_factory=Machine)


def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


InHouse = Annotated[House, Depends(_house)]
