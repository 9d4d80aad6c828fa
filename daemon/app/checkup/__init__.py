"""`suivi check`: all that suivi needs is tried, and each line says what to do (spec §13)."""

from daemon.app.checkup.everything import checkup
from daemon.app.checkup.lines import Asked, CheckLine, Health

__all__ = ["Asked", "CheckLine", "Health", "checkup"]
