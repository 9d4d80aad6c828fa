"""Logs: structlog for all, ours and the libraries', as text, journal text or JSON, on stderr."""

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from daemon.config.settings import Log

# What a message says is data of the store, not of the log (spec §12); it shows at debug only.
_CONTENT = frozenset({"subject", "body", "text", "comment", "html", "description", "title"})

# These never show.
_SECRET = frozenset({"password", "token", "secret", "authorization"})

# sd-daemon(3): "<4>" before a line tells the journal its priority.
_PRIORITY = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}

# Libraries that tell every step at info.
_CHATTY = ("apscheduler", "uvicorn", "alembic", "caldav", "niquests", "imapclient", "httpx2")


def setup(log: Log, stream: TextIO | None = None) -> None:
    """Sets logging up for the whole process; may be called again after a reload."""
    stream = stream or sys.stderr
    journal = "JOURNAL_STREAM" in os.environ
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _no_content,
    ]
    if not journal:
        shared.append(structlog.processors.TimeStamper(fmt="iso", utc=log.format == "json"))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderer(log, stream, journal=journal),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = log.level.upper()
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel("DEBUG" if level == "DEBUG" else "WARNING")


def _renderer(log: Log, stream: TextIO, *, journal: bool) -> list[structlog.typing.Processor]:
    if log.format == "json":
        return [
            # Local variables are messages and passwords: they never show.
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    if journal:
        return [structlog.processors.format_exc_info, _journal_line]
    return [
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]


def _no_content(
    _logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name in _SECRET & event.keys():
        event[name] = "…"
    if event.get("level", method) != "debug":
        for name in _CONTENT & event.keys():
            del event[name]
    return event


def _journal_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    prefix = f"<{_PRIORITY.get(event.pop('level', 'info'), 6)}>"
    name = event.pop("logger", None)
    what = str(event.pop("event", ""))
    trace = event.pop("exception", None)
    fields = " ".join(f"{key}={_value(value)}" for key, value in event.items())
    head = " ".join(part for part in (f"{name}:" if name else "", what, fields) if part)
    lines = [*head.splitlines(), *(str(trace).splitlines() if trace else ())]
    # Each line is an entry of its own, so each has its priority.
    return "\n".join(prefix + line for line in lines)


def _value(value: Any) -> str:
    text = str(value)
    return repr(text) if not text or any(c.isspace() or c in "\"'=" for c in text) else text
