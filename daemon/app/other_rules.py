"""Rules that are not in force, or not yet: what a directory of rules files says, for commands that
try them."""

from pathlib import Path

from daemon.app.rules import source_of
from daemon.config import Settings
from daemon.rulefiles.mistake import lines
from daemon.rulefiles.reading import Bad
from daemon.rulefiles.saved import saved
from daemon.store import Store
from rules.model.rules import Condition, Not, Test
from rules.ruleset import RuleSet


class BadRules(Exception):
    """The rules have mistakes; `lines` are those, in the language of who asks."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def other_rules(settings: Settings, store: Store, directory: Path | None, language: str) -> RuleSet:
    """The rule set that the files of `directory` make, of the configured one without it; names are
    held against the store. Raises BadRules with every mistake."""
    _, found = saved(store, source_of(settings), directory)
    if isinstance(found, Bad):
        raise BadRules(lines(found.mistakes, language))
    return found.ruleset


def timed(ruleset: RuleSet) -> frozenset[str]:
    """The names of the rules that ask what time it is now: of the past they may say something else
    at each moment."""
    return frozenset(rule.name for rule in ruleset.rules if _asks_for_age(rule.when))


def _asks_for_age(condition: Condition) -> bool:
    if isinstance(condition, Test):
        return condition.word == "age"
    if isinstance(condition, Not):
        return _asks_for_age(condition.part)
    return any(map(_asks_for_age, condition.parts))
