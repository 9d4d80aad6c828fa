"""Follow-ups as people write them: open, see, change, clone, delete, act on."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from connectors import ical
from connectors.errors import Unreadable
from daemon.i18n import mark, translator
from daemon.sheet.entry import entity_of
from daemon.sheet.errors import Changed, NotAllowed, NotTaken, NotThere
from daemon.sheet.follow_up_entry import FollowUpEntry, assignable, owned, values
from daemon.sheet.writer import Check, Writer
from daemon.store import Stale, installation, people, series
from daemon.store import exchanges as stored_exchanges
from daemon.store import follow_ups as stored
from rules import access, identity, merge, recurrence, replies
from rules.access import Action, FollowUpFacts
from rules.model.followups import Assignee, Command, FollowUp, FollowUpDraft
from rules.model.people import UserId
from rules.model.reasons import Why

_MERGED = ("when", "title", "description", "state", "percent", "reminders")
"""Fields whose change may move reminders: `merge.apply` knows how."""


def create(writer: Writer, entry: FollowUpEntry, key: str | None = None) -> FollowUp:
    """Open it; it comes into its owner's calendar. The same `key` again gives the same one.
    Raises NotAllowed, NotTaken, and Changed where that one was deleted."""
    writer.must(Action.CREATE_FOLLOW_UP)
    given = {**asdict(entry), "assignees": entry.assignees, "element": entry.element}
    given["reminders"] = entry.reminders
    if not entry.assignees:
        del given["assignees"]
    told = values(writer, given)
    told.setdefault("assignees", _mine(writer))
    source = None
    if told["exchange"] is not None:
        source = stored_exchanges.get(writer.tx, told["exchange"])
    if told["third_party"] is None and source is not None and len(source.third_parties) == 1:
        told["third_party"] = source.third_parties[0]
    if entry.entity is None:
        parties = () if told["third_party"] is None else (told["third_party"],)
        told["entity"] = entity_of(writer, parties or (source.third_parties if source else ()))
    told["title"] = told["title"] or _title(writer, told)
    named = key or f"api:{secrets.token_hex(16)}"
    draft = FollowUpDraft(key=named, uid=identity.follow_up_uid(named), creator=writer.id, **told)
    _may_assign(writer, draft, ())
    if entry.repeats:
        draft = _repeated(writer, draft, entry.repeats)
    made, new = stored.open(writer.tx, draft, writer.now, installation.get(writer.tx).live_since)
    if made.deleted:
        raise Changed(mark("this follow-up was opened before, and deleted"))
    if new:
        writer.note("create follow-up", made.ref)
    return made


def _repeated(writer: Writer, draft: FollowUpDraft, repeats: str) -> FollowUpDraft:
    """The first occurrence of a series; those that follow are opened as time goes by. Raises
    NotTaken."""
    try:
        rule = recurrence.parse(repeats)
        first = ical.first(rule, draft.when)
    except (recurrence.NoRule, Unreadable) as error:
        words = error.part if isinstance(error, recurrence.NoRule) else repeats
        hint = mark("'{words}' is no rule of recurrence: FREQ=MONTHLY;BYDAY=1MO")
        raise NotTaken("repeats", hint, words=words[:100]) from error
    if first is None:
        raise NotTaken("repeats", mark("it never repeats within five years"))
    draft = replace(draft, when=first)
    zone = first.zone
    made = series.put(writer.tx, draft.uid, writer.now, rule=rule, zone=zone, draft=draft)
    which = ical.occurrence(first.start, all_day=first.all_day)
    return replace(draft, key=f"{draft.key}/{which}", series=made.id, occurrence=which)


def key_of(writer: Writer, name: str) -> str:
    """The key of what is asked for under a name of the writer's own."""
    return f"api:{hashlib.sha256(f'{writer.id}:{name}'.encode()).hexdigest()}"


def _mine(writer: Writer) -> tuple[Assignee, ...]:
    if writer.id is None:
        raise NotTaken("assignees", mark("a follow-up is somebody's: name an assignee"))
    return (Assignee(writer.id, owner=True),)


def _title(writer: Writer, told: Mapping[str, Any]) -> str:
    """In the language of whose calendar it goes to."""
    number = told["third_party"]
    party = people.get_third_party(writer.tx, number) if number is not None else None
    if party is None:
        raise NotTaken("title", mark("say what is to be done"))
    owner = writer.users.get(told["assignees"][0].user)
    _ = translator(owner.language if owner else "en")
    return _("Follow-up: {party}").format(party=party.name)


def _may_assign(writer: Writer, one: FollowUp | FollowUpDraft, known: tuple[Assignee, ...]) -> None:
    """Raises NotAllowed without the right to assign to others, NotTaken where the option says whom
    not to."""
    standing = {a.user for a in known}
    new = [a.user for a in one.assignees if a.user not in standing and a.user != writer.id]
    gone = standing - {a.user for a in one.assignees}
    if not new and not gone:
        return
    users = frozenset(a.user for a in one.assignees)
    facts = FollowUpFacts(one.entity, one.creator, users | standing)
    writer.must(Action.ASSIGN_FOLLOW_UP, facts)
    if not assignable(writer, new, one.entity):
        raise NotTaken("assignees", mark("an option says that it can't be assigned to them"))


def find(writer: Writer, name: str) -> FollowUp:
    """The follow-up of this reference or number. Raises NotThere unless the writer sees it."""
    found = stored.by_ref(writer.tx, name)
    if found is None or not writer.may(Action.SEE_FOLLOW_UP, access.facts_of(found)):
        raise NotThere(mark("there is no such follow-up"))
    return found


def change(writer: Writer, name: str, check: Check, given: Mapping[str, Any]) -> FollowUp:
    """Change what was given, by names of `follow_up_entry.FIELDS`. Raises NotThere, NotAllowed,
    NotTaken, Changed, and what `check` raises."""
    found = _editable(writer, name, check)
    told = values(writer, given, found)
    if "title" in told and not told["title"]:
        raise NotTaken("title", mark("say what is to be done"))
    if "assignees" in told:
        told["assignees"] = owned(told["assignees"])
    merged = {field: told.pop(field) for field in _MERGED if field in told}
    after = merge.apply(replace(found, **told), merge.Changes(**merged))
    # An end that is taken away is no new time, and no reminder moves with it.
    if "when" in merged and after.when.end != merged["when"].end:
        after = replace(after, when=merged["when"])
    _may_assign(writer, after, found.assignees)
    return _put(writer, found, after, Why.EDITED, "edit follow-up")


def act(writer: Writer, found: FollowUp, check: Check, command: Command) -> FollowUp:
    """Carry out a command, as an answer to its reminder would be; twice changes nothing more.
    Raises NotAllowed, Changed, and what `check` raises."""
    writer.must(Action.EDIT_FOLLOW_UP, access.facts_of(found))
    check(found.revision)
    after = merge.apply(found, replies.apply(found, command, writer.now))
    return _put(writer, found, after, command.verb, f"command: {command.verb}")


def _editable(writer: Writer, name: str, check: Check) -> FollowUp:
    found = find(writer, name)
    writer.must(Action.EDIT_FOLLOW_UP, access.facts_of(found))
    check(found.revision)
    return found


def _put(writer: Writer, found: FollowUp, after: FollowUp, reason: str, action: str) -> FollowUp:
    try:
        changed = stored.change(writer.tx, after, writer.name, reason, writer.now, found.revision)
    except Stale as error:
        raise Changed(mark("it was changed meanwhile: read it again, and change that")) from error
    if changed.revision != found.revision:
        writer.note(action, changed.ref)
    # As everybody reads it: times in UTC.
    return stored.get(writer.tx, found.id) or changed


def clone(writer: Writer, name: str) -> FollowUp:
    """A new one, to do, that says the same; without exchange and history. Raises NotThere,
    NotAllowed."""
    writer.must(Action.CREATE_FOLLOW_UP)
    found = find(writer, name)
    named = f"api:{secrets.token_hex(16)}"
    draft = FollowUpDraft(
        key=named,
        uid=identity.follow_up_uid(named),
        title=found.title,
        when=found.when,
        assignees=found.assignees,
        third_party=found.third_party,
        contact=found.contact,
        exchange=found.exchange,
        creator=writer.id,
        entity=found.entity,
        description=found.description,
        place=found.place,
        priority=found.priority,
        reminders=found.reminders,
        element=found.element,
        project=found.project,
    )
    _may_assign(writer, draft, ())
    made, _ = stored.open(writer.tx, draft, writer.now, installation.get(writer.tx).live_since)
    writer.note(f"clone follow-up {found.ref}", made.ref)
    return made


def delete(writer: Writer, name: str, check: Check) -> tuple[str, UserId | None]:
    """Delete it: out of calendars, lists and reminders. Its reference, and whose it was. Raises
    NotThere, NotAllowed, Changed, and what `check` raises."""
    found = find(writer, name)
    if not writer.may(Action.DELETE_FOLLOW_UP, access.facts_of(found)):
        raise NotAllowed(mark("you have no right to do this"))
    check(found.revision)
    try:
        stored.delete(writer.tx, found.id, writer.now, found.revision)
    except Stale as error:
        raise Changed(mark("it was changed meanwhile: read it again, and change that")) from error
    writer.note("delete follow-up", found.ref)
    return found.ref, found.owner
