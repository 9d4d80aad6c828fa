"""Whether the daemon lives, and whether it is ready (for load balancers, monitors and people)."""

from typing import Any

from fastapi.responses import JSONResponse

from daemon.web.caller import MaybeCaller
from daemon.web.house import InHouse


async def alive() -> dict[str, str]:
    """The process answers, even while every worker thread is busy."""
    return {"status": "alive"}


def ready(house: InHouse, caller: MaybeCaller) -> JSONResponse:
    """200 or 503; which accounts there are, and their troubles, only for a known caller."""
    readiness = house.readiness()
    shown = [check for check in readiness.checks if check.required or caller is not None]
    accounts = [check for check in readiness.checks if not check.required]
    content: dict[str, Any] = {
        "ready": readiness.ready,
        "checks": [{"name": check.name, "ok": check.ok, "reason": check.reason} for check in shown],
        "accounts": {"ok": sum(check.ok for check in accounts), "of": len(accounts)},
    }
    return JSONResponse(content, 200 if readiness.ready else 503)
