"""Reminders that will not arrive are shown to the admin: a mail an hour at most, which lists them.

Each is told once, in the transaction that puts the mail into the post. That mail failing is a line
in the log and nothing more: a notice about notices would never end.
"""

from datetime import datetime, timedelta

import structlog

from daemon.admin import Admin
from daemon.i18n import translator
from daemon.reminders.send import Sender
from daemon.retold import retold
from daemon.store import Tx, ledger, people, post
from daemon.store.post import Letter
from rules.model.followups import LedgerEntry
from rules.words import one_line

log = structlog.stdlib.get_logger(__name__)

KIND = "failures"
AN_HOUR = timedelta(hours=1)
USEFUL_FOR = timedelta(days=3)
MOST = 50


def tell_failures(sender: Sender, now: datetime) -> bool:
    """Put a mail about what has failed since the last one into the post; whether there was any."""
    admin = sender.admin
    if admin is None or sender.rulebook.in_force().silent:
        return False
    with sender.store.read() as tx:
        if not ledger.untold(tx, 1):
            return False
    with sender.store.write() as tx:
        if post.written(tx, KIND, admin.address, now - AN_HOUR):
            return False
        failed = ledger.untold(tx, MOST + 1)
        told = failed[:MOST]
        if not told:
            return False
        put = post.put(tx, _letter(tx, admin, told, len(failed) > MOST, now), now)
        ledger.told(tx, [entry.id for entry in told], now)
    log.warning("reminders failed", number=len(told))
    return put


def _letter(
    tx: Tx, admin: Admin, failed: tuple[LedgerEntry, ...], more: bool, now: datetime
) -> Letter:
    _ = translator(admin.language)
    # Two daemons that tell at the same moment tell of the same ones; the number, for what
    # failed again is told again.
    number = post.count(tx, KIND)
    key = f"{number}:{','.join(str(entry.id) for entry in failed)}"
    users = people.users(tx)
    lines = [_("These reminders could not be sent, and are not tried again:"), ""]
    for entry in failed:
        user = users.get(entry.due.recipient)
        # No title: an admin need not be one who may read it.
        line = _("reminder {id} (FU-{follow_up}) to {recipient}, due {when}: {why}")
        lines.append(
            "- "
            + line.format(
                id=entry.id,
                follow_up=entry.due.follow_up,
                recipient=user.email if user else "",
                when=f"{entry.due.at:%Y-%m-%d %H:%M} UTC",
                why=one_line(retold(entry.last_error, _), 300),
            )
        )
    if more:
        lines.append(_("There are more; they are told in an hour."))
    lines += ["", _("When the cause is mended: suivi reminders retry NUMBER")]
    subject = _("Reminders that could not be sent: {number}").format(number=len(failed))
    return admin.letter(KIND, key, subject, "\n".join(lines) + "\n", now, USEFUL_FOR)
