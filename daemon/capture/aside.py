"""What can't be judged or stored is put aside, each alone; its neighbours go on (spec §5)."""

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog

from connectors.errors import ConnectorError, Unreadable
from daemon.store import StoreError
from rules.model.sightings import MailPlace

T = TypeVar("T")
U = TypeVar("U")

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Aside:
    """A message for the quarantine: where it is, at which step it went wrong, and why. `mark` is
    the keyed hash by which it is found, where that much could be read."""

    place: MailPlace
    step: str
    reason: str
    mark: str | None = None


def each(
    step: Callable[[T], U], items: Iterable[T], put_aside: Callable[[T, str], None]
) -> list[U]:
    """What `step` makes of each item. One on which it fails is put aside with the reason, never
    what the item says; trouble with a server or the database is not the item's."""
    done: list[U] = []
    for item in items:
        try:
            done.append(step(item))
        except Unreadable as error:
            put_aside(item, str(error))
        except (ConnectorError, StoreError):
            raise
        except Exception as error:  # noqa: BLE001  see below; it is logged and kept
            # A mistake of ours about one message must not stop its mailbox for good; it shows,
            # and the message is tried again. The error's own words may quote the message.
            put_aside(item, unforeseen(error))
    return done


def unforeseen(error: Exception) -> str:
    """The reason for the quarantine: the kind of error and its place, logged too."""
    where = _where(error)
    log.warning("can't judge a message or event", kind=type(error).__name__, where=where)
    return f"suivi can't judge it ({type(error).__name__} in {where})"


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
