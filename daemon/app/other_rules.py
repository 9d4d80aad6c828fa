"""Rules that are not in force, or not yet: what a directory of rules files says, for commands that
try them."""

from dataclasses import replace
from pathlib import Path

from daemon.app.rules import ruleset_of
from daemon.config import Settings
from daemon.i18n import translator
from daemon.rulefiles.folder import gather
from daemon.rulefiles.names import names
from daemon.store import Store
from rules.language import Known, Severity, read, say
from rules.model.rules import Condition, Not, Test
from rules.ruleset import RuleSet, sealed


class BadRules(Exception):
    """The rules have mistakes; `lines` are those, in the language of who asks."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def other_rules(settings: Settings, store: Store, directory: Path | None, language: str) -> RuleSet:
    """The rule set that the files of `directory` make, of the configured one without it; names are
    held against the store. Raises BadRules with every mistake."""
    _ = translator(language)
    gathered = gather(directory or settings.rules_folder)
    if directory is not None and not gathered.there:
        gone = _("{folder}: there is no such directory")
        raise BadRules((gone.format(folder=directory),))
    with store.read() as tx:
        known = names(tx, _configured(settings))
    loaded = read(gathered.files, known)
    wrong = [trouble.said(language) for trouble in gathered.troubles]
    wrong += [say(p, _) for p in loaded.problems if p.severity is Severity.ERROR]
    if wrong:
        raise BadRules(tuple(wrong))
    return sealed(replace(ruleset_of(settings), rules=loaded.rules))


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


def _configured(settings: Settings) -> Known:
    """What the configuration names, which may be newer than the store."""
    mailboxes = (mailbox.name for mailbox in settings.mailboxes)
    calendars = (calendar.name for calendar in settings.calendars)
    return Known(
        users=frozenset(user.email for user in settings.users),
        accounts=frozenset((*mailboxes, *calendars)),
    )
