"""A mailbox is held against the ledger while mail comes, a daemon judges it, and folders are
numbered anew: nothing of that is an alarm."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from connectors.memory.mailbox import MemoryMailbox
from daemon.capture import mail
from daemon.clock import now
from daemon.store import (
    accounts,
)
from daemon.store.tables import exchanges as tables
from tests.daemon.capture.post import KNOWN, SECRET, STRANGER, Post, copy


def test_an_answer_while_the_sync_goes_on(post: Post) -> None:
    post.batch = 1
    post.write(STRANGER, "answer", "parent")
    post.write(KNOWN, "parent")
    with post.store.write() as tx:
        lease = accounts.lease(tx, post.account.id, "t", now(), timedelta(hours=1))
    assert lease is not None
    capture = mail.MailCapture(post.store, post.rulebook, SECRET, 1)
    done: list[dict[str, int]] = []

    def progress(_folder: str, judged: int, _total: int) -> bool:
        if judged == 2:
            box, post.box = post.box, copy(post.box)
            done.append(post.fates())
            post.box = box
        return True

    mail.sync(capture, post.account, post.box.login(), lease, progress)
    assert done == [{"captured:seen": 1, "pending:sync-in-hand": 1}]
    assert post.fates() == {"captured:seen": 2}


def test_what_comes_and_is_judged_meanwhile_is_no_alarm(post: Post) -> None:
    for _ in range(4):
        post.write()
    post.sync()
    post.batch, post.changed = 2, True

    def arrives() -> None:
        post.write()
        box, post.box = post.box, copy(post.box)
        post.sync()
        post.box = box

    post.box.meanwhile[0] = arrives
    found = post.inbox()
    assert found.counts == Counter({("captured", "seen"): 4})
    assert (found.unexplained, found.gone) == ((), 0)


def test_what_was_put_right_before_it_is_asked_for_again_is_no_alarm(post: Post) -> None:
    for _ in range(2):
        post.write()
    post.sync()
    with post.store.read() as tx:
        rows = [dict(r) for r in tx.execute(sa.select(tables.sighting)).mappings()]
    post.forget(2)
    login, post.changed = post.box.login, True
    logins: list[int] = []

    def put_right() -> MemoryMailbox:
        logins.append(1)
        if len(logins) == 2:
            post.execute(sa.insert(tables.sighting).values(rows[1]))
        return login()

    post.box.login = put_right  # type: ignore[method-assign]
    assert post.fates() == {"captured:seen": 2}
    assert len(logins) == 2


def test_what_is_moved_away_before_it_is_asked_for_again_is_no_alarm(post: Post) -> None:
    for _ in range(2):
        post.write()
    post.sync()
    post.forget(2)
    post.box.meanwhile[0] = lambda: post.box.expunge("INBOX", 2)
    assert post.fates() == {"captured:seen": 1}


@pytest.mark.parametrize("after", [0, 1])
def test_a_folder_is_numbered_anew_while_it_is_looked_at(post: Post, after: int) -> None:
    for sender in (STRANGER, KNOWN, KNOWN, STRANGER):
        post.write(sender)
    post.sync()
    post.batch = 2
    post.box.expunge("INBOX", 1)
    post.box.meanwhile[after] = lambda: post.box.renumber("INBOX")
    found = post.inbox()
    assert found.counts == Counter({("pending", "renumbered"): 3})
    assert found.unexplained == ()


def test_most_of_a_mailbox_is_unexplained_and_each_is_named(post: Post) -> None:
    post.batch = 7
    for number in range(60):
        post.write(STRANGER if number % 10 == 0 else KNOWN, f"n{number}")
    post.sync()
    post.execute(sa.delete(tables.sighting))
    found = post.inbox()
    assert [one.uid for one in found.unexplained] == [n for n in range(1, 61) if n % 10 != 1]
    assert found.counts.total() == 60
