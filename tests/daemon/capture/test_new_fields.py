"""Rules that ask for another header field come into force in the middle of a sync: no message is
judged by them without that field."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from connectors.memory.mailbox import MemoryMailbox
from daemon import options
from daemon.capture import mail
from daemon.capture.judging import MailAccount
from daemon.clock import now
from daemon.rulebook import Rulebook
from daemon.store import accounts, installation, open_store, upgrade
from rules.model.decisions import Reason, Verdict
from rules.model.people import Level
from rules.model.rules import HeaderMatch, Ignore, Place, Rule, Test
from rules.ruleset import builtin, sealed

HERE = Place("10.yaml", 1, 1)
ASKS = Rule("shop", HERE, Test("header", (HeaderMatch("x-shop"),), HERE), (Ignore(),))
MAIL = b"From: x@elsewhere.example\r\nTo: ann@lumen.example\r\nX-Shop: yes\r\n\r\nHello\r\n"


def test_the_rest_waits_for_a_mailbox_that_shows_the_field(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'suivi.sqlite'}"
    upgrade(url)
    store = open_store(url)
    rulebook = Rulebook(store, builtin(), ["lumen.example"])
    with store.write() as tx:
        installation.ensure(tx, now(), None)
        number = accounts.declare(tx, "mail", "ann", "memory", None, Level.EVERYTHING, now())
        lease = accounts.lease(tx, number, "test", now(), timedelta(hours=1))
    assert lease is not None
    box = MemoryMailbox()
    for _ in range(3):
        box.deliver("INBOX", MAIL)
    capture = mail.MailCapture(store, rulebook, b"0" * 32, batch=1)
    account = MailAccount(number, "ann", None)

    def reload(_folder: str, _done: int, _total: int) -> bool:
        with_rule = sealed(replace(builtin(), rules=(ASKS,)))
        rulebook.replace(with_rule, ["lumen.example"], options.defaults(), "UTC")
        return True

    first = mail.sync(capture, account, box, lease, reload, frozenset())
    assert (first.counts, first.again) == ({(Verdict.IGNORE, Reason.NO_THIRD_PARTY): 1}, True)
    then = mail.sync(capture, account, box.login(), lease, reload, frozenset({"x-shop"}))
    assert (then.counts, then.again) == (Counter({(Verdict.IGNORE, Reason.RULE): 2}), False)
    store.close()
