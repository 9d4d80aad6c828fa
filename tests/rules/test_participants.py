"""Direction and participants, row by row: what real mail does to From, Sender, Reply-To and To.

Each row is a header as it arrives, the folder it lies in, and what is made of it: which way, and
whose it is.
"""

import pytest

from connectors.mime.headers import fields, message
from rules import decide
from rules.model.decisions import RecordExchange, Verdict
from rules.model.sightings import FolderRole, Report, Undelivered
from tests.rules.house import ACME, DIRECTORY, MARC, NADIA, NOW, RULES, SYLVIE, VENDOME, mail, seen

IN, OUT, NOT = "inbound", "outbound", None
INBOX, SENT = FolderRole.INBOX, FolderRole.SENT

ROWS = {
    "delegated Sender, by us": (
        "From: marc@maison.fr\nSender: nadia@maison.fr\nTo: sylvie@acme.fr", SENT, OUT, ACME),
    "delegated Sender, in their name": (
        "From: sylvie@acme.fr\nSender: nadia@maison.fr\nTo: jean@vendome.example", SENT, OUT, ACME),
    "delegated Sender, at theirs": (
        "From: sylvie@acme.fr\nSender: desk@acme.fr\nTo: nadia@maison.fr", INBOX, IN, ACME),
    "shared info@, theirs": ("From: sylvie@acme.fr\nTo: info@maison.fr", INBOX, IN, ACME),
    "shared info@, ours": ("From: info@maison.fr\nTo: sylvie@acme.fr", SENT, OUT, ACME),
    "forward among colleagues": (
        "From: marc@maison.fr\nTo: nadia@maison.fr\nSubject: Fwd: Devis", INBOX, NOT, None),
    "forward to a customer": (
        "From: marc@maison.fr\nTo: sylvie@acme.fr\nSubject: Fwd: Devis", SENT, OUT, ACME),
    # RFC 5322 §3.6.6: who handed it on is no author, and the Resent-To no recipient of theirs.
    "redirect of a customer's mail": (
        "Resent-From: marc@maison.fr\nResent-To: nadia@maison.fr\nResent-Date: now\n"
        "From: sylvie@acme.fr\nTo: marc@maison.fr", INBOX, IN, ACME),
    "redirect to a customer": (
        "Resent-From: marc@maison.fr\nResent-To: sylvie@acme.fr\n"
        "From: nadia@maison.fr\nTo: marc@maison.fr", INBOX, NOT, None),
    "mail to self": ("From: nadia@maison.fr\nTo: nadia@maison.fr", SENT, NOT, None),
    "mail to self from another address": (
        "From: nadia.kaci@gmail.com\nTo: nadia@maison.fr", INBOX, NOT, None),
    "Bcc only, sent": ("From: nadia@maison.fr\nBcc: sylvie@acme.fr", SENT, OUT, ACME),
    "Bcc only, received": ("From: sylvie@acme.fr", INBOX, IN, ACME),
    "list that rewrites From": (
        "From: 'Sylvie' via Clients <clients@lists.example>\nReply-To: sylvie@acme.fr\n"
        "To: clients@lists.example\nList-Id: <clients.lists.example>", INBOX, IN, ACME),
    "list of ours that rewrites From": (
        "From: 'Sylvie' via Info <info@maison.fr>\nReply-To: sylvie@acme.fr\n"
        "X-Original-From: sylvie@acme.fr\nTo: info@maison.fr\nList-Id: <info.maison.fr>",
        INBOX, NOT, None),
    "SRS": (
        "Return-Path: <SRS0=aB=cd=acme.fr=sylvie@maison.fr>\nFrom: sylvie@acme.fr\n"
        "To: nadia@maison.fr", INBOX, IN, ACME),
    # Anybody may name another's domain so: it is an address of the forwarder's.
    "SRS in From": (
        "From: SRS0=aB=cd=acme.fr=sylvie@forward.example\nTo: nadia@maison.fr", INBOX, None, None),
    "VERP": (
        "Return-Path: <bounce-nadia=maison.fr@acme.fr>\nSender: bounce-nadia=maison.fr@acme.fr\n"
        "From: sylvie@acme.fr\nTo: nadia@maison.fr", INBOX, IN, ACME),
    "BATV": (
        "Sender: prvs=0123456789=sylvie@acme.fr\nFrom: sylvie@acme.fr\nTo: nadia@maison.fr",
        INBOX, IN, ACME),
    "BATV in From": ("From: prvs=0123456789=sylvie@acme.fr\nTo: nadia@maison.fr", INBOX, IN, ACME),
    "plus tag, theirs": ("From: sylvie+devis@acme.fr\nTo: nadia@maison.fr", INBOX, IN, ACME),
    "plus tag, ours": ("From: nadia+x@maison.fr\nTo: sylvie@acme.fr", INBOX, OUT, ACME),
    "IDN as punycode": (
        "From: a@xn--socit-vendme-heb7d2d.fr\nTo: nadia@maison.fr", INBOX, None, None),
    "IDN as written": ("From: a@société-vendôme.fr\nTo: nadia@maison.fr", INBOX, IN, VENDOME),
    "EAI": ("From: Hélène <hélène@société-vendôme.fr>\nTo: nadia@maison.fr", INBOX, IN, VENDOME),
    "free-mail address of staff": (
        "From: nadia.kaci@gmail.com\nTo: sylvie@acme.fr", INBOX, OUT, ACME),
    "free-mail address of a contact": (
        "From: jean.dupont@orange.fr\nTo: nadia@maison.fr", INBOX, IN, VENDOME),
    "free-mail address of a stranger": (
        "From: other@orange.fr\nTo: nadia@maison.fr", INBOX, None, None),
    "group of recipients": (
        "From: nadia@maison.fr\nTo: Clients: sylvie@acme.fr, marc@maison.fr;", SENT, OUT, ACME),
    "empty group": ("From: sylvie@acme.fr\nTo: undisclosed-recipients:;", INBOX, IN, ACME),
    "group in From": ("From: Acme: sylvie@acme.fr;\nTo: nadia@maison.fr", INBOX, IN, ACME),
    "two Froms": ("From: marc@maison.fr, sylvie@acme.fr\nTo: nadia@maison.fr", INBOX, IN, ACME),
    "From twice": (
        "From: sylvie@acme.fr\nFrom: sylvie@acme.fr\nTo: nadia@maison.fr", INBOX, IN, ACME),
    "quote never closed": ('From: "Sylvie <sylvie@acme.fr>\nTo: nadia@maison.fr', INBOX, IN, ACME),
    "no angle closed": ("From: Sylvie <sylvie@acme.fr\nTo: nadia@maison.fr", INBOX, IN, ACME),
    "semicolons": (
        "From: nadia@maison.fr\nTo: marc@maison.fr; sylvie@acme.fr", SENT, OUT, ACME),
    "comment within": (
        "From: Sylvie <sylvie(at work)@acme.fr>\nTo: nadia@maison.fr", INBOX, IN, ACME),
    "an address as a name": (
        'From: "nadia@maison.fr" <sylvie@acme.fr>\nTo: nadia@maison.fr', INBOX, IN, ACME),
    "no From, in Sent": ("To: sylvie@acme.fr", SENT, OUT, ACME),
    "no From, received": ("Reply-To: sylvie@acme.fr\nTo: nadia@maison.fr", INBOX, IN, ACME),
}  # fmt: skip


def judged(header, role=INBOX, thread=(), **more):
    block = f"Message-ID: <one@x.example>\n{header}\n"
    read = message(fields(block.encode()), len(block))
    return decide.message(RULES, DIRECTORY, seen(read, role, **more), thread, NOW)


@pytest.mark.parametrize("row", ROWS)
def test_which_way_and_whose(row):
    header, role, way, party = ROWS[row]
    decision = judged(header, role)
    drafts = [e.draft for e in decision.effects if isinstance(e, RecordExchange)]
    if party is None:
        assert decision.verdict is not Verdict.RECORD
        assert not drafts
        return
    (draft,) = drafts
    assert (draft.direction, party in draft.third_parties) == (way, True)


@pytest.mark.parametrize("row", ["plus tag, theirs", "BATV in From", "comment within"])
def test_the_person_is_known_behind_tags_and_comments(row):
    drafts = [e.draft for e in judged(ROWS[row][0]).effects if hasattr(e, "draft")]
    assert drafts[0].contacts == (SYLVIE,)


BOUNCE = "From: MAILER-DAEMON@maison.fr\nTo: nadia@maison.fr\nSubject: Undelivered"


@pytest.mark.parametrize(
    ("recipients", "parties"),
    [
        (("sylvie@acme.fr",), {ACME}),
        (("jean@vendome.example",), {VENDOME}),
        # Of an unknown address, or none, the thread tells.
        (("nobody@elsewhere.example",), {ACME}),
        ((), {ACME}),
    ],
)
def test_a_bounce_of_our_own_server_concerns_whom_it_did_not_reach(recipients, parties):
    report = Report("sent@maison.fr", tuple(Undelivered(r) for r in recipients))
    back = mail("MAILER-DAEMON@maison.fr", "nadia@maison.fr", report=report)
    thread = (ACME, VENDOME) if recipients and "vendome" in recipients[0] else (ACME,)
    decision = decide.message(RULES, DIRECTORY, seen(back), thread, NOW)
    (draft,) = [e.draft for e in decision.effects if isinstance(e, RecordExchange)]
    assert (draft.direction, set(draft.third_parties)) == (IN, parties)
    assert draft.parents == ("sent@maison.fr",)


def test_a_bounce_of_nothing_that_we_know_stays_out():
    back = mail("MAILER-DAEMON@maison.fr", report=Report("x@y", (Undelivered("sylvie@acme.fr"),)))
    assert decide.message(RULES, DIRECTORY, seen(back), (), NOW).verdict is Verdict.IGNORE


def test_who_of_us_takes_part():
    decision = judged("From: sylvie@acme.fr\nTo: nadia@maison.fr\nCc: marc@maison.fr")
    (draft,) = [e.draft for e in decision.effects if isinstance(e, RecordExchange)]
    assert {draft.author, *draft.collaborators} >= {MARC}
    assert draft.mailbox_owner == NADIA
