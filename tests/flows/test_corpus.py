"""Every message of the corpus, in a real Dovecot, through a rule that takes everything: each one is
captured, or is named with the reason why not."""

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from connectors import imap
from daemon.capture import mail
from daemon.capture.judging import MailAccount
from daemon.clock import now
from daemon.rulebook import Rulebook
from daemon.store import accounts, folders, installation, open_store, people, quarantine, upgrade
from rules.language import read
from rules.model.people import Level, ThirdParty, ThirdPartyId
from rules.ruleset import builtin, sealed
from tests.mailcorpus import messages
from tests.servers.dovecot import Dovecot

EVERYTHING = """
version: 1
rules:
  - name: everything
    when: {kind: mail}
    then: {third_party: ALL}
"""


@pytest.fixture(scope="module")
def delivered(corpus):
    """A Dovecot with all of it in one Inbox, and how many there are."""
    with Dovecot(users={"ann": "secret"}) as server:
        number = 0
        for _, raw in messages(corpus):
            server.deliver("ann", "INBOX", raw)
            number += 1
        yield server, number


@pytest.mark.timeout(1200)
def test_every_message_is_captured_or_named(delivered, tmp_path, record_property):
    server, number = delivered
    url = f"sqlite:///{tmp_path / 'suivi.sqlite'}"
    upgrade(url)
    store = open_store(url)
    with store.write() as tx:
        installation.ensure(tx, now(), None)
        people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "ALL", "Everybody"))
        account = accounts.declare(tx, "mail", "ann", "dovecot", None, Level.EVERYTHING, now())
        lease = accounts.lease(tx, account, "test", now(), timedelta(hours=1))
    loaded = read([("10.yaml", EVERYTHING)])
    assert loaded.is_good, loaded.problems
    rulebook = Rulebook(store, sealed(replace(builtin(), rules=loaded.rules)), [])
    capture = mail.MailCapture(store, rulebook, b"0" * 32)
    reached = imap.ImapAccount(
        "127.0.0.1", user="ann", password="secret", port=server.port, security="none"
    )
    mailbox = imap.connect(reached)
    started = time.process_time()
    synced = mail.sync(capture, MailAccount(account, "ann", None), mailbox, lease, lambda *_: True)
    spent = time.process_time() - started
    state = mailbox.examine("INBOX")
    there = {row.uid for row in mailbox.headers(1, state.uidnext).rows}
    mailbox.close()
    with store.read() as tx:
        (inbox,) = (f for f in folders.of(tx, account) if f.name == "INBOX")
        rows = tx.execute(sa.text("SELECT uid FROM sighting WHERE uidvalidity IS NOT NULL"))
        captured = list(rows.scalars())
        holes = folders.holes(tx, inbox.id, state.uidvalidity)
        aside = quarantine.items(tx)
        exchanges = tx.execute(sa.text("SELECT count(*) FROM exchange")).scalar()
    store.close()
    counts = Counter({f"{v}: {r}": n for (v, r), n in synced.counts.items()})
    record_property(
        "told",
        f"corpus: {number} messages delivered, {len(captured)} captured as {exchanges} exchanges, "
        f"{len(aside)} in quarantine, {len(holes)} holes; {dict(counts)}; "
        f"{1000 * spent / number:.1f} ms CPU each",
    )
    assert (synced.troubles, aside) == ((), ())
    assert len(captured) == len(set(captured))
    assert there | set(holes) == set(range(1, number + 1))
    # Keep-out comes before any rule: two say `Sensitivity: private`. All else is captured.
    assert counts.keys() == {"record: matched", "ignore: kept-out"}
    assert len(there - set(captured)) == counts["ignore: kept-out"] == 2
