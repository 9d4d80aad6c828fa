"""One follow-up: open, see, change, clone, delete it, act on it, and how it changed."""

from typing import Any

from fastapi import Request, Response

from daemon import reasons
from daemon.i18n import translator
from daemon.sheet import acts, follow_ups
from daemon.sheet.exchanges import sees
from daemon.sheet.once import once
from daemon.sheet.writer import Writer
from daemon.store import exchanges as stored_exchanges
from daemon.store import follow_ups as stored
from daemon.store import lists, people
from daemon.web.caller import Caller
from daemon.web.etags import IfMatch, etag
from daemon.web.house import InHouse
from daemon.web.language import language_of
from daemon.web.route import Route
from daemon.web.shapes import follow_up as shapes
from daemon.web.shapes import follow_ups as listed
from daemon.web.shapes.written import Answers, ElementGiven, Recorded
from daemon.web.writing import (
    FollowUpName,
    Key,
    each,
    made,
    matching,
    matching_if_said,
    names_of,
    reading,
    writing,
)
from rules import access
from rules.access import Action
from rules.model.followups import FollowUp, Reminder

PATH = "/api/v1/follow-ups/{follow_up}"


def open_one(
    house: InHouse,
    caller: Caller,
    given: shapes.FollowUpGiven,
    response: Response,
    key: Key = None,
) -> Recorded:
    """Open a follow-up; it appears in its owner's calendar."""
    with writing(house, caller) as writer:
        asked = given.model_dump(mode="json")
        answer, _new = once(writer, key, ["follow-up", asked], lambda: _open(writer, given, key))
    house.desk().woken()
    recorded = Recorded.model_validate(answer)
    if recorded.follow_up is not None:
        response.headers["Location"] = f"/api/v1/follow-ups/{recorded.follow_up.ref}"
    return recorded


def _open(writer: Writer, given: shapes.FollowUpGiven, key: str | None) -> dict[str, Any]:
    named = None if key is None else follow_ups.key_of(writer, key)
    opened = follow_ups.create(writer, given.entry(given.exchange), named)
    told = Recorded(follow_up=made(opened.id, opened.ref, opened.revision))
    return told.model_dump(mode="json")


def see(
    house: InHouse, caller: Caller, follow_up: FollowUpName, response: Response
) -> shapes.FollowUpShown:
    """One follow-up with all that hangs on it."""
    with reading(house, caller) as writer:
        return _shown(writer, follow_ups.find(writer, follow_up), response)


def change(
    house: InHouse,
    caller: Caller,
    follow_up: FollowUpName,
    given: shapes.FollowUpChanged,
    response: Response,
    if_match: IfMatch = None,
) -> shapes.FollowUpShown:
    """Change what is named of it; calendars and reminders follow."""
    with writing(house, caller) as writer:
        changed = follow_ups.change(writer, follow_up, matching(if_match), given.given())
        shown = _shown(writer, changed, response)
    house.desk().woken()
    return shown


def act(
    house: InHouse,
    caller: Caller,
    follow_up: FollowUpName,
    asked: shapes.Asked,
    response: Response,
    if_match: IfMatch = None,
) -> shapes.FollowUpShown:
    """Mark it as done or not needed, put it off, open it again, or take back that an exchange
    closed it. Asked twice, it is done once."""
    with writing(house, caller) as writer:
        check = matching_if_said(if_match)
        shown = _shown(writer, acts.act(writer, follow_up, check, asked.action, asked.to), response)
    house.desk().woken()
    return shown


def clone(house: InHouse, caller: Caller, follow_up: FollowUpName, response: Response) -> Recorded:
    """A new follow-up, to do, that says the same."""
    with writing(house, caller) as writer:
        cloned = follow_ups.clone(writer, follow_up)
    house.desk().woken()
    response.headers["Location"] = f"/api/v1/follow-ups/{cloned.ref}"
    return Recorded(follow_up=made(cloned.id, cloned.ref, cloned.revision))


def delete(
    house: InHouse, caller: Caller, follow_up: FollowUpName, if_match: IfMatch = None
) -> None:
    """Delete it, with its reminders and the object that suivi wrote into the calendar; a person's
    own event stays."""
    with writing(house, caller) as writer:
        follow_ups.delete(writer, follow_up, matching(if_match))
    house.desk().woken()


def delete_several(
    request: Request, house: InHouse, caller: Caller, given: shapes.FollowUpsNamed
) -> Answers:
    """Delete several, with an answer for each."""
    _ = translator(language_of(request))
    named = [(one.follow_up, one.revision) for one in given.follow_ups]
    answers = each(house, caller, named, follow_ups.delete, lambda error: error.told(_))
    house.desk().woken()
    return answers


def history(
    request: Request, house: InHouse, caller: Caller, follow_up: FollowUpName
) -> shapes.HistoryShown:
    """Who changed what of it, and why."""
    language = language_of(request)
    with reading(house, caller) as writer:
        found = follow_ups.find(writer, follow_up)
        modes = lists.named(writer.tx, "mode", language)
        changes = stored.history(writer.tx, found.id)
    return shapes.HistoryShown(
        items=[
            shapes.ChangeShown(
                at=one.at,
                by=one.by,
                why=reasons.said(one.reason, one.facts, language, modes),
                field=one.field,
                old=one.old,
                new=one.new,
                revision=one.revision,
            )
            for one in changes
        ]
    )


def _shown(writer: Writer, found: FollowUp, response: Response) -> shapes.FollowUpShown:
    response.headers["ETag"] = etag(found.revision)
    assigned = [one.user for one in found.assignees]
    copies = stored.copies(writer.tx, found.id)
    users = [found.creator, *assigned, *(copy.user for copy in copies)]
    names = names_of(writer, users, [found.third_party])
    facts = access.facts_of(found)
    source = None
    if found.exchange is not None:
        source = stored_exchanges.get(writer.tx, found.exchange)
    element = found.element
    told = {name: value for name, value in listed.follow_up(found, names) if name != "ref"}
    return shapes.FollowUpShown(
        **told,
        ref=found.ref,
        contact=found.contact,
        exchange=source.ref if source is not None and sees(writer, source) else None,
        creator=names.email(found.creator),
        entity=people.entity_code(writer.tx, found.entity) if found.entity is not None else None,
        element=None
        if element is None
        else ElementGiven(
            type=element.type,
            ref=element.ref,
            date=element.date,
            amount=element.amount,
            state=element.state,
        ),
        project=found.project,
        whose=[
            shapes.AssigneeShown(email=email, owner=one.owner, busy=one.busy)
            for one in found.assignees
            if (email := names.email(one.user))
        ],
        reminders=list(map(_reminder, found.reminders)),
        calendars=[
            shapes.CopyShown(user=names.email(copy.user), state=copy.state, reason=copy.reason)
            for copy in copies
        ],
        may=shapes.MayDoFollowUp(
            edit=writer.may(Action.EDIT_FOLLOW_UP, facts),
            delete=writer.may(Action.DELETE_FOLLOW_UP, facts),
            assign=writer.may(Action.ASSIGN_FOLLOW_UP, facts),
        ),
    )


def _reminder(one: Reminder) -> shapes.ReminderShown:
    before, unit = acts.in_units(one)
    return shapes.ReminderShown(
        before=before,
        unit=unit,
        anchor=one.anchor,
        channel=one.channel,
        template=one.template,
    )


_READS = (401, 403, 404, 422)
_WRITES = (401, 403, 404, 412, 422, 428)
ROUTES = (
    Route(
        "POST",
        "/api/v1/follow-ups",
        open_one,
        Recorded,
        status=201,
        problems=(401, 403, 412, 422),
    ),
    Route("POST", "/api/v1/follow-ups/delete", delete_several, Answers, problems=(401, 403, 422)),
    Route("GET", PATH, see, shapes.FollowUpShown, problems=_READS),
    Route("PATCH", PATH, change, shapes.FollowUpShown, problems=_WRITES),
    Route("DELETE", PATH, delete, status=204, problems=_WRITES),
    Route("POST", f"{PATH}/actions", act, shapes.FollowUpShown, problems=(*_READS, 412)),
    Route("POST", f"{PATH}/clone", clone, Recorded, status=201, problems=_READS),
    Route("GET", f"{PATH}/history", history, shapes.HistoryShown, problems=_READS),
)
