"""A synthetic mailbox of any size, the same for the same seed: every twentieth message matches.

Sizes follow what mailboxes hold: most mail is text and HTML of some kilobytes, one in seven brings
an attachment. The headers are as long as real ones (Received, DKIM).
"""

import base64
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.servers.dovecot import Dovecot

EVERY = 20
# Early enough that 50,000 messages lie in the past.
START = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
WORDS = (  # noqa: SIM905  forty words read better as a text
    "le devis la commande votre équipe nous avons bien reçu votre message concernant la livraison "
    "prévue semaine prochaine merci de confirmer les quantités et le délai the quote was sent "
    "please find attached our latest offer meeting on tuesday regards cordialement"
).split()


@dataclass(frozen=True, slots=True)
class Filled:
    """What was put there: octets in all, and the Message-IDs that should be captured."""

    octets: int
    expected: frozenset[str]


def fill(server: Dovecot, user: str, count: int, seed: int = 1) -> Filled:
    """Deliver `count` messages to the Inbox of `user`."""
    octets, expected = 0, set()
    for number, (message_id, matches, raw) in enumerate(messages(count, seed)):
        path = server.deliver(user, "INBOX", raw, flags="S" if number % 3 else "")
        # INTERNALDATE is the file's time: mail of the past was received in the past.
        received = _when(number).timestamp()
        os.utime(path, (received, received))
        octets += len(raw)
        if matches:
            expected.add(message_id)
    return Filled(octets, frozenset(expected))


def messages(count: int, seed: int = 1) -> Iterator[tuple[str, bool, bytes]]:
    """Message-ID, whether it is from a known third party, and the message."""
    chance = random.Random(seed)
    for number in range(count):
        matches = number % EVERY == 0
        message_id = f"{number}.{seed}@mail.postbag.example"
        sender = (
            "Jean Mistral <jean@mistral.example>"
            if matches
            else f"Somebody {number % 400} <person{number % 400}@elsewhere{number % 90}.example>"
        )
        yield message_id, matches, _message(chance, message_id, sender, _when(number), number)


def _when(number: int) -> datetime:
    return START + timedelta(minutes=7 * number)


def _message(
    chance: random.Random, message_id: str, sender: str, when: datetime, number: int
) -> bytes:
    date = when.strftime("%a, %d %b %Y %H:%M:%S +0000")
    junk = base64.b64encode(chance.randbytes(240)).decode()
    signature = "\r\n ".join(junk[i : i + 70] for i in range(0, len(junk), 70))
    head = (
        f"Return-Path: <bounce-{number}@mail.postbag.example>\r\n"
        f"Received: from mx1.postbag.example (mx1.postbag.example [192.0.2.7])\r\n"
        f" by mx.lumen.example with ESMTPS id {number:08x} for <ann@lumen.example>;\r\n {date}\r\n"
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=postbag.example; s=s1;\r\n"
        f" h=from:to:subject:date:message-id; b={signature}\r\n"
        f"From: {sender}\r\nTo: Ann Lumen <ann@lumen.example>\r\n"
        f"Subject: =?utf-8?q?Commande_n=C2=B0_{number}_=C3=A0_confirmer?=\r\n"
        f"Date: {date}\r\nMessage-ID: <{message_id}>\r\nMIME-Version: 1.0\r\n"
    )
    kind = chance.random()
    text = _prose(chance, chance.randint(1_000, 4_000) if kind < 0.85 else 2_000)
    html = _prose(chance, chance.randint(4_000, 24_000))
    parts = [
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}",
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"<html><body><p>{html}</p></body></html>",
    ]
    if kind >= 0.85:
        size = chance.randint(40_000, 300_000)
        data = base64.encodebytes(chance.randbytes(size)).decode().replace("\n", "\r\n")
        parts.append(
            "Content-Type: application/pdf; name=devis.pdf\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-Disposition: attachment; filename=devis.pdf\r\n\r\n{data}"
        )
    both = _multipart("alternative", f"=_{number}_texts", parts[:2])
    whole = _multipart("mixed", f"=_{number}_all", [both, *parts[2:]]) if parts[2:] else both
    return f"{head}{whole}".encode()


def _multipart(kind: str, border: str, parts: list[str]) -> str:
    body = "".join(f"--{border}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{border}"\r\n\r\n{body}--{border}--\r\n'


def _prose(chance: random.Random, size: int) -> str:
    lines, length = [], 0
    while length < size:
        line = " ".join(chance.choices(WORDS, k=11))
        lines.append(line)
        length += len(line)
    return "\r\n".join(lines)
