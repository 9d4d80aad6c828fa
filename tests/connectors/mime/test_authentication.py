"""Authentication-Results: the trusted server's own word counts, and nobody else's."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mime.authentication import Verdict, verdict

OURS = "mx.lumen.example"
ANN = "Ann@lumen.example"


def says(*values: str, sender: str = ANN) -> Verdict:
    header = "".join(f"Authentication-Results: {value}\r\n" for value in values)
    return verdict(f"Received: x\r\n{header}From: {sender}\r\n\r\n".encode(), OURS, sender)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{OURS}; dmarc=pass header.from=lumen.example", Verdict.PASS),
        (f"{OURS} 1;\r\n\tspf=fail;\r\n dmarc = pass (p=reject) header.from=Lumen.Example", "pass"),
        (f"{OURS}; dmarc=fail header.from=lumen.example; dkim=pass header.d=lumen.example", "fail"),
        (f"{OURS}; dmarc=pass header.from=evil.example", Verdict.FAIL),
        (f"{OURS}; dmarc=none; dkim=pass header.d=lumen.example", Verdict.PASS),
        (f"{OURS}; dkim=fail header.d=x.example; dkim=pass header.i=@lumen.example", Verdict.PASS),
        (f"{OURS}; dkim=pass header.d=evil.example", Verdict.UNKNOWN),
        (f"{OURS}; spf=pass smtp.mailfrom=ann@lumen.example", Verdict.PASS),
        (f"{OURS}; spf=pass smtp.mailfrom=ann@evil.example", Verdict.UNKNOWN),
        (f"{OURS}; auth=pass smtp.auth=ann", Verdict.PASS),
        (f"{OURS}; auth=pass smtp.auth=bob@lumen.example", Verdict.UNKNOWN),
        (f"{OURS}; none", Verdict.UNKNOWN),
        ("mx.other.example; dmarc=pass header.from=lumen.example", Verdict.UNKNOWN),
        (f"evil.example ({OURS}); dmarc=pass header.from=lumen.example", Verdict.UNKNOWN),
        # What a sender chose stays in its quotes.
        (
            f'{OURS}; spf=pass smtp.mailfrom="a; dmarc=pass header.from=lumen.example"@evil.test',
            Verdict.UNKNOWN,
        ),
        (f"{OURS}; spf=none (a; dmarc=pass header.from=lumen.example) x.y=z", Verdict.UNKNOWN),
    ],
)
def test_what_the_trusted_server_says(value: str, expected: str) -> None:
    assert says(value) == expected


def test_only_the_topmost_of_the_trusted_server_counts() -> None:
    true, forged = f"{OURS}; dmarc=fail", f"{OURS}; dmarc=pass header.from=lumen.example"
    assert says(true, forged) is Verdict.FAIL
    assert says(f"{OURS}; none", forged) is Verdict.UNKNOWN
    # Another server on the way may have put its own above.
    assert says("relay.example; dmarc=pass", true, forged) is Verdict.FAIL
    assert says() is Verdict.UNKNOWN


@given(st.binary(max_size=400))
def test_no_octets_pass_by_chance_or_stop_it(junk: bytes) -> None:
    field = f"Authentication-Results: {OURS}; dmarc=fail;".encode()
    assert verdict(field + junk, OURS, ANN) is Verdict.FAIL
    assert isinstance(verdict(b"Authentication-Results: " + junk, OURS, ANN), Verdict)


@pytest.mark.parametrize("junk", ["(" * 8_000, '"' * 8_000, "dkim=" * 2_000, "a.b=" * 2_000, "\\("])
def test_a_long_field_takes_no_time(junk: str) -> None:
    before = time.perf_counter()
    assert says(*[f"{OURS}; {junk}"] * 200) is Verdict.UNKNOWN
    assert time.perf_counter() - before < 1
