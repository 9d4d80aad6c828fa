"""What schemathesis is told beside the OpenAPI document; it loads this file (SCHEMATHESIS_HOOKS).

A document can't say which ids exist: rightly made requests get those of KNOWN, mostly, by the names
of parameters and properties; where a name has several meanings, by the collection in the path, too.
Nor can it say how some values look (ALWAYS), nor which cursors were handed out: they ask for the
first page.
"""

import hashlib
import json
import os
import re
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import requests
import schemathesis
import schemathesis.transport.requests as transport
from hypothesis import strategies as st

PARIS = ZoneInfo("Europe/Paris")

KNOWN = json.loads(os.environ["SUIVI_FUZZ_KNOWN"])
# Lists that may only be empty where something else is said.
FILLED = {"third_parties"}
# What may be left out only where something else is said.
LEFT_OUT = {
    ("POST", "/api/v1/follow-ups"): ["title"],
    ("POST", "/api/v1/exchanges"): ["third_parties"],
}
FILES = {
    "/api/v1/imports/csv": "code,name\nNEW,Nouveau\n",
    "/api/v1/imports/vcards": "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:X\r\nORG:Y\r\nEND:VCARD\r\n",
}
CALLS = Counter()
ALWAYS = json.loads(os.environ["SUIVI_FUZZ_ALWAYS"])
DOOMED = json.loads(os.environ["SUIVI_FUZZ_DOOMED"])

# urllib3-future, which caldav brings, has no list of its pools: without this, no request at all.
# It only decides whether a request on a connection that was closed meanwhile is sent once more.
transport._count_opened_connections = lambda _session: 0


# Those of our centuries, of which a document can only give the pattern.
schemathesis.openapi.format(
    "date-time",
    st.datetimes(
        datetime(1901, 1, 1), datetime(2199, 12, 31), timezones=st.sampled_from([UTC, PARIS])
    ).map(datetime.isoformat),
)


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode is not schemathesis.GenerationMode.POSITIVE:
        return
    (case.query or {}).pop("cursor", None)
    if "Idempotency-Key" in (case.headers or {}):
        # Two requests under one key would be one request.
        case.headers["Idempotency-Key"] = case.id
    draw = int.from_bytes(hashlib.sha256(case.id.encode()).digest()[:6], "big")
    # One in eight keeps what was made up, for what is not there has to be told well, too.
    CALLS[case.method, case.path] += 1
    values = ALWAYS if CALLS[case.method, case.path] % 8 == 0 else KNOWN | ALWAYS
    if case.method in ("DELETE", "PATCH") or case.path.endswith(("/delete", "/merge")):
        # What these take away or change, nothing else needs.
        values = values | DOOMED
    noun = (re.match(r"/api/v1/([a-z-]+)", case.path) or {1: ""})[1]
    for name in list(case.query or ()):
        if f"?{name}" in values:
            case.query[name] = values[f"?{name}"][0]
    for parameters in (case.path_parameters, case.query, case.headers):
        for name in list(parameters or ()):
            if parameters is case.query and f"?{name}" in values:
                continue
            if parameters is case.path_parameters and f"/{noun}.{name}" in values:
                parameters[name] = chosen(values, f"/{noun}.{name}", draw, "")
                continue
            found = chosen(values, name, draw, collection(case.path, name) or noun)
            if found is not None:
                parameters[name] = found
    if case.path in FILES:
        case.body = FILES[case.path]
    case.body = with_known(case.body, values, draw, noun)
    if isinstance(case.body, dict):
        if noun == "options" and case.body.get("user") is not None:
            # For one or the other.
            case.body["entity"] = None
        for name in LEFT_OUT.get((case.method, case.path), ()):
            found = ALWAYS[name][0]
            case.body.setdefault(name, [found] if name in FILLED else found)
        if os.environ["SUIVI_FUZZ_NOBODY"] and case.method == "POST":
            fill_assignees(case)
    if case.path.endswith("/addresses"):
        case.query["email"] = f"carla{case.path_parameters['number']}@dup.example"
    if (case.method, case.path) == ("DELETE", "/api/v1/sessions/{session}"):
        fresh = fresh_session(case.operation.base_url)
        if fresh is not None:
            case.path_parameters["session"] = fresh


def fill_assignees(case):
    """Who is no user has nobody to assign a follow-up to but whom they name."""
    planned = case.body if case.path.endswith("/follow-ups") else case.body.get("follow_up")
    if isinstance(planned, dict) and not planned.get("assignees"):
        planned["assignees"] = [{"email": ALWAYS["follow-ups.email"][0]}]


def fresh_session(base):
    """One that nobody has ended yet: a new password ends them all. None where the token's owner
    never had one."""
    url = f"{base.rstrip('/')}/api/v1/session"
    headers = {"Authorization": f"Bearer {os.environ['SUIVI_FUZZ_TOKEN']}"}
    login = {"email": ALWAYS["session.email"][0], "password": ALWAYS["password"][0]}
    requests.post(url, json=login, timeout=30)
    items = requests.get(f"{url}s", headers=headers, timeout=30).json().get("items")
    return items[0]["id"] if items else None


def collection(path, name):
    """`contacts` for the number of /api/v1/contacts/{number}/…"""
    found = re.search(rf"/([a-z-]+)/\{{{name}\}}", path)
    return found[1] if found else ""


def with_known(value, values, draw, where, name=None):
    found = chosen(values, name, draw, where)
    if found is not None and not isinstance(value, dict):
        if value is None:
            return None
        none = isinstance(value, list) and not value and name not in FILLED
        return value if none else [found] if isinstance(value, list) else found
    if isinstance(value, dict):
        return {key: with_known(inner, values, draw, where, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_known(inner, values, draw, where) for inner in value]
    return value


def chosen(values, name, draw, where):
    found = values.get(f"{where}.{name}", values.get(name))
    return None if not found else found[draw % len(found)]
