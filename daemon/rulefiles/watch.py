"""Notices saved rules files, and has them read once whoever writes them has come to an end."""

import threading
import time
from collections.abc import Callable

import structlog

from daemon.rollcall import Answer, Calls
from daemon.rulefiles.keeper import Keeper
from daemon.rulefiles.look import STILL, is_being_written, look
from daemon.rulefiles.standing import Standing
from daemon.store.errors import StoreError

log = structlog.stdlib.get_logger(__name__)

EVERY = 0.5
"""Seconds between two looks at the directory."""

PATIENCE = 10.0
"""Seconds after which what never comes to rest is read all the same, whole or not at all."""

NAMES_EVERY = 5.0
"""Seconds between two looks at what rules may name: users, groups, lists, third parties."""

REST = 5.0
"""Seconds until the next try when the database did not answer."""


class Watch:
    """A thread of its own, so that a busy pool delays no rule. `after` is called when the rules
    stand otherwise than before, and from time to time while a set is refused."""

    def __init__(self, keeper: Keeper, after: Callable[[], None]) -> None:
        self._keeper = keeper
        self._after = after
        self._known: Standing | None = None
        self._stop = threading.Event()
        self._calls = Calls()
        self._thread = threading.Thread(target=self._run, name="rules")

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it; a reading in hand is finished."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def call(self, answer: Answer) -> None:
        """Has `answer` called between two looks (`daemon.rollcall`)."""
        self._calls.call(answer)

    def _run(self) -> None:
        names_next = 0.0
        while not self._stop.wait(EVERY):
            self._calls.answer()
            names_too = time.monotonic() >= names_next
            if names_too:
                names_next = time.monotonic() + NAMES_EVERY
            try:
                self._look(names_too=names_too)
            except StoreError as error:
                log.warning("rules not looked at", error=str(error))
                self._stop.wait(REST)
            except Exception:
                # The next look may well succeed; without this thread no rule would ever be read.
                log.exception("rules not looked at")
                self._stop.wait(REST)

    def _look(self, *, names_too: bool) -> None:
        if self._keeper.has_moved(names_too=names_too) and self._has_settled():
            self._keeper.refresh()
        # A reload may have read them as well.
        standing = self._keeper.standing
        if standing is not self._known or (names_too and standing.refused is not None):
            self._after()
            self._known = standing

    def _has_settled(self) -> bool:
        """Waits until nothing changes any more; False when the daemon stops meanwhile."""
        directory = self._keeper.source.directory
        until = time.monotonic() + PATIENCE
        before = look(directory)
        while not self._stop.wait(STILL):
            now = look(directory)
            if (now == before and not is_being_written(directory)) or time.monotonic() > until:
                return True
            before = now
        return False
