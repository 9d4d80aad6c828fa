"""What the ERP tells: elements and events, which show in histories."""

from typing import Annotated

from fastapi import Query

from daemon.sheet import erp
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.route import Route
from daemon.web.shapes import erp as shapes
from daemon.web.shapes.written import Code
from daemon.web.writing import names_of, reading, writing
from rules.access import Action


def tell(house: InHouse, caller: Caller, given: shapes.ElementTold) -> shapes.ElementShown:
    """Tell how an element stands now: exchanges and follow-ups that are linked to it show that."""
    with writing(house, caller) as writer:
        found = erp.tell(writer, given.told())
        return shapes.element(found, names_of(writer, parties=[found.third_party]))


def happened(house: InHouse, caller: Caller, given: shapes.EventTold) -> shapes.EventShown:
    """Tell what happened: it shows in the history of the third party and of the element."""
    with writing(house, caller) as writer:
        event, new = erp.happened(
            writer,
            given.system,
            given.external,
            given.label,
            given.at,
            given.element.told() if given.element else None,
            given.third_party,
            given.third_party_code,
        )
        names = names_of(writer, parties=[event.third_party])
    return shapes.EventShown(
        id=event.id,
        system=event.system,
        external=event.external,
        label=event.label,
        at=event.at,
        third_party=names.party(event.third_party),
        new=new,
    )


def find(
    house: InHouse,
    caller: Caller,
    ref: Annotated[Code, Query(description="Its reference; letter case doesn't count.")],
    type_: Annotated[Code | None, Query(alias="type")] = None,
) -> shapes.ElementsShown:
    """The elements of a reference."""
    with reading(house, caller) as writer:
        writer.must(Action.CREATE_EXCHANGE)
        found = erp.find(writer, ref, type_)
        names = names_of(writer, parties=[one.third_party for one in found])
        return shapes.ElementsShown(items=[shapes.element(one, names) for one in found])


_PROBLEMS = (401, 403, 404, 422)
ROUTES = (
    Route("GET", "/api/v1/elements", find, shapes.ElementsShown, problems=(401, 403, 422)),
    Route("POST", "/api/v1/elements", tell, shapes.ElementShown, problems=_PROBLEMS),
    Route("POST", "/api/v1/events", happened, shapes.EventShown, problems=_PROBLEMS),
)
