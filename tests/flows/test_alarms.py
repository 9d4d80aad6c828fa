"""The admin is told of what is wrong: one mail, daily at most, closed by an all-clear."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from daemon.alarms.look import Kind, View, look
from daemon.alarms.tell import watch
from daemon.app.alarms import view_of
from daemon.app.run import App
from daemon.clock import now
from daemon.reminders.plan import plan
from daemon.reminders.post import send_letters
from daemon.store import accounts, alarms, backups, folders
from daemon.store.backups import Backup
from daemon.store.tables.installation import api_token
from daemon.store.tables.installation import installation as installed
from rules.workdays import is_working_day
from tests.flows.house import DOMAIN, House, mail
from tests.flows.inside import Inside, furnish, inside
from tests.flows.office import HOUR, Office
from tests.servers import smtpsink
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def company(make_house: Callable[..., House], database: str, port: int) -> House:
    house = make_house(database, smtp_port=port, users=("ann",))
    house.extra = f"""
[[mailboxes]]
name = "dead"
host = "127.0.0.1"
port = {free_port()}
user = "x"
password = "y"
"""
    furnish(house)
    text = (house.folder / "suivi.toml").read_text()
    text = text.replace("[smtp]\n", f'[smtp]\nadmin = "ann@{DOMAIN}"\n')
    (house.folder / "suivi.toml").write_text(text)
    return house


def age(within: Inside, by: timedelta) -> None:
    """As if suivi had been installed so long ago."""
    with within.parts.store.write() as tx:
        tx.execute(sa.update(installed).values(created_at=now() - by))


def test_one_mail_daily_at_most_and_an_all_clear(
    make_house: Callable[..., House], database: str, sink: tuple[int, Path]
) -> None:
    house = company(make_house, database, sink[0])
    with inside(house) as within:
        parts = within.parts
        started = now() - timedelta(days=20)
        age(within, timedelta(days=20))
        App(parts).sync()

        def step(moment: datetime) -> list[str]:
            """One look, and what the admin gets: subjects of mails."""
            before = len(smtpsink.mails(sink[1]))
            watch(parts.store, view_of(parts, started), parts.admin, moment)
            assert parts.sender is not None
            while send_letters(parts.sender):
                pass
            new = sorted(sink[1].glob("*.eml"), key=lambda p: p.stat().st_mtime_ns)[before:]
            return [_subject(path.read_bytes()) for path in new]

        # In the past, so that letters of then may be sent now, and are of use still.
        begin = now() - 31 * HOUR
        with parts.store.write() as tx:
            dead = next(s for s in accounts.watched(tx) if s.name == "dead")
            accounts.note_ok(tx, dead.id, begin)
            accounts.note_trouble(tx, dead.id, "refused", begin, None)
        # Two hours on, "dead" has been in trouble for long enough; there never was a backup.
        assert step(begin) == ["suivi: 1 thing needs you"]
        assert step(begin + MINUTE) == []
        assert step(begin + 2 * HOUR) == ["suivi: 2 things need you"]
        assert step(begin + 3 * HOUR) == []
        assert step(begin + 27 * HOUR) == ["suivi: 2 things need you"]
        told = smtpsink.mails(sink[1])[-1].data.decode("utf-8", "replace")
        assert "mail dead: not read to its end" in told and "There is no backup" in told
        assert "suivi check" in told
        with parts.store.write() as tx:
            backups.note(tx, Backup(begin + 28 * HOUR, "/x", "0015", 1, "0"))
            accounts.note_ok(tx, dead.id, begin + 28 * HOUR)
        assert step(begin + 28 * HOUR) == []
        assert step(begin + 28 * HOUR + 20 * MINUTE) == ["suivi: all is well again"]
        told = smtpsink.mails(sink[1])[-1].data.decode("utf-8", "replace")
        assert "mail dead: is read again" in told
        assert step(begin + 30 * HOUR) == []


def _subject(data: bytes) -> str:
    line = next(x for x in data.split(b"\r\n") if x.startswith(b"Subject: "))
    return line.removeprefix(b"Subject: ").decode()


def test_what_is_looked_for(
    make_house: Callable[..., House], sqlite: str, sink: tuple[int, Path], dovecot: Dovecot
) -> None:
    house = company(make_house, sqlite, sink[0])
    letter = mail("jean@mistral.example", f"ann@{DOMAIN}", "Devis", message_id="1@x")
    dovecot.deliver("ann", "INBOX", letter)
    with inside(house) as within:
        parts, moment = within.parts, now()
        App(parts).sync()
        view = replace(view_of(parts, moment - 2 * DAY), is_working=lambda d: is_working_day(d, ()))

        def kinds(view: View, at: datetime) -> set[tuple[str, str]]:
            with parts.store.read() as tx:
                return {alarm.key for alarm in look(tx, view, at)}

        assert kinds(view, moment) == set()
        # Nobody has looked at it for six hours: unless suivi itself has just started.
        still = {(Kind.STILL.value, "mail ann"), (Kind.STILL.value, "mail suivi")}
        assert still <= kinds(view, moment + 7 * HOUR)
        fresh = replace(view, started=moment + 7 * HOUR)
        assert kinds(fresh, moment + 7 * HOUR) == set()
        # One that is being read, however long that takes, is not still.
        with parts.store.write() as tx:
            ids = {s.name: s.id for s in accounts.watched(tx)}
            for name in ("ann", "suivi"):
                accounts.lease(tx, ids[name], "x", moment + 7 * HOUR, HOUR)
        assert not still & kinds(view, moment + 7 * HOUR)
        # A reminder that was due an hour ago, where mail may be sent.
        Office(within).open("late", moment + 10 * MINUTE, party="CU-1")
        while plan(parts.store, parts.rulebook, now()):
            pass
        reminders = (Kind.REMINDERS.value, "")
        assert reminders in kinds(view, moment)
        assert reminders not in kinds(replace(view, sends=False), moment)
        assert reminders not in kinds(replace(view, started=moment - MINUTE), moment)
        # A token that ends within two weeks, and one that a person must renew.
        with parts.store.write() as tx:
            user = within.user("ann").id
            facts = {"user_id": user, "hash": "0", "scopes": [], "created_at": moment}
            ends = moment + 10 * DAY
            tx.execute(sa.insert(api_token).values(name="erp", expires_at=ends, **facts))
        assert (Kind.TOKEN.value, "api erp") in kinds(view, moment)
        assert (Kind.TOKEN.value, "api erp") not in kinds(view, moment - 10 * DAY)
        assert (Kind.TOKEN.value, "smtp") in kinds(replace(view, token_ends=ends), moment)
        # A mailbox that had ten messages each working day, and none since last week.
        with parts.store.write() as tx:
            (inbox,) = (f for f in folders.of(tx, ids["ann"]) if f.name == "INBOX")
            for back in range(60):
                day = moment.date() - back * DAY
                alarms.arrived(tx, inbox.id, day, 10 if back > 7 else 0)
        silent = (Kind.SILENT.value, "mail ann")
        assert silent in kinds(view, moment)
        assert silent not in kinds(replace(view, silent_mailboxes=False), moment)
