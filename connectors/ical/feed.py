"""Many follow-ups as one calendar that is only read: what a program subscribes to (RFC 7986)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from connectors.ical.lines import content, escape
from connectors.ical.writer import PRODID, component
from rules.model.followups import FollowUp
from rules.model.sightings import Component

# How often a program asks again (RFC 7986 §5.7); it is told so in two ways, for few know both.
REFRESH: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Shown:
    """A follow-up, the UID of its event, when it was changed last, and the address of its page (""
    for none)."""

    follow_up: FollowUp
    uid: str
    changed_at: datetime
    url: str = ""


def feed(shown: Iterable[Shown], zone: str, name: str) -> bytes:
    """The calendar of these, called `name`, on the clock of `zone`. The same follow-ups give the
    same bytes. Nobody is invited, and each is an event, for few programs show the tasks of a
    subscription."""
    definitions: dict[int, bytes] = {}
    body = []
    for one in shown:
        event = replace(one.follow_up, uid=one.uid, component=Component.VEVENT)
        definition, lines = component(event, zone, one.url, one.changed_at)
        if definition:
            definitions[event.when.start.year] = definition
        body.append(lines)
    every = f"PT{int(REFRESH.total_seconds()) // 60}M"
    head = [
        content("BEGIN", "VCALENDAR"),
        content("VERSION", "2.0"),
        content("PRODID", PRODID),
        content("CALSCALE", "GREGORIAN"),
        content("METHOD", "PUBLISH"),
        content("NAME", escape(name)),
        content("X-WR-CALNAME", escape(name)),
        content("X-WR-TIMEZONE", zone),
        content("REFRESH-INTERVAL", every, ";VALUE=DURATION"),
        content("X-PUBLISHED-TTL", every),
        # The earliest is right for all that come after it.
        definitions[min(definitions)] if definitions else b"",
    ]
    return b"".join([*head, *body, content("END", "VCALENDAR")])
