"""The whole URL table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from daemon.web import api, health, pages, shapes


@dataclass(frozen=True, slots=True)
class Route:
    """One URL. `model` describes the JSON answer; pages have none and are not in the schema."""

    method: str
    path: str
    endpoint: Callable[..., Any]
    model: type | None = None
    schema: bool = True


ROUTES = (
    Route("GET", "/healthz", health.alive),
    Route("GET", "/readyz", health.ready),
    Route("GET", "/metrics", health.metrics, schema=False),
    Route("GET", "/api/v1/exchanges", api.exchanges, shapes.Exchanges),
    Route("GET", "/api/v1/follow-ups", api.follow_ups, shapes.FollowUps),
    Route("GET", "/api/v1/third-parties", api.third_parties, shapes.ThirdParties),
    Route("GET", "/l/{token}", pages.confirm, schema=False),
    # What scans mail often asks for the head alone: it finds the same, and nothing happens.
    Route("HEAD", "/l/{token}", pages.confirm, schema=False),
    Route("POST", "/l/{token}", pages.act, schema=False),
)
