"""Logs: structlog for all, ours and the libraries'; to the journal with fields, to a terminal as
text, as JSON anywhere else."""

import logging
import sys
from collections.abc import Collection, MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog

from daemon.config.settings import Log
from daemon.logs.journal import SOCKET, JournalHandler, fields, is_journal
from daemon.logs.veil import VEIL

# What a message says is data of the store, not of the log (spec §12); it shows at debug only.
_CONTENT = frozenset({"subject", "body", "text", "comment", "html", "description", "title"})

# These never show.
_SECRET = frozenset({"password", "token", "secret", "authorization"})

# Libraries that tell every step at info.
_CHATTY = ("apscheduler", "uvicorn", "alembic", "caldav", "niquests", "imapclient", "httpx2")


def setup(
    log: Log,
    stream: TextIO | None = None,
    hidden: Collection[str] = (),
    journal: Path = SOCKET,
) -> None:
    """Sets logging up for the whole process; may be called again. `hidden` are texts that no entry
    shows, wherever they come from: a server's words, a library's."""
    stream = stream or sys.stderr
    hide(hidden)
    native = log.format == "auto" and is_journal(stream)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _no_content,
    ]
    if not native:
        shared.append(structlog.processors.TimeStamper(fmt="iso", utc=log.format != "text"))
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
    handler = JournalHandler(stream, journal) if native else logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=_rendering(log, stream, native=native),
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = log.level.upper()
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel("DEBUG" if level == "DEBUG" else "WARNING")


def hide(hidden: Collection[str]) -> None:
    """Texts that no entry shows from now on, instead of those before."""
    VEIL.hide(hidden)


def _rendering(log: Log, stream: TextIO, *, native: bool) -> list[structlog.typing.Processor]:
    bare = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if native:
        return [structlog.processors.format_exc_info, fields]
    if log.format == "text" or (log.format == "auto" and stream.isatty()):
        text = structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        return [bare, text, _veiled]
    return [
        bare,
        # Local variables are messages and passwords: they never show.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        _veiled,
    ]


def _veiled(_logger: Any, _method: str, rendered: Any) -> str:
    return VEIL.over(str(rendered))


def _no_content(
    _logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name in _SECRET & event.keys():
        event[name] = "…"
    if event.get("level", method) != "debug":
        for name in _CONTENT & event.keys():
            del event[name]
    return event
