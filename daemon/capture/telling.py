"""One line a decision, at debug: where the copy is and why it was judged so, never what it says."""

import logging
from collections.abc import Iterable

import structlog

from rules.model.decisions import Decision
from rules.model.sightings import MailPlace, Sighting

log = structlog.stdlib.get_logger(__name__)


def is_told() -> bool:
    """Whether anybody wants to hear of each decision."""
    return logging.getLogger(__name__).isEnabledFor(logging.DEBUG)


def told(account: str, decided: Iterable[tuple[Sighting, Decision]]) -> None:
    """What was decided, once it is stored."""
    # Asked once: a backfill decides thousands a second.
    if not is_told():
        return
    for sighting, decision in decided:
        log.debug(
            "decided",
            account=account,
            **_place(sighting),
            verdict=decision.verdict.value,
            reason=decision.reason.value,
            level=decision.level.name.lower(),
            rules=decision.rules,
        )


def _place(sighting: Sighting) -> dict[str, object]:
    place = sighting.place
    if isinstance(place, MailPlace):
        return {"folder": place.name, "uid": place.uid, "uidvalidity": place.uidvalidity}
    return {"calendar": place.name, "href": place.href}
