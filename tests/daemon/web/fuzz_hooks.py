"""What schemathesis is told beside the OpenAPI document; it loads this file (SCHEMATHESIS_HOOKS).

A document can't say which ids exist: rightly made requests get those of KNOWN, mostly, by the names
of parameters and properties. Nor which cursors were handed out: they ask for the first page.
"""

import hashlib
import json
import os

import schemathesis
import schemathesis.transport.requests as transport

KNOWN = json.loads(os.environ["SUIVI_FUZZ_KNOWN"])

# urllib3-future, which caldav brings, has no list of its pools: without this, no request at all.
# It only decides whether a request on a connection that was closed meanwhile is sent once more.
transport._count_opened_connections = lambda _session: 0


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode is not schemathesis.GenerationMode.POSITIVE:
        return
    (case.query or {}).pop("cursor", None)
    draw = int.from_bytes(hashlib.sha256(case.id.encode()).digest()[:6], "big")
    # One in eight keeps what was made up, for what is not there has to be told well, too.
    if draw % 8 == 0:
        return
    for parameters in (case.path_parameters, case.query, case.headers):
        for name in list(parameters or ()):
            if name in KNOWN:
                parameters[name] = chosen(name, draw)
    case.body = with_known(case.body, draw)


def with_known(value, draw, name=None):
    if name in KNOWN:
        found = chosen(name, draw)
        return [found] if isinstance(value, list) else found
    if isinstance(value, dict):
        return {key: with_known(inner, draw, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_known(inner, draw) for inner in value]
    return value


def chosen(name, draw):
    return KNOWN[name][draw // 8 % len(KNOWN[name])]
