"""`/metrics` of a running daemon: what happened is counted, and nobody's address is in it."""

import time
import urllib.request
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as families

from daemon.clock import now
from tests.flows.house import DOMAIN, House, eventually, mail
from tests.flows.inside import inside
from tests.flows.office import HOUR, Office
from tests.servers.dav import DavServer
from tests.servers.dovecot import Dovecot
from tests.servers.metrics import BUILT_IN, asked_for, series
from tests.servers.ports import free_port

Sample = tuple[str, frozenset[tuple[str, str]]]


def scraped(house: House, token: str = "") -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{house.http_port}/metrics")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return answer.read().decode()


def samples(shown: str) -> dict[Sample, float]:
    return {
        (s.name, frozenset(s.labels.items())): s.value
        for family in families(shown)
        for s in family.samples
    }


def value(shown: str, series_name: str, /, **labels: str) -> float:
    """The sum of what has these labels; -1 when there is none."""
    wanted = labels.items()
    found = [v for (n, ls), v in samples(shown).items() if n == series_name and wanted <= set(ls)]
    return sum(found) if found else -1.0


def test_what_happens_is_counted(
    tmp_path: Path, dovecot: Dovecot, dav: DavServer, sink: tuple[int, Path], sqlite: str
) -> None:
    folder = tmp_path / "house"
    folder.mkdir()
    house = House(
        folder, dovecot, sqlite, smtp_port=sink[0], dav=dav, http_port=free_port(), users=("ann",)
    )
    house.extra = f"""
[[mailboxes]]
name = "dead"
host = "127.0.0.1"
port = {free_port()}
user = "carol.secret@{DOMAIN}"
password = "never-shown"
"""
    house.prepare()
    recent = format_datetime(datetime.now(UTC))
    for sender, number in (("jean@mistral.example", 1), ("news@elsewhere.example", 2)):
        letter = mail(sender, f"ann@{DOMAIN}", "Devis", message_id=f"{number}@x", date=recent)
        dovecot.deliver("ann", "INBOX", letter)
    with inside(house) as within:
        Office(within).open("late", now() + HOUR - timedelta(seconds=20), party="CU-1")
    with house.daemon():
        token_file = folder / "state" / "http-token"
        eventually(token_file.exists, what="a daemon", house=house)
        token = token_file.read_text().strip()

        def counted() -> str:
            shown = scraped(house, token)
            read = value(shown, "suivi_account_judged_total", account="ann")
            done = value(shown, "suivi_reminders_total", outcome="sent")
            idle = value(shown, "suivi_mailbox_idle", account="ann")
            wrong = value(shown, "suivi_account_errors_total", account="dead", kind="unreachable")
            return shown if read == 2 and done == idle == 1 and wrong >= 1 else ""

        eventually(lambda: _answers(house), what="HTTP", house=house)
        shown = eventually(counted, what="metrics", house=house)
        anonymous = scraped(house)
    assert value(shown, "suivi_judged_total", verdict="record") == 1
    assert value(shown, "suivi_judged_total", verdict="ignore", reason="no-third-party") == 1
    assert value(shown, "suivi_account_judged_total", account="ann") == 2
    assert value(shown, "suivi_mailbox_remaining_messages", account="ann") == 0
    assert value(shown, "suivi_account_up", account="dead", kind="mail") == 0
    read_at = value(shown, "suivi_account_read_timestamp_seconds", account="ann")
    assert time.time() - 120 < read_at <= time.time()
    assert value(shown, "suivi_errors_total", where="account", kind="unreachable") >= 1
    assert value(shown, "suivi_reminder_lateness_seconds_count") == 1
    assert 20 <= value(shown, "suivi_reminder_lateness_seconds_sum") < 120
    assert value(shown, "suivi_queue_length", queue="reminders") == 0
    assert value(shown, "suivi_turn_duration_seconds_count") >= 2
    assert value(shown, "suivi_job_duration_seconds_count", name="account") >= 2
    assert value(shown, "suivi_http_request_duration_seconds_count", route="/metrics") >= 1
    assert value(shown, "suivi_ready") == value(shown, "suivi_database_up") == 1
    assert value(shown, "process_resident_memory_bytes") > 10_000_000
    # Every series that the dashboard and the alert rules name is there; no backup was taken yet.
    late = {"suivi_backup_timestamp_seconds"}
    assert asked_for() - BUILT_IN - series(shown) - late == set()
    # Labels are names of the configuration, kinds and reasons.
    told = {text for _, labels in samples(shown) for _, text in labels}
    for secret in (DOMAIN, "carol", "mistral", "elsewhere", "never-shown", "Devis"):
        assert not [text for text in told if secret in text]
    # Who is not known is not told which accounts there are.
    assert not [n for n, labels in samples(anonymous) if dict(labels).get("account")]
    assert value(anonymous, "suivi_accounts", kind="mail", state="troubled") == 1


def _answers(house: House) -> bool:
    try:
        return bool(scraped(house))
    except OSError:
        return False
