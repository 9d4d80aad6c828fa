"""How the rules stand: the set in force, and what keeps the saved files from being it."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from daemon.config import ConfigError
from daemon.i18n import mark
from daemon.rulefiles.mistake import Mistake, Trouble, lines
from daemon.rulefiles.reading import Bad, Files, Good, Source, read_files
from daemon.rulefiles.saved import saved
from daemon.store import Store, rule_sets
from daemon.store.rule_sets import KeptSet
from rules.language import Known
from rules.ruleset import RuleSet

log = structlog.stdlib.get_logger(__name__)

MOST_LOGGED = 20
"""Mistakes of one set that go into the log, a line each."""


class NoRules(ConfigError):
    """The saved rules can't be put in force, and no earlier set can stay; every mistake a line."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A saved set that is not in force, and since when that is known."""

    bad: Bad
    since: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """The set in force with its files, and the one that was refused, if the last saved was.
    `warnings` are of the set in force."""

    ruleset: RuleSet
    files: Files
    since: datetime
    warnings: tuple[Mistake, ...] = ()
    refused: Refused | None = None

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """What keeps the saved files from coming into force."""
        return () if self.refused is None else self.refused.bad.mistakes


def opening(store: Store, source: Source, language: str, now: datetime) -> Standing:
    """How the rules stand at a start: the saved ones are put in force; where they have mistakes,
    the last good set stays, and where there is none, suivi does not start: it must not run
    without what its admin keeps out. Nothing is logged: whoever starts it tells.

    Raises NoRules, its lines in `language`.
    """
    last, found = saved(store, source)
    if isinstance(found, Good):
        with store.write() as tx:
            kept = rule_sets.put(tx, found.ruleset.fingerprint, found.files, now)
        return Standing(found.ruleset, kept.files, kept.since, found.warnings)
    if last is None:
        raise NoRules("\n".join(lines(found.mistakes, language)))
    return _staying(last, found, source, language, now)


def looked_at(store: Store, source: Source, language: str, now: datetime) -> Standing:
    """How the rules stand, for who only looks: those that were in force last, and, where none
    ever were, the saved ones; nothing is put in force by asking. Raises NoRules."""
    last, found = saved(store, source)
    if last is not None:
        return _staying(last, found, source, language, now)
    if isinstance(found, Good):
        return Standing(found.ruleset, found.files, now, found.warnings)
    raise NoRules("\n".join(lines(found.mistakes, language)))


def _staying(
    last: KeptSet, found: Good | Bad, source: Source, language: str, now: datetime
) -> Standing:
    """The set that was in force last, whatever is saved."""
    # Names are not checked: a user who was deleted meanwhile must not take all rules along.
    stays = read_files(last.files, source.base, Known())
    if isinstance(stays, Bad):
        text = mark("the last good set can't be read by this version of suivi")
        older = Trouble("rules", text)
        raise NoRules("\n".join(lines((*found.mistakes, older, *stays.mistakes), language)))
    refused = Refused(found, now) if isinstance(found, Bad) else None
    return Standing(stays.ruleset, last.files, last.since, refused=refused)


def put_in_force(store: Store, standing: Standing, found: Good, now: datetime) -> Standing:
    """The same, with `found` in force; it is kept before anything is decided by it."""
    with store.write() as tx:
        kept = rule_sets.put(tx, found.ruleset.fingerprint, found.files, now)
    if found.ruleset.fingerprint != standing.ruleset.fingerprint:
        log.info(
            "rules in force",
            fingerprint=kept.fingerprint,
            rules=len(found.ruleset.rules),
            files=len(kept.files),
        )
    elif standing.refused is not None:
        log.info("rules mended", fingerprint=kept.fingerprint)
    return Standing(found.ruleset, kept.files, kept.since, found.warnings)


def refuse(standing: Standing, found: Bad, now: datetime) -> Standing:
    """The same, with `found` refused; each bad set is told once."""
    if standing.refused is not None and standing.refused.bad.digest == found.digest:
        return standing
    told(found, standing.ruleset.fingerprint)
    return replace(standing, refused=Refused(found, now))


def told(found: Bad, stays: str) -> None:
    """Into the log: one line a mistake, and one that says what is in force."""
    for line in lines(found.mistakes, "en", MOST_LOGGED):
        log.error("rules refused", why=line)
    number = len(found.mistakes)
    log.error("the last good rules stay in force", fingerprint=stays, mistakes=number)
