"""Authentication-Results (RFC 8601): what the receiving server found out about a sender.

Anybody can write such a field. The one that counts is the topmost that bears the name of the
server which is trusted to put its own there; what stands below it came with the message.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_FIELD = b"authentication-results"
_LOOK_AT = 8_192
_FIELDS_MOST = 100
_RESULTS_MOST = 50
# What means something outside of quotes means nothing within: addresses are the sender's choice.
_MARKS = frozenset(';=()"\\ \t')
_RESULT = re.compile(r"\s*([a-z][a-z0-9-]*)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"\b([a-z]+\.[a-z0-9_-]+)\s*=\s*([^\s;]+)", re.IGNORECASE)


class Verdict(StrEnum):
    """Whether a message comes from the domain that its From names."""

    PASS = "pass"  # noqa: S105  no secret
    FAIL = "fail"
    UNKNOWN = "unknown"


def verdict(header: bytes, trusted: str, sender: str) -> Verdict:
    """What the server named `trusted` (its authserv-id) says of a mail from the address `sender`.

    `header` is the raw header block. DMARC decides where it was tried (RFC 7489 §11.2); else a
    signature, or an envelope sender, of that very domain. Never raises, in linear time.
    """
    local, _, domain = sender.casefold().rpartition("@")
    results = dict(_results(_topmost(header, trusted)))
    dmarc, said = results.get("dmarc", ("", {}))
    if dmarc == "pass":
        return Verdict.PASS if said.get("header.from", domain) == domain else Verdict.FAIL
    if dmarc == "fail":
        return Verdict.FAIL
    submitted, by = results.get("auth", ("", {}))
    if submitted == "pass" and by.get("smtp.auth") in (sender.casefold(), local):
        return Verdict.PASS
    signed, said = results.get("dkim", ("", {}))
    if signed == "pass" and _domain(said.get("header.d") or said.get("header.i", "")) == domain:
        return Verdict.PASS
    spf, said = results.get("spf", ("", {}))
    if spf == "pass" and _domain(said.get("smtp.mailfrom", "")) == domain:
        return Verdict.PASS
    return Verdict.UNKNOWN


def _topmost(header: bytes, trusted: str) -> str:
    """The value of the first field of that server, without its name; "" when there is none."""
    found = 0
    for line in _FOLD.sub(b" ", header).splitlines():
        name, colon, value = line.partition(b":")
        if not colon or name.strip().lower() != _FIELD:
            continue
        found += 1
        written = _plain(value[:_LOOK_AT].decode("utf-8", "replace"))
        identity, _, rest = written.partition(";")
        # A version may follow the name.
        words = identity.split()
        if words and words[0].casefold() == trusted.casefold():
            return rest
        if found == _FIELDS_MOST:
            break
    return ""


def _results(written: str) -> Iterator[tuple[str, tuple[str, Mapping[str, str]]]]:
    """Method → result and properties, all in lower case. The first of a method counts, but of
    several signatures the last one that passed."""
    seen: set[str] = set()
    for part in written.split(";")[:_RESULTS_MOST]:
        found = _RESULT.match(part)
        if found is None:
            continue
        method, result = found[1].lower(), found[2].lower()
        if method in seen and (method != "dkim" or result != "pass"):
            continue
        seen.add(method)
        properties = {
            name.lower(): value.casefold() for name, value in _PROPERTY.findall(part[found.end() :])
        }
        yield method, (result, properties)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _plain(text: str) -> str:
    """Without comments and quotation marks (RFC 5322 §3.2.2, §3.2.4); marks that stood in
    quotes become "_"."""
    out: list[str] = []
    depth, quoted, escaped = 0, False, False
    for c in text:
        if escaped:
            escaped = False
            if quoted:
                out.append("_" if c in _MARKS else c)
        elif c == "\\" and (quoted or depth):
            escaped = True
        elif c == '"' and not depth:
            quoted = not quoted
        elif quoted:
            out.append("_" if c in _MARKS else c)
        elif c == "(":
            depth += 1
        elif depth:
            depth -= c == ")"
        else:
            out.append(c)
    return "".join(out)
