"""From what the app knows to an ASGI application."""

from collections.abc import Callable, Mapping
from pathlib import Path

from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.staticfiles import StaticFiles

from daemon.meter import UNMETERED, Meter
from daemon.sheet.desk import Desk
from daemon.store import Store
from daemon.web import failures
from daemon.web.auth.doors import Doors, usual
from daemon.web.auth.peers import Peers
from daemon.web.described import describe, responses
from daemon.web.headers import SecurityHeaders
from daemon.web.house import House
from daemon.web.limits import USUAL, Bodies, Limits
from daemon.web.links import Links
from daemon.web.machine import Machine
from daemon.web.metered import Metered
from daemon.web.numbers import JsonRoute
from daemon.web.readiness import Readiness
from daemon.web.route import refuse_method, shadowed
from daemon.web.routes import ROUTES
from rules.model.people import User

_HERE = Path(__file__).parent


def build(
    store: Store,
    readiness: Callable[[], Readiness],
    callers: Mapping[str, User],
    links: Links,
    language: str = "en",
    metrics: Callable[[bool], bytes] = lambda _known: b"",
    meter: Meter = UNMETERED,
    desk: Callable[[], Desk] = Desk,
    doors: Doors | None = None,
    limits: Limits = USUAL,
    machine: Machine | None = None,
) -> FastAPI:
    """The application. `callers` are the machine's own, by the hash of their token (`token_hash`);
    `language` is for whose language is not known; `metrics` is what `/metrics` shows, of single
    accounts too where the caller is known, and `meter` hears of requests; `desk` is what writing
    needs, `machine` what is shown and changed of the daemon. Users come in by `doors`; without any,
    by passwords and tokens."""
    doors = doors or usual(store)
    app = FastAPI(
        title="suivi",
        version="1",
        summary="Exchanges, follow-ups and third parties",
        openapi_url="/api/v1/openapi.json",
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )
    app.state.house = House(
        store,
        readiness,
        callers,
        links,
        language,
        templates,
        doors,
        metrics,
        desk,
        machine or Machine(),
    )
    failures.install(app)
    app.add_middleware(Bodies, usual=limits.body, routes=ROUTES)
    app.add_middleware(SecurityHeaders, ancestors=limits.ancestors)
    app.add_middleware(Metered, meter=meter)
    app.add_middleware(Peers, trusted=doors.trusted)
    app.router.route_class = JsonRoute
    for path, methods in shadowed(ROUTES):
        app.add_api_route(path, refuse_method, methods=methods, include_in_schema=False)
    for route in ROUTES:
        app.add_api_route(
            route.path,
            route.endpoint,
            methods=[route.method],
            response_model=route.model,
            response_class=route.answer,
            status_code=route.status,
            responses=responses(route),
            include_in_schema=route.schema,
        )
    describe(app)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    return app
