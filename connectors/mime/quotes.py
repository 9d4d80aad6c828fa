"""Where what the sender wrote ends, and quoted text and signature start; linear time.

Nothing is cut away: the text stays whole beside one offset.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.mime import forms

ATTRIBUTION_LINES = 6
"""Lines that "On … wrote:" may be spread over."""
ANNOUNCED_LINES = 12
"""Lines of a quoted header that are looked at."""
LINE_MOST = 400
"""Characters of a line that are looked at: none of the marks is longer."""
HEADERS_LEAST = 3
"""Of From, Sent, To, Subject in a row, how many make a quoted header."""
SIGNATURE_LINES = 15
"""Lines of a signature after "--" without the blank that RFC 3676 §4.3 asks for."""
DEVICE_MOST = 180
"""Characters of "Sent from my phone"."""
LAYERS_MOST = 4
"""Signature above a quote, above a list's footer, …: how many are taken off."""


def fold(text: str) -> int | None:
    """The character offset from which all is quoted or signature; None when nothing is.

    An answer written between or below quoted lines is kept whole; only what comes after the
    sender's last words is folded. A mail of bare ">" lines has nothing else to show: it is shown.
    """
    lines = text.split("\n")
    seen = [line[:LINE_MOST].strip("\r\t \xa0") for line in lines]
    signs = [line[:4].rstrip("\r") == "-- " for line in lines]
    own = _own(seen, signs)
    first = _next(seen, 0)
    if first is None or not any(seen[own:]):
        return None
    if own <= first:
        return 0 if _announces(seen, first) else None
    return sum(len(line) + 1 for line in lines[:own])


@dataclass(frozen=True, slots=True)
class _Announced:
    """The words of somebody else are announced on line `start`, and begin on line `then`; where it
    is `certain`, they need no ">" to be a quote."""

    start: int
    then: int
    certain: bool = True
    to_the_end: bool = False


def _own(seen: list[str], signs: list[bool]) -> int:
    """The number of lines at the start that are not folded."""
    announced = list(_announcements(seen))
    own = len(seen)
    for _layer in range(LAYERS_MOST):
        shorter = _without_quote(seen, announced, _without_signature(seen, signs, own))
        if shorter == own:
            break
        own = shorter
    return own


# ------------------------------------------------------------------ signatures


def _without_signature(seen: list[str], signs: list[bool], own: int) -> int:
    """Without what stands below "-- ", what a phone adds, and lines that divide from nothing."""
    mark = next((i for i in range(own - 1, -1, -1) if seen[i] == "--"), None)
    if mark is not None and (signs[mark] or _written(seen, mark + 1, own) <= SIGNATURE_LINES):
        own = mark
    end = own
    for index in range(own - 1, -1, -1):
        line = seen[index]
        if not line:
            continue
        if not (forms.DELIMITER.fullmatch(line) or _is_device(line)):
            break
        end = index
    return end


def _written(seen: list[str], start: int, end: int) -> int:
    return sum(1 for line in seen[start:end] if line)


def _is_device(line: str) -> bool:
    return len(line) <= DEVICE_MOST and forms.DEVICE.match(line) is not None


# ------------------------------------------------------------------ quotes


def _announcements(seen: list[str]) -> Iterator[_Announced]:
    then = 0
    for index, line in enumerate(seen):
        if not line or index < then:
            continue
        if forms.SEPARATOR.match(line) or _header_block(seen, index):
            yield _Announced(_with_rule(seen, index), index, to_the_end=True)
        elif found := _attribution(seen, index):
            then = found.then
            yield found


def _without_quote(seen: list[str], announced: list[_Announced], own: int) -> int:
    tail = _quoted_tail(seen, own)
    for one in announced:
        if one.start >= tail:
            break
        if one.to_the_end or _leads_to_the_end(seen, one, tail, own):
            return one.start
    return tail


def _announces(seen: list[str], index: int) -> bool:
    """Whether a quote is announced here, be it within a quote."""
    lines = [line.lstrip("> ") for line in seen[index : index + ANNOUNCED_LINES]]
    return next((one.start == 0 for one in _announcements(lines)), False)


def _quoted_tail(seen: list[str], own: int) -> int:
    """The first of the lines at the end that are all quoted by ">" or empty."""
    tail = own
    for index in range(own - 1, -1, -1):
        if seen[index].startswith(">"):
            tail = index
        elif seen[index]:
            break
    return tail


def _attribution(seen: list[str], index: int) -> _Announced | None:
    """An attribution that starts at `index`: "On … wrote:"."""
    first = seen[index]
    if first.startswith(">"):
        return None
    if forms.OLD_GMAIL.match(first):
        wrapped = not first.endswith(":") and seen[index + 1 : index + 2] and seen[index + 1]
        return _Announced(index, index + 2 if wrapped and wrapped.endswith(">:") else index + 1)
    if not _may_open(first):
        return None
    joined = ""
    for end, line in _joinable(seen, index):
        if end > index and _opens(line):
            return None
        joined = f"{joined} {line}" if joined else line
        if line.endswith(":"):
            certain = _certainty(joined)
            return None if certain is None else _Announced(index, end + 1, certain)
    return None


def _may_open(line: str) -> bool:
    return _opens(line) or "@" in line or forms.VERB.search(line) is not None


def _opens(line: str) -> bool:
    return bool(forms.OPENING.match(line) or forms.DATE_FIRST.match(line))


def _joinable(seen: list[str], index: int) -> Iterator[tuple[int, str]]:
    """The line and those that may go on with it: an address may stand apart."""
    for end in range(index, min(index + ATTRIBUTION_LINES, len(seen))):
        if seen[end]:
            yield end, seen[end]
        elif not (end + 1 < len(seen) and seen[end + 1].startswith("<")):
            break


def _certainty(joined: str) -> bool | None:
    """Whether an attribution is beyond doubt; None: it is none."""
    opens, address = _opens(joined), "@" in joined
    if not forms.VERB.search(joined):
        return True if joined.endswith(">:") and opens and address else None
    time = forms.TIME.search(joined) is not None
    if address and (opens or time or forms.VERB_AT_END.search(joined)):
        return True
    if opens and time:
        return True
    return False if address or forms.DIGIT.search(joined) else None


def _leads_to_the_end(seen: list[str], one: _Announced, tail: int, own: int) -> bool:
    """Whether all that follows an attribution is quoted, with ">" or without."""
    following = _next(seen, one.then, own)
    if following is None or not seen[following].startswith(">"):
        # With nothing above it, what stands below may as well be the answer: all is shown.
        return one.certain and one.start != _next(seen, 0)
    # With ">" signs, what comes after them was written by the sender: an answer in between.
    return following >= tail


def _header_block(seen: list[str], index: int) -> bool:
    """Whether From, Sent, To, Subject follow each other from here, as Outlook writes them."""
    first = forms.HEADER.match(seen[index])
    if first is None or first.lastgroup != "from":
        return False
    kinds = {"from"}
    for line in seen[index + 1 : index + ANNOUNCED_LINES]:
        header = forms.HEADER.match(line)
        if header is not None and header.lastgroup:
            kinds.add(header.lastgroup)
        if len(kinds) >= HEADERS_LEAST:
            return True
    return False


def _with_rule(seen: list[str], index: int) -> int:
    """The line drawn above a quoted header belongs to it."""
    above = index - 1
    while above > 0 and not seen[above] and index - above < 3:
        above -= 1
    return above if above >= 0 and forms.RULE.match(seen[above]) else index


def _next(seen: list[str], start: int, end: int | None = None) -> int | None:
    """The first line from `start` on that is not empty."""
    stop = len(seen) if end is None else end
    return next((i for i in range(start, stop) if seen[i]), None)
