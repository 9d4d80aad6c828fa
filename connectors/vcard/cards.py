"""Third parties and contacts from vCards, each card usable or with its problem."""

import re
from collections.abc import Iterable

from connectors.errors import Unreadable
from connectors.vcard.lines import Card, Property, cards, text
from rules.model.wire import ImportRow

BETWEEN = ";"
"""What stands between the values of one field."""

_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")
_LONGEST = 1000
_SHOWN = 60


def read(data: bytes) -> tuple[ImportRow, ...]:
    """The rows of a file of cards, each with the line where its card begins; raises Unreadable
    when there is no card in it.

    Fields have the keys of `connectors.csvfile`: name is the organisation, if the card has one,
    contact the person. A card with a problem has no fields.
    """
    rows = tuple(_row(card) for card in cards(text(data)))
    if not rows:
        raise Unreadable("vcard: there is no BEGIN:VCARD in it")
    return rows


def _row(card: Card) -> ImportRow:
    if not card.whole:
        return ImportRow(card.line, problem="the card has no end")
    if any("QUOTED-PRINTABLE" in one.parameters for one in card.properties):
        return ImportRow(card.line, problem="this is vCard 2.1: export it as 3.0 or 4.0")
    of = {name: [p for p in card.properties if p.name == name] for name in _NAMES}
    company = _is_company(card.properties)
    person = _first(p.text() for p in of["FN"]) or _full_name(of["N"])
    firm = _first(part for p in of["ORG"] for part in p.parts()[:1]) or (person if company else "")
    emails = _each(p.text().removeprefix("mailto:").removeprefix("MAILTO:") for p in of["EMAIL"])
    problems = [f"email: not an email address: {_shown(e)}" for e in emails if not _is_email(e)]
    phones = _each(re.sub(r"(?i)^tel:", "", p.text()).replace(";ext=", " ext. ") for p in of["TEL"])
    fields = {
        "name": firm,
        "contact": "" if company else person,
        "email": BETWEEN.join(emails),
        "phone": BETWEEN.join(one.replace(BETWEEN, ",") for one in phones),
        "tags": BETWEEN.join(_each(one for p in of["CATEGORIES"] for one in p.several())),
    }
    if any(len(value) > _LONGEST for value in fields.values()):
        problems.append(f"longer than {_LONGEST} characters")
    if not any(fields.values()):
        problems.append("the card names nobody")
    if problems:
        return ImportRow(card.line, problem="; ".join(problems))
    return ImportRow(card.line, {key: value for key, value in fields.items() if value})


_NAMES = ("FN", "N", "ORG", "EMAIL", "TEL", "CATEGORIES")


def _is_company(properties: Iterable[Property]) -> bool:
    """Whether the card is an organisation's (RFC 6350 §6.1.4, and what Apple wrote before it)."""
    return any(
        (p.name in ("KIND", "X-ADDRESSBOOKSERVER-KIND") and p.text().lower() == "org")
        or (p.name == "X-ABSHOWAS" and p.text().upper() == "COMPANY")
        for p in properties
    )


def _full_name(found: list[Property]) -> str:
    """The given and the family name (RFC 6350 §6.2.2)."""
    if not found:
        return ""
    family, given = (*found[0].parts(), "", "")[:2]
    return _line(f"{given} {family}")


def _each(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(_line, found))))


def _first(found: Iterable[str]) -> str:
    return next(filter(None, map(_line, found)), "")


def _line(value: str) -> str:
    """One line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())


def _is_email(value: str) -> bool:
    return _EMAIL.fullmatch(value) is not None


def _shown(word: str) -> str:
    return repr(word if len(word) <= _SHOWN else word[:_SHOWN] + "…")
