"""The rules in force as the configuration states them; rules files will yield the same value."""

from dataclasses import replace
from datetime import timedelta

from daemon.config import Settings
from rules.ruleset import RuleSet, builtin, sealed
from rules.words import fold


def ruleset_of(settings: Settings) -> RuleSet:
    """The built-in rule set with what `[rules]` and `[reminders]` change."""
    base = builtin()
    rules, reminders = settings.rules, settings.reminders
    return sealed(
        replace(
            base,
            keep_out_folders=_or(rules.keep_out_folders, base.keep_out_folders),
            keep_out_keywords=_or(rules.keep_out_keywords, base.keep_out_keywords),
            keep_out_tags=tuple(sorted(_or(rules.keep_out_tags, frozenset(base.keep_out_tags)))),
            default_reminder=timedelta(minutes=reminders.default_minutes),
            all_day_hour=reminders.all_day_hour,
            late_limit=timedelta(hours=reminders.late_limit_hours),
        )
    )


def _or(given: tuple[str, ...] | None, otherwise: frozenset[str]) -> frozenset[str]:
    return otherwise if given is None else frozenset(fold(text) for text in given)
