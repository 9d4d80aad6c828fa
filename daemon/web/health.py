"""Whether the daemon lives, and whether it is ready (for load balancers, monitors and people)."""

from typing import Any

from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from daemon.web.caller import MaybeCaller
from daemon.web.house import InHouse
from daemon.web.readiness import Check


class Alive(BaseModel):
    """The process answers."""

    status: str


class ShownCheck(BaseModel):
    """One thing that can be out of order; `detail` for a known caller only."""

    name: str
    ok: bool
    reason: str
    detail: list[str] | None = None


class Counted(BaseModel):
    """How many accounts there are, and how many of them are well."""

    ok: int
    of: int


class ShownReadiness(BaseModel):
    """Whether suivi can do its work, and each thing that was looked at."""

    ready: bool
    checks: list[ShownCheck]
    accounts: Counted


async def alive() -> dict[str, str]:
    """The process answers, even while every worker thread is busy."""
    return {"status": "alive"}


def ready(house: InHouse, caller: MaybeCaller) -> JSONResponse:
    """200 or 503; which accounts there are, their troubles, and details only for a known caller."""
    readiness = house.readiness()
    shown = [check for check in readiness.checks if not check.of_account or caller is not None]
    accounts = [check for check in readiness.checks if check.of_account]
    content: dict[str, Any] = {
        "ready": readiness.ready,
        "checks": [_shown(check, known=caller is not None) for check in shown],
        "accounts": {"ok": sum(check.ok for check in accounts), "of": len(accounts)},
    }
    return JSONResponse(content, 200 if readiness.ready else 503)


def metrics(house: InHouse, caller: MaybeCaller) -> Response:
    """Metrics for Prometheus; those of single accounts only for a known caller."""
    shown = house.metrics(caller is not None)
    return Response(shown, media_type="text/plain; version=0.0.4; charset=utf-8")


def _shown(check: Check, *, known: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"name": check.name, "ok": check.ok, "reason": check.reason}
    if known and check.detail:
        told["detail"] = check.detail
    return told
