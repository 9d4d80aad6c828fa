"""One bad message never stops its mailbox and is never lost (spec §5, promise 1).

Each kind of bad mail lies among good mail on Dovecot: the good is captured; the bad is captured,
or quarantined with a reason that `suivi explain` shows.
"""

import base64
import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from tests.flows.house import House, mail

KNOWN = "Jean <jean@mistral.example>"
ANN = "ann@lumen.example"
HEAD = f"From: {KNOWN}\r\nTo: {ANN}\r\nDate: Mon, 23 Nov 2026 09:00:00 +0100\r\n"


def _head(name: str, **fields: str) -> str:
    more = "".join(f"{field.replace('_', '-')}: {value}\r\n" for field, value in fields.items())
    return f"{HEAD}Message-ID: <{name}@mistral.example>\r\nSubject: {name}\r\n{more}"


def _nested(depth: int) -> bytes:
    opening = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(depth)
    )
    closing = "".join(f"\r\n--b{n}--\r\n" for n in reversed(range(depth)))
    return (
        f"{_head('nested', MIME_Version='1.0')}{opening}"
        f"Content-Type: text/plain\r\n\r\nau fond{closing}"
    ).encode()


def _thai() -> bytes:
    """More distinct words than a full-text index of PostgreSQL holds, in eight parts."""
    words = ["".join(chr(0x0E01 + int(d, 16)) for d in f"{n:05x}") * 5 for n in range(20_000)]
    parts = b"".join(
        b"--p\r\nContent-Type: text/plain; charset=tis-620\r\n\r\n"
        + " ".join(words[start : start + 2500]).encode("tis-620")
        + b"\r\n"
        for start in range(0, 20_000, 2500)
    )
    head = _head("thai", MIME_Version="1.0", Content_Type="multipart/mixed; boundary=p")
    return head.encode() + b"\r\n" + parts + b"--p--\r\n"


def _surrogates() -> bytes:
    """Half a character, by the only charsets of mail that can say it."""
    half = "+2AA-"
    assert codecs.decode(half.encode(), "utf-7") == "\ud800"
    head = _head("surrogates", Content_Type="text/plain; charset=utf-7")
    head = head.replace("Subject: surrogates", f"Subject: surrogates =?utf-7?q?{half}?=")
    return f"{head}\r\nDevis {half} accepté\r\n".encode()


def _nul() -> bytes:
    """NUL, which no text of PostgreSQL may hold: in the open, and as mail can hide it."""
    text = base64.b64encode("Devis\0 accepté".encode()).decode()
    head = _head("nul", Content_Type="text/plain; charset=utf-8", In_Reply_To="<a\0b@x.example>")
    head = head.replace("Subject: nul", "Subject: nul =?utf-8?q?=00?= \0")
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n{text}\r\n".encode()


BAD: dict[str, bytes] = {
    "charset": f"{_head('charset', Content_Type='text/plain; charset=x-none-of-these')}"
    "\r\nD\xe9j\xe0 \xff\xfe\r\n".encode("latin-1"),
    "utf-8 that is none": f"{_head('not-utf8', Content_Type='text/plain; charset=utf-8')}\r\n"
    "\xc3\x28 \xa0\xa1 \xf0\x28\x8c\xbc\r\n".encode("latin-1"),
    "nested": _nested(3000),
    "no id": f"{HEAD}Subject: no id\r\n\r\nSans nom.\r\n".encode(),
    "empty id": f"{HEAD}Subject: empty id\r\nMessage-ID: <>\r\n\r\nSans nom.\r\n".encode(),
    "long id": _head("l" * 5000, X="1").replace("l" * 5000 + "\r\n", "long id\r\n").encode()
    + b"\r\nlong\r\n",
    "nul": _nul(),
    "big headers": _head("big", **{f"X_Field_{n}": "x" * 100 for n in range(1900)}).encode()
    + b"\r\nbig\r\n",
    "semicolons": _head("semicolons", Content_Type="text/plain" + ";" * 14_000).encode()
    + b"\r\nsemi\r\n",
    "date": _head("date").replace("Mon, 23 Nov 2026 09:00:00 +0100", "99 Zzz 0 99:99").encode()
    + b"\r\nquand\r\n",
    "far date": _head("far")
    .replace("23 Nov 2026 09:00:00 +0100", "31 Dec 9999 23:59 -1200")
    .encode()
    + b"\r\nloin\r\n",
    "8-bit headers": _head("eight", X_Test="1")
    .replace("eight\r\n", "\xe9t\xe9 \xff\r\n")
    .encode("latin-1")
    + b"\r\n8\r\n",
    "surrogates": _surrogates(),
    "many addresses": _head(
        "many", Cc=",\r\n ".join(f"Somebody <person{n}@far{n}.example>" for n in range(5000))
    ).encode()
    + b"\r\nmany\r\n",
    "thai": _thai(),
    "no headers": b"\r\nseulement un texte\r\n",
    "line ends": _head("ends").replace("\r\n", "\n").encode() + b"\nfin",
    "no end of headers": _head("endless").encode(),
}


def _good(number: int) -> bytes:
    return mail(
        KNOWN, ANN, f"bon {number}", f"texte {number}", message_id=f"good{number}@mistral.example"
    )


def _deliver(house: House, several: dict[str, bytes]) -> int:
    for number, raw in enumerate(several.values()):
        house.dovecot.deliver("ann", "INBOX", _good(number))
        house.dovecot.deliver("ann", "INBOX", raw)
    house.dovecot.deliver("ann", "INBOX", _good(len(several)))
    return len(several) + 1


def _counts(house: House) -> dict[str, int]:
    counts: dict[str, int] = {}
    for tally in house.json("report"):
        counts[tally["reason"]] = counts.get(tally["reason"], 0) + tally["count"]
    return counts


def test_bad_mail_among_good(make_house: Callable[..., House], database: str) -> None:
    house = make_house(database, users=("ann",))
    good = _deliver(house, BAD)
    empty = house.dovecot.deliver("ann", "INBOX", b"")
    house.prepare()
    done = house.suivi("sync")
    assert "Traceback" not in done.stderr
    exchanges = {e["subject"]: e for e in house.history("Brasserie Mistral")}
    assert {f"bon {n}" for n in range(good)} <= exchanges.keys()
    for number in range(good):
        assert exchanges[f"bon {number}"]["comment"] == f"texte {number}"
    # Each has been judged, and is accounted for: of two nobody says who wrote them.
    delivered = good + len(BAD) + (1 if empty.exists() else 0)
    counts = _counts(house)
    assert sum(counts.values()) == delivered
    assert len(exchanges) == delivered - counts["no-third-party"]
    assert counts["no-third-party"] <= 2
    assert "no id" in exchanges
    assert "Déjà" in exchanges["charset"]["comment"]
    assert exchanges["thai"]["comment"].count(" ") > 10_000
    for name in ("charset", "nested", "nul"):
        (told,) = house.json("explain", f"<{name}@mistral.example>")
        assert told["exchange"]
    # Another process, the same rules: nothing is judged again.
    house.suivi("sync")
    assert _counts(house) == counts


REASON = "the database refuses it"


def test_what_the_store_refuses_is_quarantined_alone_until_it_is_taken(
    make_house: Callable[..., House], database: str
) -> None:
    house = make_house(database, users=("ann",))
    refused = mail(KNOWN, ANN, "indigeste", "secret", message_id="refused@mistral.example")
    good = _deliver(house, {"refused": refused})
    house.prepare()
    with _refusing(database, "indigeste"):
        done = house.suivi("sync")
        assert "wait:unreadable" in done.stdout
        recorded = sorted((e["subject"], e["ref"]) for e in house.history("Brasserie Mistral"))
        # The numbers of exchanges have no gap where it would be.
        assert recorded == [(f"bon {n}", f"EXC-{n + 1}") for n in range(good)]
        (told,) = house.json("explain", "<refused@mistral.example>")
        assert told["verdict"] == "quarantined"
        assert REASON in told["reason"]
        assert "indigeste" not in told["reason"]
        assert "UID 2" in told["place"]
        # Before its time it is left alone.
        house.suivi("sync")
    _its_time_has_come(database)
    house.suivi("sync")
    assert "indigeste" in {e["subject"] for e in house.history("Brasserie Mistral")}
    verdicts = [e["verdict"] for e in house.json("explain", "<refused@mistral.example>")]
    assert verdicts == ["record", "no longer quarantined"]


@contextmanager
def _refusing(database: str, subject: str) -> Iterator[None]:
    """The database refuses this subject, as it might any value that nobody thought of."""
    if database.startswith("sqlite"):
        begin = (
            "CREATE TRIGGER refusing BEFORE INSERT ON exchange "
            f"WHEN NEW.subject = '{subject}' BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        )
        end = "DROP TRIGGER refusing"
    else:
        begin = f"ALTER TABLE exchange ADD CONSTRAINT refusing CHECK (subject <> '{subject}')"
        end = "ALTER TABLE exchange DROP CONSTRAINT refusing"
    _execute(database, begin)
    try:
        yield
    finally:
        _execute(database, end)


def _its_time_has_come(database: str) -> None:
    """What waits in quarantine is tried again at the next sync."""
    _execute(database, "UPDATE quarantine SET next_try_at = '2026-01-01 00:00:00.000000'")


def _execute(database: str, statement: str) -> None:
    engine = sa.create_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
