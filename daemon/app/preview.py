"""The mail that a template makes of a follow-up, without sending any."""

from dataclasses import replace

from daemon.app.mails import ways_of
from daemon.app.rules import own_domains, ruleset_of
from daemon.clock import now
from daemon.config import Settings
from daemon.reminders.letter import facts
from daemon.reminders.mails import REMINDED
from daemon.reminders.sheets import Printed, Sheets
from daemon.store import Tx, people
from rules.freemail import FREE_MAIL
from rules.model.followups import FollowUp
from rules.model.people import User
from rules.options import entity_of

# Signed for nobody: what is shown to an admin must not act for a user.
_NOT_SIGNED = b"preview"


def preview(
    tx: Tx, settings: Settings, follow_up: FollowUp, template: str | None, language: str | None
) -> Printed | None:
    """As its owner would get it now, with links that do nothing; None where it has no owner."""
    user = people.get_user(tx, follow_up.owner) if follow_up.owner is not None else None
    if user is None:
        return None
    reader = replace(user, language=language or user.language)
    directory = people.directory(tx, own_domains(settings), FREE_MAIL)
    ways = ways_of(settings, _NOT_SIGNED)
    said = facts(tx, ways, ruleset_of(settings), directory, follow_up, reader, now(), late=False)
    return Sheets(settings.templates_folder).print(
        REMINDED, reader.language, said, name=template, entity=_entity(tx, follow_up, reader)
    )


def _entity(tx: Tx, follow_up: FollowUp, user: User) -> str | None:
    entity = entity_of(user, follow_up.entity)
    code = people.entity_code(tx, entity) if entity is not None else None
    return code.lower() if code is not None else None
