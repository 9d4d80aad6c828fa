"""What is known of each UID of a range, in one snapshot: for the proof that nothing is missing."""

from collections.abc import Mapping
from dataclasses import dataclass

from daemon.store import ambiguities, exchange_read, folders, quarantine
from daemon.store.database import Tx
from daemon.store.quarantine import Item
from rules.model.sightings import FolderId

Ranges = folders.Ranges


@dataclass(frozen=True, slots=True)
class Accounted:
    """Of UIDs of one folder: copies that were `captured`, what is in quarantine or was dropped,
    the `holes`, and those about which a person is `asked`. `judged` are the ranges of the whole
    folder that the directory and rules in force judged, `judged_otherwise` all that were judged by
    any."""

    captured: frozenset[int]
    quarantined: Mapping[int, Item]
    holes: frozenset[int]
    asked: frozenset[int]
    judged: Ranges
    judged_otherwise: Ranges


def of(
    tx: Tx,
    folder: FolderId,
    uidvalidity: int,
    span: tuple[int, int],
    directory_version: int,
    rules: str,
) -> Accounted:
    """What is known of the UIDs of `span`, both ends included."""
    lo, hi = span
    return Accounted(
        captured=exchange_read.captured(tx, folder, uidvalidity, lo, hi),
        quarantined=quarantine.among(tx, folder, uidvalidity, lo, hi),
        holes=frozenset(folders.holes(tx, folder, uidvalidity)),
        asked=ambiguities.asked(tx, folder, uidvalidity, lo, hi),
        judged=folders.judged(tx, folder, uidvalidity, directory_version, rules),
        judged_otherwise=folders.judged_at_all(tx, folder, uidvalidity),
    )
