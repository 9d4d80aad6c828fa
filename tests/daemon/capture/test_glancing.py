"""What a glance tells of a message is what judging all of its header says, whatever the header."""

import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import mime
from connectors.mime.subjects import BRACKETS
from daemon.capture.glancing import Glancing
from daemon.capture.judging import MailAccount
from daemon.rulebook import Book
from rules import decide, mailkind
from rules.model.decisions import Reason, Verdict
from rules.model.people import Level
from rules.model.rules import Ignore, KeepPrivate, Test, Thing
from rules.model.sightings import AccountId, FolderId, FolderRole, MailKind, MailPlace, Sighting
from rules.model.wire import HeaderRow
from rules.ruleset import sealed
from rules.words import fold
from tests.rules.house import ACME, DIRECTORY, NADIA, NOW, RULES
from tests.rules.ruled import HERE, rule, says
from tests.rules.test_firing_properties import some_rules

OLD = NOW - timedelta(days=400)
LOGGED = NOW - timedelta(days=14)

VALUES = st.sampled_from(
    (
        b"Somebody <a@nowhere.example>",
        b"b@nowhere.example, C <c@mail.nowhere.example>",
        b"Sylvie <sylvie+x@ACME.fr>",
        b"=?utf-8?q?Sylvie_=3Csylvie=40acme=2Efr=3E?=",
        b"=?utf-8?b?U3lsdmllIDxzeWx2aWVAYWNtZS5mcj4=?=",
        b"nadia@maison.fr",
        b"Nadia <nadia.kaci@gmail.com>, marc@sub.maison.fr",
        b"x@soci\xc3\xa9t\xc3\xa9-vend\xc3\xb4me.fr",
        b"x@xn--socit-vendme-heb7dhd.fr",
        b"conseil@cabinet.example",
        b"x@twins.example",
        b"team: a@nowhere.example, desk@acme.fr;",
        b"a@nowhere.example (sylvie@acme.fr)",
        b"(who <sylvie@acme.fr>) a@nowhere.example",
        b'"sylvie@acme.fr" <a@nowhere.example>',
        b"a@nowhere.example,\r\n sylvie@acme.fr",
        b"\x00sylvie@acme.fr\x00",
        b"undisclosed-recipients:;",
        b"<>",
        b"MAILER-DAEMON",
        b"Mail System <Mailer-Daemon@nowhere.example>",
        b"",
    )
)
SUBJECTS = st.one_of(
    st.sampled_from(
        (
            b"Bonjour",
            b"Undelivered Mail Returned to Sender",
            b"[prive] x",
            b"Re: [ PRIV\xc3\x89]",
            b"=?utf-8?q?=5Bpriv=C3=A9=5D?=",
            b"=?utf-8?b?W3ByaXZlXSBt?=",
            b"=?utf-8?q?=EF=BC=BBprive=EF=BC=BD?=",
            b"=?utf-7?q?+AFs-prive+AF0-?=",
            b"=?utf-16?q?=FF=FE=5B=00?=",
            b"=?utf-8?q?=5?= =?utf-8?q?Bprive]?=",
            b"=?iso-8859-1?q?priv=E9?=",
            b"\xef\xbc\xbbprive\xef\xbc\xbd",
        )
    ),
    st.lists(
        st.sampled_from((b"=?utf-8?q?", b"?=", b"=5b", b"[", b"prive", b"]", b"=", b"?", b" ")),
        max_size=9,
    ).map(b"".join),
)
OTHERS = st.sampled_from(
    (
        b"List-Id: news <news.example>",
        b"List-Id: =?utf-8?q?reminders=2Esuivi?=",
        b"List-Id: x <reminders.suivi>",
        b"List-Unsubscribe: <mailto:x@y.example>",
        b"Content-Type: text/plain",
        b'Content-Type: multipart/report; re port-type="delivery-status"',
        b"Content-Type: multipart/mixed; rep\x01ort-type=delivery-status",
        b"Content-Type: =?utf-8?q?x;_re=70ort-type=3Ddelivery-status?=",
        b"Return-Path: <a@nowhere.example>",
        b"Return-Path: <>",
        b"Return-Path: <\x01>",
        b"Return-Path: =?utf-8?q?<>?=",
        b"X-Failed-Recipients: sylvie@acme.fr",
        b"X-SUIVI: reminder 0",
        b"Sensitivity: private",
        b"Sensitivity: normal",
        b"X-Shop: Devis",
        b"In-Reply-To: <parent@acme.fr>",
        b"References: <parent@acme.fr> <other@nowhere.example>",
        b"no colon in this",
        b"Received: from a by b;\r\n\tTue, 1 Jan 2019 00:00:00 +0000",
    )
)


@st.composite
def blocks(draw):
    names = st.sampled_from((b"From", b"from ", b"SENDER", b"Reply-To", b"To", b"Cc", b"BCC"))
    lines = draw(st.lists(st.builds(lambda n, v: n + b": " + v, names, VALUES), max_size=6))
    lines += draw(st.lists(SUBJECTS.map(lambda s: b"Subject: " + s), max_size=2))
    lines += draw(st.lists(OTHERS, max_size=2))
    end = draw(st.sampled_from((b"\r\n", b"\n")))
    return end.join(draw(st.permutations(lines)))


def book(rules=(), **changes):
    return Book(
        sealed(replace(RULES, rules=rules, **changes)), DIRECTORY, observing=False, live_since=None
    )


def glancing(some, *, role=FolderRole.INBOX, name="INBOX", owner=NADIA, since=None):
    place = MailPlace(FolderId(1), role, name, uidvalidity=1, uid=0)
    account = MailAccount(AccountId(1), "nadia", owner, since=since)
    return Glancing.of(some, place, account), account


def judged(some, glance, account, row, thread=()):
    message = mime.headers(row)
    place = replace(glance.place, uid=row.uid, keywords=row.flags, received=row.received)
    sighting = Sighting(account.id, account.owner, place, message, account.level)
    return decide.message(
        some.ruleset,
        some.directory,
        sighting,
        thread if decide.parents(message) else (),
        NOW,
        Level.HAPPENED,
        account.since,
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    some_rules,
    blocks(),
    st.sampled_from(FolderRole),
    st.sampled_from(("INBOX", "Privé/2026")),
    st.sampled_from(
        (frozenset(), frozenset({"\\Seen"}), frozenset({"\\Draft"}), frozenset({"Perso"}))
    ),
    st.sampled_from((None, OLD, OLD + timedelta(days=1))),
    st.sampled_from((None, NADIA)),
    st.sampled_from(((), (ACME,))),
)
def test_a_glance_says_what_judging_says(several, block, role, name, flags, since, owner, thread):
    row = HeaderRow(1, block, flags, OLD)
    for rules in ((), several, several[:1]):
        some = book(rules)
        glance, account = glancing(some, role=role, name=name, owner=owner, since=since)
        (counts, others) = glance.over([row], LOGGED)
        if others:
            continue
        decision = judged(some, glance, account, row, thread)
        assert counts == {decision.reason: 1}
        assert (decision.verdict, decision.effects) == (Verdict.IGNORE, ())
        assert (decision.level, decision.level_by) == (Level.EVERYTHING, ())
        # Whom a bounce concerns is told by its parts.
        if decision.reason is not Reason.TOO_OLD:
            assert mailkind.kind(mime.headers(row)) is not MailKind.BOUNCE
        if decision.reason is Reason.NO_THIRD_PARTY:
            assert decide.parents(mime.headers(row)) == ()


PLAIN = b"From: A <a@nowhere.example>\r\nTo: nadia@maison.fr\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n"


def told(some, block=PLAIN, received=OLD, **more):
    counts, _ = glancing(some, **more)[0].over([HeaderRow(1, block, received=received)], LOGGED)
    return list(counts)


def test_most_mail_is_told_at_a_glance():
    assert told(book()) == [Reason.NO_THIRD_PARTY]
    assert told(book(), since=NOW) == [Reason.TOO_OLD]
    assert told(book(), b"From: marc@maison.fr\r\nTo: nadia@maison.fr\r\n") == [Reason.INTERNAL]


def test_what_the_log_of_decisions_tells_of_is_judged_whole():
    assert told(book(), received=LOGGED) == []
    assert told(book(), received=None) == []


@pytest.mark.parametrize(
    ("when", "tells"),
    [
        (Test("mail_kind", frozenset({MailKind.NEWSLETTER}), HERE), False),
        (says("subject", "facture"), False),
        (Test("kind", frozenset({Thing.EVENT}), HERE), True),
    ],
)
def test_rules_that_ignore_or_keep_nothing_leave_to_a_glance_what_they_cannot_fire_for(when, tells):
    for action in (Ignore(), KeepPrivate(Level.NOTHING)):
        assert bool(told(book((rule("r", action, when=[when]),)))) is tells
    assert told(book((rule("r", KeepPrivate(Level.SUBJECT), when=[when]),)))


def test_tags_without_brackets_are_looked_for_in_every_subject():
    block = PLAIN.replace(b"caf=C3=A9", b"#PRIV=C3=89")
    assert told(book(), block)
    assert told(book(keep_out_tags=("#prive",)), block) == []


def test_these_are_all_characters_that_fold_to_a_bracket():
    every = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    # Many at once first: one by one takes long.
    some = ["".join(every[n : n + 500]) for n in range(0, len(every), 500)]
    near = "".join(chunk for chunk in some if "[" in fold(chunk))
    assert sorted(c for c in near if "[" in fold(c)) == sorted(BRACKETS)


@given(SUBJECTS)
def test_a_subject_that_may_hold_no_bracket_holds_none(value):
    if not mime.may_hold_bracket(value):
        assert not set(mime.subject(value)) & set(BRACKETS)
