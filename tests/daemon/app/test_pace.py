"""What has left within the minute still counts after the configuration was read again."""

from datetime import timedelta
from pathlib import Path

from daemon.app.parts import assemble
from daemon.app.service import Service
from daemon.clock import now
from daemon.config import load
from daemon.reminders.send import Sender
from daemon.store import upgrade

CONFIG = """
state_dir = "{place}"
runtime_dir = "{place}"
[company]
name = "We"
domains = ["we.example"]
[http]
listen = "127.0.0.1:0"
[smtp]
host = "127.0.0.1"
port = 9
security = "none"
sender = "suivi@we.example"
mails_per_minute = {limit}
"""


def test_a_reload_within_the_minute_adds_no_room(tmp_path: Path) -> None:
    file = tmp_path / "suivi.toml"
    file.write_text(CONFIG.format(place=tmp_path, limit=10))
    settings = load(file)
    upgrade(settings.database_url)
    service = Service(assemble(settings))
    try:
        service._control.start()
        service._start()
        moment = now()
        _sender(service).pace.note(moment, 7)
        file.write_text(CONFIG.format(place=tmp_path, limit=12))
        before = _sender(service)
        service._reload({})
        assert _sender(service) is not before
        assert _sender(service).pace.room(moment, 99) == 5
        assert _sender(service).pace.room(moment + timedelta(minutes=1), 99) == 12
    finally:
        service._stop()


def _sender(service: Service) -> Sender:
    sender = service._parts.sender
    assert sender is not None
    return sender
