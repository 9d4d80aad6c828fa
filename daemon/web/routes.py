"""The whole URL table."""

from daemon.web import health, pages, welcome
from daemon.web.api import (
    ambiguities,
    audit,
    confidential,
    contacts,
    entities,
    erp,
    exchange,
    exchanges,
    follow_up,
    follow_ups,
    groups,
    invitations,
    mail,
    prefill,
    sessions,
    third_parties,
    tokens,
    users,
)
from daemon.web.route import Route

ROUTES = (
    Route("GET", "/healthz", health.alive, health.Alive),
    Route("GET", "/readyz", health.ready, health.ShownReadiness, also={503: health.ShownReadiness}),
    Route("GET", "/metrics", health.metrics, schema=False),
    *exchanges.ROUTES,
    *exchange.ROUTES,
    *confidential.ROUTES,
    *mail.ROUTES,
    *follow_ups.ROUTES,
    *follow_up.ROUTES,
    *prefill.ROUTES,
    *erp.ROUTES,
    *audit.ROUTES,
    *third_parties.ROUTES,
    *contacts.ROUTES,
    *users.ROUTES,
    *groups.ROUTES,
    *entities.ROUTES,
    *sessions.ROUTES,
    *tokens.ROUTES,
    *invitations.ROUTES,
    Route("GET", "/welcome/{token}", welcome.ask, schema=False),
    Route("POST", "/welcome/{token}", welcome.choose, schema=False),
    *ambiguities.ROUTES,
    Route("GET", "/l/{token}", pages.confirm, schema=False),
    # What scans mail often asks for the head alone: it finds the same, and nothing happens.
    Route("HEAD", "/l/{token}", pages.confirm, schema=False),
    Route("POST", "/l/{token}", pages.act, schema=False),
)
