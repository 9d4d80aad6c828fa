"""Which meeting an invitation is about (RFC 5546): METHOD, UID and RECURRENCE-ID only."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rules.model.sightings import EventRef

_FOLD = re.compile(r"\r?\n[ \t]")
_METHOD = re.compile(r"^METHOD(?:;[^:\r\n]*)?:([A-Za-z-]{1,30})", re.IGNORECASE | re.MULTILINE)
_COMPONENT = re.compile(r"^BEGIN:(VEVENT|VTODO)\b", re.IGNORECASE | re.MULTILINE)
_END = re.compile(r"^END:(VEVENT|VTODO)\b", re.IGNORECASE | re.MULTILINE)
_UID = re.compile(r"^UID(?:;[^:\r\n]*)?:([^\r\n]{1,1000})", re.IGNORECASE | re.MULTILINE)
_RECURRENCE = re.compile(
    r"^RECURRENCE-ID((?:;[^:\r\n\"]*|;[^:\r\n\"]*\"[^\"\r\n]*\")*):(\d{8}(?:T\d{6}Z?)?)",
    re.IGNORECASE | re.MULTILINE,
)
_ZONE = re.compile(r";TZID=\"?([A-Za-z0-9_+\-/]{1,60})\"?", re.IGNORECASE)


def read(calendar: str) -> EventRef | None:
    """The meeting of an iTIP object; None where there is none."""
    plain = _FOLD.sub("", calendar)
    begin = _COMPONENT.search(plain)
    if begin is None:
        return None
    end = _END.search(plain, begin.end())
    component = plain[begin.end() : end.start() if end else len(plain)]
    uid = _UID.search(component)
    if uid is None:
        return None
    method = _METHOD.search(plain)
    return EventRef(uid[1].strip(), _recurrence_id(component), method[1].upper() if method else "")


def _recurrence_id(component: str) -> str | None:
    """The original start in UTC basic form; as written where its zone is unknown."""
    found = _RECURRENCE.search(component)
    if found is None:
        return None
    parameters, value = found.groups()
    zone = _ZONE.search(parameters)
    if zone is None or "T" not in value or value.endswith("Z"):
        return str(value)
    try:
        local = datetime.strptime(value, "%Y%m%dT%H%M%S").replace(tzinfo=ZoneInfo(zone[1]))
        return local.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, OSError, OverflowError, KeyError):
        return str(value)
