"""The composition root: `build(settings)` gives the App that the commands run."""

from daemon.app.checkup import CheckLine, Health
from daemon.app.run import App, SyncReport, build

__all__ = ["App", "CheckLine", "Health", "SyncReport", "build"]
