"""What of an exchange may be told at the command line, and how it changes."""

from collections.abc import Iterable

from daemon.history.findings import Known, Shift
from daemon.store import Tx, exchanges, people
from daemon.store.whole import Whole
from rules.model.exchanges import Exchange
from rules.model.people import Level, ThirdPartyId

# Columns and tables as people call them.
_NAMES = {
    "entity_id": "entity",
    "mode_id": "mode",
    "purpose_id": "purpose",
    "comment": "text",
    "html": "text",
    "quoted_from": "text",
    "exchange_party": "third parties",
    "exchange_contact": "contacts",
    "exchange_user": "people",
    "exchange_product": "products",
    "exchange_element": "linked elements",
    "exchange_attachment": "attachments",
    "exchange_undelivered": "undelivered",
    "exchange_tag": "tags",
    "confidential_comment": "confidential comment",
    "confidential_group": "groups",
    "sighting": "copies",
    "follow_up": "follow-ups",
}


def names(fields: Iterable[str]) -> tuple[str, ...]:
    """Fields as people call them, once each."""
    return tuple(sorted({_NAMES.get(field, field) for field in fields}))


def known(tx: Tx, one: Whole, ref: str) -> Known:
    """The exchange as an admin sees it: neither subject nor text."""
    parties = [ThirdPartyId(row["third_party_id"]) for row in one.hung["exchange_party"]]
    found = (people.get_third_party(tx, party) for party in parties)
    return Known(
        ref=ref,
        happened_at=one.row["happened_at"],
        source=one.row["source"],
        direction=one.row["direction"],
        parties=tuple(f"{party.name} ({party.code})" for party in found if party is not None),
    )


def shifts(here: Tx, there: Tx, mine: Whole, other: Whole, fields: set[str]) -> tuple[Shift, ...]:
    """What changes: with its values where they are codes and names, alone where they are text."""
    before, after = exchanges.get(here, mine.id), exchanges.get(there, other.id)
    told = []
    for name in names(fields):
        old = "" if before is None else _value(here, name, before)
        new = "" if after is None else _value(there, name, after)
        told.append(Shift(name, old, new))
    return tuple(told)


def _value(tx: Tx, name: str, exchange: Exchange) -> str:
    if name == "third parties":
        found = (people.get_third_party(tx, party) for party in exchange.third_parties)
        return ", ".join(party.code for party in found if party is not None)
    values = {
        "mode": exchange.mode,
        "purpose": exchange.purpose or "",
        "products": ", ".join(exchange.products),
        "direction": exchange.direction,
        "level": Level(exchange.level).name.lower(),
        "kind": exchange.kind or "",
        "linked elements": ", ".join(element.ref for element in exchange.elements),
        "tags": ", ".join(getattr(exchange, "tags", ())),
    }
    return values.get(name, "")
