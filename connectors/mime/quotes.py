"""Where the quoted text of a mail starts, in French, English, German and Spanish; linear time."""

import re

ATTRIBUTION_LINES = 4
"""Lines that "On … wrote:" may be spread over."""
LINE_MOST = 400
"""Characters of a line that are looked at: none of the marks is longer."""
HEADERS_LEAST = 3
"""Of From, Sent, To, Subject in a row, how many make a quoted header."""

_SEPARATOR = re.compile(
    r"[-_ ]{2,}\s?(?:message d['’]origine|original message|ursprüngliche nachricht"
    r"|mensaje original|message transféré|forwarded message|weitergeleitete nachricht"
    r"|mensaje reenviado|original appointment|rendez-vous d['’]origine)\s?[-_ ]{2,}"
    r"|(?:begin forwarded message|début du message (?:réexpédié|transféré)"
    r"|anfang der weitergeleiteten nachricht|inicio del mensaje reenviado)\s?:",
    re.IGNORECASE,
)
# How an attribution begins and ends: "Le lun. 3 mars 2025 à 10:12, Jean <j@x> a écrit :"
_OPENING = re.compile(r"(?:le|on|am|el)\s", re.IGNORECASE)
_CLOSING = re.compile(
    r"(?:a écrit|wrote|escribió|schrieb(?:en)?|schrieb\s[^:]{1,200})\s?:$"
    r"|\b(?:schrieb|a écrit)\s.{1,200}:$",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
# "Jean Dupont <jean@x> a écrit :" without a date, as some phones write it.
_UNDATED = re.compile(r".{1,200}@.{1,200}(?:a écrit|wrote|escribió|schrieb)\s?:", re.IGNORECASE)
_HEADER = re.compile(
    r"[>*\s]*(?:(?P<from>de|from|von|expéditeur)"
    r"|(?P<sent>envoyé(?: le)?|sent|gesendet|enviado(?: el)?|date|datum|fecha)"
    r"|(?P<to>à|a|to|an|para|destinataires?|cc|copie)"
    r"|(?P<subject>objet|subject|betreff|asunto|sujet))\s?\*?\s?:",
    re.IGNORECASE,
)
_RULE = re.compile(r"[_\-—*=]{5,}$")


def fold(text: str) -> int | None:
    """The character offset from which everything is quoted; None when nothing is.

    An answer written between quoted lines is kept whole; only a quote at the end is folded.
    """
    lines = text.split("\n")
    starts: list[int] = []
    offset = 0
    for line in lines:
        starts.append(offset)
        offset += len(line) + 1
    seen = [line[:LINE_MOST].strip("\r\t \xa0") for line in lines]
    tail = _quoted_tail(seen)
    for index, line in enumerate(seen[:tail]):
        if line and (_SEPARATOR.match(line) or _header_block(seen, index)):
            return starts[_with_rule(seen, index)]
        end = _attribution(seen, index)
        if end is not None and _all_quoted_after(seen, end, tail):
            return starts[index]
    return starts[tail] if tail < len(seen) else None


def _quoted_tail(seen: list[str]) -> int:
    """The first of the lines at the end that are all quoted by ">" or empty."""
    tail = len(seen)
    for index in range(len(seen) - 1, -1, -1):
        if seen[index].startswith(">"):
            tail = index
        elif seen[index]:
            break
    return tail


def _attribution(seen: list[str], index: int) -> int | None:
    """The line after an attribution that starts at `index`."""
    line = seen[index]
    if _UNDATED.fullmatch(line):
        return index + 1
    if not _OPENING.match(line):
        return None
    digits = False
    for end in range(index, min(index + ATTRIBUTION_LINES, len(seen))):
        if not seen[end]:
            return None
        digits = digits or _DIGIT.search(seen[end]) is not None
        if digits and _CLOSING.search(seen[end]):
            return end + 1
    return None


def _all_quoted_after(seen: list[str], end: int, tail: int) -> bool:
    """Whether an attribution leads into what is quoted to the end, with ">" or without."""
    following = next((i for i in range(end, len(seen)) if seen[i]), None)
    if following is None:
        return True
    # With ">" signs, what comes after them was written by the sender: an answer in between.
    return not seen[following].startswith(">") or following >= tail


def _header_block(seen: list[str], index: int) -> bool:
    """Whether From, Sent, To, Subject follow each other from here, as Outlook writes them."""
    first = _HEADER.match(seen[index])
    if first is None or first.lastgroup != "from":
        return False
    kinds = {"from"}
    for line in seen[index + 1 : index + 12]:
        header = _HEADER.match(line)
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
    return above if above >= 0 and _RULE.match(seen[above]) else index
