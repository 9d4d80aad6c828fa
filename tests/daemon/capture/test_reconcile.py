"""Each message of a mailbox has exactly one fate, and what nothing accounts for is named by its
UID."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from connectors.errors import Refused, Unreachable
from daemon.capture import mailturn
from daemon.capture.fates import EarlierRules
from daemon.capture.judging import MailAccount
from daemon.capture.reconcile import AccountFound
from daemon.clock import now
from daemon.store import (
    accounts,
    exchanges,
    folders,
    orphans,
    people,
    quarantine,
)
from rules.model.people import Contact, ContactId, Level, ThirdParty, ThirdPartyId
from rules.model.rules import HeaderMatch, Ignore, Rule
from rules.model.rules import Test as Asks
from rules.model.sightings import FolderRole, MailPlace
from rules.model.wire import FolderState
from tests.daemon.capture.post import HERE, KNOWN, STRANGER, Box, Post


def test_what_was_captured_and_left_out_is_accounted_for(post: Post) -> None:
    for sender in (KNOWN, STRANGER, KNOWN, "bob@lumen.example"):
        post.write(sender)
    post.sync()
    assert post.fates() == {"captured:seen": 2, "ignored:no-third-party": 1, "ignored:internal": 1}


def test_a_copy_that_vanished_from_the_ledger_is_unexplained(post: Post) -> None:
    for _ in range(5):
        post.write()
    post.sync()
    post.forget(3)
    assert post.unexplained() == {3: "not-recorded"}
    assert post.fates() == {"captured:seen": 4, "unexplained:not-recorded": 1}


def test_what_counts_as_judged_and_never_was_is_unexplained(post: Post) -> None:
    post.write()
    post.sync()
    for sender in (STRANGER, KNOWN, STRANGER):
        post.write(sender)
    post.judge(2, 4)
    assert post.unexplained() == {3: "not-recorded"}
    assert post.fates()["ignored:no-third-party"] == 2


def test_what_counts_as_not_judged_is_judged_by_the_next_sync(post: Post) -> None:
    for _ in range(3):
        post.write()
    post.sync()
    post.forget(2)
    found = post.inbox()
    assert found.folder is not None
    assert found.uidvalidity is not None
    with post.store.write() as tx:
        folders.unjudge(tx, found.folder, found.uidvalidity, 2)
    assert post.fates() == {"captured:seen": 2, "pending:not-reached": 1}
    post.sync()
    assert post.fates() == {"captured:seen": 3}


def test_a_folder_that_was_never_read_and_what_is_new(post: Post) -> None:
    post.write()
    assert post.fates() == {"pending:never-read": 1}
    post.sync()
    post.write()
    assert post.fates() == {"captured:seen": 1, "pending:new": 1}


def test_what_another_directory_judged_is_to_be_judged_again(post: Post) -> None:
    post.write()
    post.write(STRANGER)
    post.sync()
    with post.store.write() as tx:
        party = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU-2", "Other"))
        people.put_contact(tx, Contact(ContactId(0), party, "X", emails=(STRANGER,)))
    assert post.fates() == {"captured:seen": 1, "pending:judged-otherwise": 1}


def test_what_is_older_than_the_limit(post: Post) -> None:
    post.write()
    post.account = replace(post.account, since=now() + timedelta(days=1))
    post.sync()
    assert post.fates() == {"ignored:too-old": 1}


def test_a_hole(post: Post) -> None:
    post.write()
    post.write()
    post.box.silent.add(("INBOX", 2))
    post.sync()
    assert post.fates() == {"captured:seen": 1, "hole:not-answered": 1}
    # The server gives it by now; the next sync will ask.
    post.box.silent.clear()
    assert post.fates() == {"captured:seen": 1, "hole:not-answered": 1}


def test_what_the_server_gave_once_and_gives_no_more(post: Post) -> None:
    post.write()
    post.write(STRANGER)
    post.sync()
    post.box.silent |= {("INBOX", 1), ("INBOX", 2)}
    assert post.fates() == {"captured:seen": 1, "hole:not-answered": 1}


@pytest.fixture
def quarantined(post: Post, monkeypatch: pytest.MonkeyPatch) -> Post:
    """Its second message can't be read."""
    for _ in range(2):
        post.write()
    whole = mailturn.Judging._read

    def read(judging: object, row: object, place: object) -> object:
        if row.uid == 2:  # type: ignore[attr-defined]
            raise ValueError("a mistake of ours")
        return whole(judging, row, place)  # type: ignore[arg-type]

    monkeypatch.setattr(mailturn.Judging, "_read", read)
    post.sync()
    return post


def test_what_is_in_quarantine_and_what_was_dropped_from_it(quarantined: Post) -> None:
    post = quarantined
    ((fate, why),) = (key for key in post.inbox().counts if key[0] != "captured")
    assert fate == "quarantined"
    assert "ValueError" in why
    with post.store.write() as tx:
        (item,) = quarantine.items(tx)
        assert (item.step, item.attempts, item.account) == ("read", 1, "ann")
        quarantine.drop(tx, item.id, "spam", now())
    assert post.fates() == {"captured:seen": 1, "ignored:dropped": 1}
    # Judged again in vain, it stays dropped.
    with post.store.write() as tx:
        quarantine.put(tx, post.account.id, _place(post, 2), "worse", now())
        assert quarantine.items(tx) == ()
    assert post.fates()["ignored:dropped"] == 1


def test_what_cannot_be_read_and_is_in_no_quarantine(quarantined: Post) -> None:
    post = quarantined
    post.execute(sa.text("DELETE FROM quarantine"))
    assert post.unexplained() == {2: "not-quarantined"}


def _place(post: Post, uid: int) -> MailPlace:
    with post.store.read() as tx:
        (inbox,) = (f for f in folders.of(tx, post.account.id) if f.name == "INBOX")
    return MailPlace(inbox.id, inbox.role, "INBOX", inbox.uidvalidity, uid)


def test_what_somebody_deleted_or_a_strict_colleague_hides(post: Post) -> None:
    for name in ("a", "b"):
        post.write(name=name)
    post.sync()
    with post.store.write() as tx:
        (first,) = exchanges.with_message_id(tx, "a@mail.example")
        ann = people.user_by_email(tx, "ann@lumen.example")
        assert ann is not None
        exchanges.delete(tx, first.id, ann.id, "mistake", now())
        bob = accounts.declare(tx, "mail", "bob", "memory", None, Level.NOTHING, now())
    assert post.fates() == {"captured:seen": 1, "ignored:tombstone": 1}
    box, post.box = post.box, Box()
    post.write(name="b")
    mine, post.account = post.account, MailAccount(bob, "bob", None, Level.NOTHING)
    post.sync()
    assert post.fates() == {"ignored:vetoed": 1}
    post.box, post.account = box, mine
    assert post.fates() == {"ignored:tombstone": 1, "ignored:vetoed": 1}


def test_a_tie_that_a_person_is_asked_about(post: Post) -> None:
    with post.store.write() as tx:
        party = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU-2", "Other"))
        people.put_contact(tx, Contact(ContactId(0), party, "Jean", emails=(KNOWN,)))
    post.write()
    post.sync()
    assert post.fates() == {"pending:ambiguous": 1}
    for table in ("ambiguity_party", "ambiguity_contact", "ambiguity"):
        post.execute(sa.text(f"DELETE FROM {table}"))
    assert post.unexplained() == {1: "not-asked"}


def test_what_is_only_observed_is_pending(post: Post) -> None:
    post.execute(sa.text("UPDATE installation SET live_since = NULL"))
    post.write()
    post.write(STRANGER)
    post.sync()
    assert post.fates() == {"pending:observing": 1, "ignored:no-third-party": 1}


def test_a_keyword_that_was_taken_away_since(post: Post) -> None:
    uid = post.write(flags=["$private"])
    post.sync()
    assert post.fates() == {"ignored:kept-out": 1}
    stored = post.box._folders["INBOX"].messages
    stored[uid] = replace(stored[uid], flags=frozenset())
    assert post.fates() == {"ignored:kept-out": 1}


def test_the_rules_of_then(post: Post) -> None:
    ignoring = Rule("shop", HERE, Asks("header", (HeaderMatch("x-shop"),), HERE), (Ignore(),))
    old = post.in_force(ignoring)
    post.write()
    post.sync()
    assert post.fates() == {"ignored:rule": 1}
    post.in_force()
    assert post.unexplained() == {1: "not-recorded"}
    post.earlier = (EarlierRules(old, until=now()),)
    assert post.fates() == {"ignored:earlier-rules": 1}
    # They ended before it came: they can't have left it out.
    post.earlier = (EarlierRules(old, until=now() - timedelta(days=1)),)
    assert post.unexplained() == {1: "not-recorded"}


def test_an_answer_whose_parent_came_when_nothing_of_it_was_remembered(post: Post) -> None:
    post.write(STRANGER, "answer", "parent")
    post.sync()
    assert post.fates() == {"ignored:no-third-party": 1}
    with post.store.write() as tx:
        orphans.forget(tx, now())
    post.write(KNOWN, "parent")
    post.sync()
    assert post.unexplained() == {1: "late-parent"}


def test_what_was_moved_or_expunged_is_counted_the_other_way_round(post: Post) -> None:
    for _ in range(3):
        post.write()
    post.sync()
    post.box.expunge("INBOX", 2)
    post.box.expunge("INBOX", 3)
    found = post.inbox()
    assert (found.gone, found.counts) == (2, Counter({("captured", "seen"): 1}))
    # The server forgets that it ever gave these numbers out.
    post.box._folders["INBOX"].uidnext = 2
    assert post.inbox().gone == 2


def test_a_folder_that_was_numbered_anew(post: Post) -> None:
    for _ in range(2):
        post.write()
    post.sync()
    post.box.renumber("INBOX")
    found = post.inbox()
    assert found.counts == Counter({("pending", "renumbered"): 2})
    assert found.renumbered == 2
    post.sync()
    assert post.fates() == {"captured:seen": 2}


def test_a_folder_that_is_gone(post: Post) -> None:
    post.account = replace(post.account, folders=frozenset({"Projects"}))
    post.box.create("Projects")
    post.box.deliver("Projects", b"From: jean@mistral.example\r\nTo: ann@lumen.example\r\n\r\nx")
    post.sync()
    del post.box._folders["Projects"]
    found = post.all()
    assert found.troubles == ("there is no folder 'Projects': correct `folders`, or make it again",)
    assert [(f.name, f.gone) for f in found.folders if f.absent] == [("Projects", 1)]


def test_nothing_is_said_of_what_could_not_be_asked(post: Post) -> None:
    post.write()
    post.sync()
    post.forget(1)
    post.box.faults.append(Unreachable("memory: no answer"))
    assert post.all() == AccountFound("ann", (), ("memory: no answer",))
    # The second time it is asked, before something is said to be unexplained.
    post.box.meanwhile[0] = lambda: post.box.faults.extend([Unreachable("memory: gone")])
    found = post.all()
    assert found.troubles == ("memory: gone",)
    assert not any(one.unexplained for one in found.folders)


def test_one_folder_that_is_refused_hides_no_other(post: Post) -> None:
    post.write()
    post.sync()
    post.forget(1)
    post.box.create("Sent", FolderRole.SENT)
    examine = post.box.examine

    def refusing(folder: str) -> FolderState:
        if folder == "Sent":
            raise Refused("Sent can't be opened")
        return examine(folder)

    post.box.examine = refusing  # type: ignore[method-assign]
    found = post.all()
    assert found.troubles == ("Sent can't be opened",)
    assert [u.uid for f in found.folders for u in f.unexplained] == [1]
