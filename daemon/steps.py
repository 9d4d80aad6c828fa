"""Named steps, where a crash drill may kill, suspend or hang the daemon (SUIVI_CRASH_AT).

The promise "nothing happens twice, and nothing is lost, whatever crashes" is proved by dying for
real at each of these. Unarmed, a step costs one comparison.
"""

import os
import random
import signal
import threading
from collections.abc import Mapping

from daemon.config import ConfigError

STEPS: Mapping[str, str] = {
    "loop.beat": "the watchdog is about to be fed, if all that work keep their word",
    "mail.headers-fetched": "the headers of a batch are here, nothing is decided",
    "mail.decided": "each header of the batch has its decision, nothing is stored",
    "mail.text-fetched": "the text of the matches is here, nothing is stored",
    "mail.recorded": "the batch is written in an open transaction",
    "mail.committed": "the batch and its judged range are stored together",
    "event.fetched": "a chunk of calendar objects is here, nothing is stored",
    "event.recorded": "the chunk is stored, the token of a calendar is in an open transaction",
    "follow-up.written": "the calendar server has the event, the store does not know it yet",
    "follow-up.deleted": "the calendar server has the event no longer, the store still has",
    "no-reply.taken": "a reply that is awaited is looked at, in an open transaction",
    "no-reply.settled": "its follow-up is opened or given up, in an open transaction",
    "no-reply.committed": "what became of it is stored",
    "answer.taken": "an exchange is looked at, in an open transaction",
    "answer.closed": "what it answers is closed and told, in an open transaction",
    "answer.committed": "what it closed is stored",
    "reminder.planned": "what is due stands in the ledger",
    "reminder.claimed": "a reminder is claimed, its bytes are not made yet",
    "reminder.rendered": "its bytes and Message-ID are stored",
    "reminder.sending": "the ledger says sending, the server has seen nothing",
    "reminder.handed-over": "the server has the bytes, its answer is not stored",
    "reminder.sent": "the ledger says sent",
    "late.told": "what comes too late is void, and what was missed stands in the post",
    "digest.put": "a day of a user is seen to, its digest stands in the post",
    "command.fetched": "mails that answer reminders are here, nothing is done",
    "command.carried-out": "what they ask for is written in an open transaction",
    "command.committed": "it is stored, with the mails that tell of it",
    "letter.claimed": "a letter is claimed, the server has seen nothing",
    "letter.sending": "the post says sending, the server has seen nothing",
    "letter.handed-over": "the server has the letter, its answer is not stored",
    "letter.sent": "the post says sent",
}

_WAYS: Mapping[str, signal.Signals | None] = {
    "": signal.SIGKILL,
    "stop": signal.SIGSTOP,
    "hang": None,
}


class _Armed:
    """The step to die at, and how many times it is still to be passed."""

    def __init__(self, step: str, times: int, how: signal.Signals | None) -> None:
        self._step = step
        self._left = times
        self._how = how
        self._lock = threading.Lock()

    def reached(self, name: str) -> None:
        if name != self._step:
            return
        with self._lock:
            self._left -= 1
            if self._left != 0:
                return
        if self._how is None:
            # Outside of the lock: only this thread hangs.
            threading.Event().wait()
        else:
            _die(self._how)


_armed: _Armed | None = None


def reached(name: str) -> None:
    """Says that the step `name` of STEPS is done; does not return if a drill waits for it."""
    if _armed is not None:
        _armed.reached(name)


def arm_from_environment() -> None:
    """Arms what SUIVI_CRASH_AT says, if it is set. Raises ConfigError."""
    arm(os.environ.get("SUIVI_CRASH_AT", ""))


def arm(spec: str) -> None:
    """Arms one death: "STEP:N" at the N-th time, "random:SEED:MEAN_MS" at a random moment; or, by
    "STEP:N:stop", a sleep until SIGCONT, as of a machine that is suspended; or, by "STEP:N:hang",
    a thread that never goes on.

    An empty spec disarms. Raises ConfigError.
    """
    global _armed
    _armed = None
    if not spec:
        return
    name, _, rest = spec.partition(":")
    if name == "random":
        _arm_timer(spec, rest)
        return
    if name not in STEPS:
        raise ConfigError(f"SUIVI_CRASH_AT: unknown step '{name}'; steps are {', '.join(STEPS)}")
    times, _, how = rest.partition(":")
    times = times or "1"
    if not times.isdecimal() or int(times) < 1 or how not in _WAYS:
        raise ConfigError(
            f"SUIVI_CRASH_AT: '{spec}' should be STEP:N, STEP:N:stop or STEP:N:hang, N from 1"
        )
    _armed = _Armed(name, int(times), _WAYS[how])


def _arm_timer(spec: str, rest: str) -> None:
    seed, _, mean = rest.partition(":")
    if not seed.isdecimal() or not mean.isdecimal() or int(mean) == 0:
        raise ConfigError(f"SUIVI_CRASH_AT: '{spec}' should be random:SEED:MEAN_MS")
    # Not for secrets: the same seed has to die at the same moment.
    seconds = random.Random(int(seed)).expovariate(1000 / int(mean))  # noqa: S311
    timer = threading.Timer(seconds, _die)
    timer.daemon = True
    timer.start()


def _die(how: signal.Signals = signal.SIGKILL) -> None:
    os.kill(os.getpid(), how)
