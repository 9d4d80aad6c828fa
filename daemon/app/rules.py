"""The rules in force as the configuration states them; rules files will yield the same value."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from daemon import options
from daemon.config import Settings
from rules.options import Value
from rules.ruleset import RuleSet, builtin, sealed
from rules.words import fold


def ruleset_of(settings: Settings) -> RuleSet:
    """The built-in rule set with what `[rules]` and `[reminders]` change."""
    base = builtin()
    rules = settings.rules
    return sealed(
        replace(
            base,
            keep_out_folders=_or(rules.keep_out_folders, base.keep_out_folders),
            keep_out_keywords=_or(rules.keep_out_keywords, base.keep_out_keywords),
            keep_out_tags=tuple(sorted(_or(rules.keep_out_tags, frozenset(base.keep_out_tags)))),
            late_limit=timedelta(hours=settings.reminders.late_limit_hours),
        )
    )


def options_of(settings: Settings) -> Mapping[str, Value]:
    """What is built in of each option, with what `[reminders]` changes."""
    reminders = settings.reminders
    return options.defaults(
        reminder_before=reminders.default_minutes, all_day_at=f"{reminders.all_day_hour:02}:00"
    )


def _or(given: tuple[str, ...] | None, otherwise: frozenset[str]) -> frozenset[str]:
    return otherwise if given is None else frozenset(fold(text) for text in given)
