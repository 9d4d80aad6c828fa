"""What may be kept of a sighting, and how much of it is shown (spec §12)."""

from dataclasses import replace
from functools import lru_cache

from rules.model.exchanges import Draft
from rules.model.people import Level
from rules.model.sightings import (
    Event,
    EventPlace,
    MailPlace,
    Message,
    Report,
    Sighting,
    Undelivered,
)
from rules.ruleset import RuleSet
from rules.words import fold

# Tags stand at the start of a subject, after "Re:" and "Tr:"; subjects may be a megabyte long.
_LOOK_AT = 500

_EVERYTHING = Level.EVERYTHING


def kept_out(ruleset: RuleSet, sighting: Sighting) -> str | None:
    """Which kind of rule keeps it out, before anything of it is stored; None if none does.

    Names the kind of rule only: neither the folder nor the subject, which may be private too.
    """
    by_place = place_kept_out(ruleset, sighting.place)
    if by_place is not None:
        return by_place
    what = sighting.what
    if is_tagged(ruleset, what.summary if isinstance(what, Event) else what.subject):
        return "subject tag"
    if isinstance(what, Message):
        return _header_rule(ruleset, what)
    return None


def place_kept_out(ruleset: RuleSet, place: MailPlace | EventPlace) -> str | None:
    """The same, as far as only the place and the flags there are asked."""
    if _folder_is_private(ruleset, place):
        return "folder"
    if isinstance(place, MailPlace) and _is_marked(ruleset, place):
        return "keyword"
    return None


def is_tagged(ruleset: RuleSet, title: str) -> bool:
    """Whether a title carries a tag that keeps it out."""
    start = fold(title[:_LOOK_AT])
    return any(tag in start for tag in ruleset.keep_out_tags)


def _folder_is_private(ruleset: RuleSet, place: MailPlace | EventPlace) -> bool:
    return not ruleset.keep_out_folders.isdisjoint(_levels(place.name))


@lru_cache(maxsize=4096)
def _levels(folder: str) -> frozenset[str]:
    """A folder's name and the names of those that it lies in, folded."""
    name = fold(folder)
    levels = {name, *name.split("/"), *name.split(".")}
    return frozenset(level.strip() for level in levels)


def _is_marked(ruleset: RuleSet, place: MailPlace) -> bool:
    if not place.keywords:
        return False
    return any(keyword.casefold() in ruleset.keep_out_keywords for keyword in place.keywords)


def _header_rule(ruleset: RuleSet, message: Message) -> str | None:
    for name, values in ruleset.keep_out_headers.items():
        value = message.headers.get(name, "")
        if (fold(value[:_LOOK_AT]) if value else "") in values:
            return f"header {name}"
    return None


def strictest(*levels: Level) -> Level:
    """Of several wishes the one that shows least; nobody's wish shows everything."""
    return min(levels, default=_EVERYTHING)


def redact(draft: Draft, level: Level) -> Draft:
    """The draft without what `level` hides. Raises ValueError for NOTHING, which is not stored."""
    if level is draft.level is _EVERYTHING:
        return draft
    if level is Level.NOTHING:
        raise ValueError("nothing may be kept of this exchange")
    if level is _EVERYTHING:
        return replace(draft, level=level)
    silent = replace(
        draft,
        level=level,
        comment="",
        html=None,
        quoted_from=None,
        attachments=(),
        confidential=None,
        elements_in_text=(),
        report=_without_recipients(draft.report),
    )
    return silent if level is Level.SUBJECT else replace(silent, subject="", elements=())


def _without_recipients(report: Report | None) -> Report | None:
    """That it came back, and why: whom it was for stands in the text."""
    if report is None:
        return None
    whys = dict.fromkeys(one.status for one in report.undelivered)
    return replace(report, undelivered=tuple(Undelivered("", status) for status in whys))
