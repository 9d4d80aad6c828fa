"""How the running daemon is shown over HTTP."""

from collections.abc import Callable

from daemon.app.parts import Parts
from daemon.config.vault import Vault
from daemon.reminders.mails import sort_of
from daemon.reminders.sheets import Sheets
from daemon.rulefiles.mistake import lines
from daemon.web.machine import Machine, RulesState, TemplateState
from rules.model.followups import FollowUp


def machine_of(parts: Callable[[], Parts], wake: Callable[[], None]) -> Machine:
    """The daemon, whatever its parts are at the moment."""

    def rules(language: str) -> RulesState:
        standing = parts().rules.standing
        return RulesState(
            standing.ruleset.fingerprint,
            standing.since,
            tuple(name for name, _ in standing.files),
            len(standing.ruleset.rules),
            tuple(lines(standing.warnings, language)),
            tuple(lines(standing.mistakes, language)),
        )

    def templates(language: str) -> tuple[TemplateState, ...]:
        sheets = Sheets(parts().settings.templates_folder)
        return tuple(_template(sheets, name, language) for name in sheets.names())

    def page_of(follow_up: FollowUp) -> str:
        return parts().link(follow_up)

    return Machine(wake, Vault(parts().secret), rules, templates, page_of)


def _template(sheets: Sheets, name: str, language: str) -> TemplateState:
    faults = tuple(fault.said(language) for fault in sheets.faults(name))
    files = tuple(path.name for path in sheets.files(name))
    return TemplateState(name, sort_of(name).name, files, faults)
