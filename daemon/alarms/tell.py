"""What is remembered and the mail that is due, in one transaction: killed anywhere, it is told
once."""

from datetime import datetime, timedelta

import structlog

from daemon.admin import Admin
from daemon.alarms import letter
from daemon.alarms.look import View, look
from daemon.store import Store, alarms, post
from rules.alarms import plan

log = structlog.stdlib.get_logger(__name__)

KIND = "alarms"
USEFUL_FOR = timedelta(days=2)


def watch(store: Store, view: View, admin: Admin | None, now: datetime) -> bool:
    """Look, remember, and put the mail that is due into the post; whether there was one. Without
    an admin the log tells the same, as often."""
    with store.read() as tx:
        before = alarms.rows(tx)
        found = {alarm.key: alarm for alarm in look(tx, view, now)}
    # Looking takes its time where mailboxes are many: no writer waits for that.
    if plan(before, found, now).rows == before:
        return False
    with store.write() as tx:
        alarms.lock(tx)
        before = alarms.rows(tx)
        due = plan(before, found, now)
        alarms.keep(tx, before, due.rows)
        if due.mail and admin is not None:
            lasting = [found[key] for key in due.lasting]
            subject = letter.subject(len(lasting), admin.language)
            text = letter.text(lasting, due.over, admin)
            key = str(post.count(tx, KIND))
            post.put(tx, admin.letter(KIND, key, subject, text, now, USEFUL_FOR), now)
    if due.mail:
        for kind, name in due.lasting:
            log.warning("needs an admin", what=kind, about=name)
        for kind, name in due.over:
            log.info("is over", what=kind, about=name)
    return due.mail
