"""What goes wrong at a boundary, named after what happens next."""

from collections.abc import Mapping
from typing import Self

from connectors.problems import Problem


class ConnectorError(Exception):
    """Any of the four below. The text is one line, names the place, and holds no secret.

    Where it is ours, and not a server's own, `problem` says which, and `place` and `facts` are what
    it was filled in with: enough to say the same in another language.
    """

    place: str = ""
    problem: Problem | None = None
    facts: Mapping[str, object] = {}

    @classmethod
    def at(cls, place: str, problem: Problem, **facts: object) -> Self:
        """One of our own sentences, about a place."""
        error = cls(f"{place}: {problem.format(**facts)}")
        error.place, error.problem, error.facts = place, problem, facts
        return error


class Unreachable(ConnectorError):
    """The server did not answer, or not as agreed: try again later."""


class Refused(ConnectorError):
    """The server said no (password, certificate, rights): an admin must act."""


class Unreadable(ConnectorError):
    """This one item can't be read: quarantine it, its neighbours go on."""


class Changed(ConnectorError):
    """Somebody else changed it first: read again, merge, and try once more."""
