"""Faults that a twin is told to have: what its next calls raise, in order."""

from connectors.errors import ConnectorError


class Faults:
    """A queue of what goes wrong; None lets one call pass."""

    def __init__(self) -> None:
        self.faults: list[ConnectorError | None] = []

    def _strike(self) -> None:
        """Raise what this call was told to raise."""
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
