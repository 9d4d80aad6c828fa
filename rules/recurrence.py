"""How a follow-up repeats: the part of RRULE (RFC 5545 §3.3.10) that people need, checked."""

import re
from collections.abc import Callable, Mapping
from typing import Final

LONGEST: Final = 300
_DAYS: Final = "MO|TU|WE|TH|FR|SA|SU"


class NoRule(ValueError):
    """Not a rule that suivi follows; `part` is what is wrong with it."""

    def __init__(self, part: str) -> None:
        super().__init__(f"not a rule of recurrence: {part}")
        self.part = part


def _number(least: int, most: int) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(r"\d{1,4}", text) is not None and least <= int(text) <= most


def _each(one: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: 0 < len(text.split(",")) <= 31 and all(map(one, text.split(",")))


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


_PARTS: Final[Mapping[str, Callable[[str], bool]]] = {
    "FREQ": _like("DAILY|WEEKLY|MONTHLY|YEARLY"),
    "INTERVAL": _number(1, 999),
    "COUNT": _number(1, 999),
    "UNTIL": _like(r"\d{8}(?:T\d{6}Z)?"),
    "BYDAY": _each(_like(f"(?:[+-]?[1-5])?(?:{_DAYS})")),
    "BYMONTHDAY": _each(_like("-?(?:[1-9]|[12][0-9]|3[01])")),
    "BYMONTH": _each(_number(1, 12)),
    "BYSETPOS": _each(_like("-?(?:[1-9]|[12][0-9]|3[01])")),
    "WKST": _like(_DAYS),
}
"""What a rule may say, and in which form, in the order in which it is told."""


def parse(text: str) -> str:
    """The rule in the one way to tell it: `FREQ=MONTHLY;BYDAY=1MO`. Raises NoRule."""
    told = re.sub(r"\s+", "", text).upper().removeprefix("RRULE:")
    if not told or len(told) > LONGEST:
        raise NoRule(text[:60])
    parts: dict[str, str] = {}
    for part in told.split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS or name in parts or not _PARTS[name](value):
            raise NoRule(part[:60])
        parts[name] = value
    if "FREQ" not in parts:
        raise NoRule("FREQ=…")
    if "COUNT" in parts and "UNTIL" in parts:
        raise NoRule("COUNT, UNTIL")
    numbered = re.search("[1-5]", parts.get("BYDAY", "")) is not None
    if numbered and parts["FREQ"] not in ("MONTHLY", "YEARLY"):
        raise NoRule(f"BYDAY={parts['BYDAY']}")
    if "BYSETPOS" in parts and not {"BYDAY", "BYMONTHDAY", "BYMONTH"} & parts.keys():
        raise NoRule(f"BYSETPOS={parts['BYSETPOS']}")
    return ";".join(f"{name}={parts[name]}" for name in _PARTS if name in parts)
