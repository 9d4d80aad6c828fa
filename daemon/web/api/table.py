"""Exchanges as lines of a CSV file (RFC 4180) that a spreadsheet opens."""

import csv
import io
from collections.abc import Iterable, Sequence

from daemon.store import Tx, named
from daemon.web.api.named import names
from rules.model.exchanges import Exchange

COLUMNS = (
    "ref",
    "happened_at",
    "direction",
    "mode",
    "purpose",
    "third_parties",
    "contacts",
    "author",
    "collaborators",
    "subject",
    "comment",
    "elements",
    "products",
    "project",
    "status",
    "source",
    "level",
)

# A cell that begins so is taken for a formula, which may call programs and send what it reads:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def lines(tx: Tx, exchanges: Sequence[Exchange]) -> str:
    """A line for each."""
    told = names(tx, exchanges)
    known = named.contacts(tx, (contact for one in exchanges for contact in one.contacts))
    rows = (
        (
            one.ref,
            one.happened_at.isoformat(),
            one.direction,
            one.mode,
            one.purpose or "",
            _several(ref.name for party in one.third_parties if (ref := told.party(party))),
            _several(known[contact] for contact in one.contacts if contact in known),
            told.email(one.author) or "",
            _several(told.emails(one.collaborators)),
            one.subject,
            one.comment,
            _several(element.ref for element in one.elements),
            _several(one.products),
            one.project or "",
            one.status,
            one.source,
            one.level.name.lower(),
        )
        for one in exchanges
    )
    return _written(rows)


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: it shows an apostrophe before it."""
    # Spaces before it are dropped by some.
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULAS) else cell


def _several(texts: Iterable[str]) -> str:
    return "; ".join(texts)


def _written(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([harmless(str(cell)) for cell in row] for row in rows)
    return out.getvalue()


# The mark by which spreadsheets know UTF-8.
HEAD = "\ufeff" + _written([COLUMNS])
