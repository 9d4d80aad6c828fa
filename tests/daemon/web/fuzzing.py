"""Runs schemathesis against a server, and reads what it found."""

import base64
import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.daemon.web.fuzz_world import MACHINE, Told

HERE = Path(__file__).parent

# RFC 6585 §3 gives a missing If-Match a status of its own.
CONFIG = """
[checks.missing_required_header]
expected-statuses = [400, 401, 403, 406, 415, 422, 428]
# What violates the document by its length alone may be too large to be read at all.
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
"""


@dataclass
class Found:
    """By operation, as `GET /api/v1/exchanges`: what failed, and how often which status came."""

    failures: list[str] = field(default_factory=list)
    statuses: dict[str, dict[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    def never_well(self) -> set[str]:
        """Operations that never answered 2xx."""
        return {
            operation
            for operation, found in self.statuses.items()
            if not any(200 <= status < 300 for status in found)
        }

    def broken(self) -> set[str]:
        """Operations that answered 5xx."""
        return {
            operation
            for operation, found in self.statuses.items()
            if any(status >= 500 for status in found)
        }


def fuzz(url: str, token: str, told: Told, folder: Path, *options: str) -> Found:
    """Calls every operation of the document at `url` as the owner of `token`, with all checks."""
    (folder / "schemathesis.toml").write_text(CONFIG)
    report = folder / f"{token[-8:]}.ndjson"
    command = [str(Path(sys.executable).with_name("st")), "run", f"{url}/api/v1/openapi.json"]
    command += ["--checks", "all", "--no-color", "--generation-database", "none", "--warnings"]
    command += ["off", "--report", "ndjson", "--report-ndjson-path", str(report)]
    command += ["--header", f"Authorization: Bearer {token}", "--continue-on-failure", *options]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "fuzz_hooks",
        "PYTHONPATH": str(HERE),
        "SUIVI_FUZZ_TOKEN": token,
        "SUIVI_FUZZ_NOBODY": "yes" if token == MACHINE else "",
        "SUIVI_FUZZ_KNOWN": json.dumps(told.known),
        "SUIVI_FUZZ_ALWAYS": json.dumps(told.always),
        "SUIVI_FUZZ_DOOMED": json.dumps(told.doomed),
    }
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    (folder / "st.log").write_text(run.stdout + run.stderr)
    found = read(report)
    if run.returncode and not found.failures:
        found.failures.append(run.stdout[-6000:] + run.stderr[-2000:])
    return found


def read(report: Path) -> Found:
    found = Found()
    for line in report.read_text().splitlines():
        scenario = json.loads(line).get("ScenarioFinished")
        if scenario is None or "cases" not in scenario["recorder"]:
            continue
        recorder = scenario["recorder"]
        for case, interaction in recorder["interactions"].items():
            status = (interaction.get("response") or {}).get("status_code", 0)
            value = recorder["cases"][case]["value"]
            found.statuses[f"{value['method']} {value['path']}"][status] += 1
            for check in recorder["checks"].get(case, ()):
                if check["status"] == "failure":
                    found.failures.append(_failure(recorder, case, check))
    known = {operation for operation in found.statuses if _documented(operation, found)}
    found.statuses = {name: dict(found.statuses[name]) for name in known}
    return found


def _documented(operation: str, found: Found) -> bool:
    # Methods that there are not are tried as well.
    return set(found.statuses[operation]) != {405}


def _text(body: dict | None) -> str:
    body = (body or {}).get("$base64", "")
    return base64.b64decode(body).decode("utf-8", "replace")


def _failure(recorder: dict, case: str, check: dict) -> str:
    request = recorder["interactions"][case]["request"]
    answer = recorder["interactions"][case].get("response") or {}
    told = json.dumps(check.get("failure", check))[:1500]
    return (
        f"{request['method']} {request['uri'][:300]} → {answer.get('status_code')}\n"
        f"  {check['name']}: {told}\n"
        f"  sent: {_text(request.get('body'))[:600]}\n"
        f"  answer: {_text(answer.get('content'))[:600]}"
    )
