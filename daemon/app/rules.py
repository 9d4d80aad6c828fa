"""The configuration's part of the rules: what files join, and what they may name."""

from collections.abc import Mapping
from dataclasses import replace

from daemon import options
from daemon.config import Settings
from daemon.rulefiles.reading import Source
from rules.language import Known
from rules.options import Value
from rules.ruleset import RuleSet, builtin, sealed
from rules.words import fold


def ruleset_of(settings: Settings) -> RuleSet:
    """The built-in rule set with what `[rules]` changes."""
    base = builtin()
    rules = settings.rules
    return sealed(
        replace(
            base,
            keep_out_folders=_or(rules.keep_out_folders, base.keep_out_folders),
            keep_out_keywords=_or(rules.keep_out_keywords, base.keep_out_keywords),
            keep_out_tags=tuple(sorted(_or(rules.keep_out_tags, frozenset(base.keep_out_tags)))),
        )
    )


def options_of(settings: Settings) -> Mapping[str, Value]:
    """What is built in of each option, with what `[reminders]` changes."""
    reminders = settings.reminders
    return options.defaults(
        reminder_before=reminders.default_minutes, all_day_at=f"{reminders.all_day_hour:02}:00"
    )


def source_of(settings: Settings) -> Source:
    """Where rules come from under this configuration."""
    return Source(
        directory=settings.rules_folder,
        base=ruleset_of(settings),
        own_domains=own_domains(settings),
        options=options_of(settings),
        zone=settings.company.timezone,
        configured=Known(
            users=frozenset(staff.email for staff in settings.users),
            accounts=frozenset(
                (*(m.name for m in settings.mailboxes), *(c.name for c in settings.calendars))
            ),
        ),
        templates=settings.templates_folder,
        calendars=frozenset(calendar.name for calendar in settings.calendars),
    )


def own_domains(settings: Settings) -> frozenset[str]:
    """The company's domains, lower-case."""
    return frozenset(domain.lower() for domain in settings.company.domains)


def _or(given: tuple[str, ...] | None, otherwise: frozenset[str]) -> frozenset[str]:
    return otherwise if given is None else frozenset(fold(text) for text in given)
