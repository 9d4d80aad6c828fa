"""What a cell says: kinds, domains, addresses; each reader raises ValueError with the problem."""

import re
from collections.abc import Callable

from rules.model.people import PartyKind

KINDS = {
    "customer": PartyKind.CUSTOMER,
    "customers": PartyKind.CUSTOMER,
    "client": PartyKind.CUSTOMER,
    "clients": PartyKind.CUSTOMER,
    "prospect": PartyKind.PROSPECT,
    "prospects": PartyKind.PROSPECT,
    "supplier": PartyKind.SUPPLIER,
    "suppliers": PartyKind.SUPPLIER,
    "vendor": PartyKind.SUPPLIER,
    "fournisseur": PartyKind.SUPPLIER,
    "fournisseurs": PartyKind.SUPPLIER,
}

BETWEEN = ";"
"""What stands between the values of one field."""

_LONGEST = 1000
_SHOWN = 60
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")
_DOMAIN = re.compile(r"\w(?:[\w-]*\w)?(?:\.\w(?:[\w-]*\w)?)+")


def plain(cell: str) -> str:
    """One line, without control characters."""
    if len(cell) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST} characters")
    return " ".join("".join(it if it.isprintable() else " " for it in cell).split())


def kinds(cell: str) -> str:
    """Any mix of customer, prospect and supplier, in either language."""
    words = re.split(r"[/,+;&|]|\b(?:et|and)\b", plain(cell).casefold())
    found: dict[str, None] = {}
    for word in filter(None, map(str.strip, words)):
        if word not in KINDS:
            raise ValueError(f"not a kind of third party: {_shown(word)}")
        found[KINDS[word].value] = None
    return BETWEEN.join(found)


def emails(cell: str) -> str:
    """Addresses, bare or as `Name <address>`."""
    line = plain(cell)
    found = re.findall(r"<([^<>]*)>", line) or re.split(r"[;,|\s]+", line)
    addresses = [it.strip().removeprefix("mailto:") for it in found]
    return _joined(addresses, _EMAIL, "an email address")


def domains(cell: str) -> str:
    """Email domains; a web address or `@domain` will do."""
    found = [
        re.sub(r"^(?:\w+://)?(?:www\.|@)?|[/?#].*$", "", it)
        for it in re.split(r"[;,|\s]+", plain(cell).casefold())
    ]
    return _joined(found, _DOMAIN, "a domain")


def phones(cell: str) -> str:
    """Numbers as they are written; only what stands between two is understood."""
    return BETWEEN.join(it for it in map(str.strip, re.split(r"[;|/]", plain(cell))) if it)


def names(cell: str) -> str:
    """Names may hold commas, so only a semicolon or a bar stands between two."""
    return BETWEEN.join(it for it in map(str.strip, re.split(r"[;|]", plain(cell))) if it)


def tags(cell: str) -> str:
    """Free words; a comma stands between two as well."""
    found = map(str.strip, re.split(r"[;,|]", plain(cell)))
    return BETWEEN.join(dict.fromkeys(filter(None, found)))


# How the cells of each column are read; the others are plain.
READERS: dict[str, Callable[[str], str]] = {
    "kind": kinds,
    "email": emails,
    "domain": domains,
    "phone": phones,
    "former": names,
    "tags": tags,
}


def _joined(found: list[str], form: re.Pattern[str], what: str) -> str:
    for it in filter(None, found):
        if form.fullmatch(it) is None:
            raise ValueError(f"not {what}: {_shown(it)}")
    return BETWEEN.join(dict.fromkeys(filter(None, found)))


def _shown(word: str) -> str:
    return repr(word if len(word) <= _SHOWN else word[:_SHOWN] + "…")
