"""Bounces say which mail came back and whom it did not reach, in the forms of several servers."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import mime
from connectors.mime import reports
from rules.model.sightings import Report, Undelivered

STATUS = (
    "Reporting-MTA: dns; mx.acme.example\n\n"
    "Original-Recipient: rfc822;ann@acme.example\nFinal-Recipient: rfc822; ann@new.example\n"
    "Action: failed\nStatus: 5.1.1 (unknown)\nDiagnostic-Code: smtp; 550\n  nobody\n\n"
    "Final-Recipient: rfc822; <bob@acme.example>\nAction: delayed\nStatus: 4.4.1\n\n"
    "Final-Recipient: rfc822; eve@acme.example\naction: Failed\n"
)
ORIGINAL = "Received: from a\n by b\nMessage-Id:\n <quote@staff.example>\nSubject: Quote\n"
ANN, EVE = Undelivered("ann@acme.example", "5.1.1"), Undelivered("eve@acme.example")


def test_the_one_that_was_written_to_counts_and_a_delay_is_no_failure():
    assert reports.read(STATUS, ORIGINAL, "") == Report("quote@staff.example", (ANN, EVE))


def test_crlf_makes_no_difference():
    read = reports.read(STATUS.replace("\n", "\r\n"), ORIGINAL.replace("\n", "\r\n"), "")
    assert read == Report("quote@staff.example", (ANN, EVE))


def test_a_server_that_only_writes_text_names_the_mail_in_it():
    # As qmail does: a copy of the message below.
    text = "Sorry, no box.\n--- Below this line is a copy.\n\n> Message-ID: <q@staff.example>\n"
    assert reports.read("", "", text, "ann@acme.example, x") == Report(
        "q@staff.example", (Undelivered("ann@acme.example"),)
    )


def test_without_a_message_id_it_is_about_nothing():
    assert reports.read(STATUS, "Subject: Quote\n", "Nobody there.") is None


def test_a_whole_message_is_read_alike():
    raw = (
        "From: MAILER-DAEMON@mx.example\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type="delivery-status"; boundary=a\n\n'
        "--a\nContent-Type: text/plain\n\nNobody.\n"
        f"--a\nContent-Type: message/delivery-status\n\n{STATUS}\n"
        f"--a\nContent-Type: message/rfc822\n\n{ORIGINAL}\nThe price.\n--a--\n"
    ).encode()
    message = mime.parse(raw)
    assert message.report == Report("quote@staff.example", (ANN, EVE))
    assert message.body.text == "Nobody."
    assert [a.media_type for a in message.attachments] == [
        "message/delivery-status",
        "message/rfc822",
    ]


@pytest.mark.parametrize(
    "piece",
    ["\n", "Message-ID: <", "Action: failed\n\n", "> ", "Final-Recipient: a@b\n", " \n", "a@"],
)
def test_hostile_reports_take_little_time(piece):
    text = piece * (200_000 // len(piece))
    started = time.process_time()
    reports.read(text, text, text, text)
    assert time.process_time() - started < 5


@given(st.text("Mesag-ID:<>@.;\nrfc82 Action:failed", max_size=200))
def test_anything_is_read_or_refused(text):
    found = reports.read(text, text, text, text)
    assert found is None or all("@" in one.recipient for one in found.undelivered)
