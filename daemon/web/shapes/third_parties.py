"""Third parties as the API shows them."""

from collections.abc import Mapping

from daemon.web.shapes.common import Page, PartyRef
from daemon.web.shapes.people import Contact, Entity
from rules.model import people
from rules.model.people import EntityId


class ThirdParty(PartyRef):
    """An organisation that we deal with."""

    kinds: list[people.PartyKind]
    former_names: list[str]
    domains: list[str]
    tags: list[str]
    entity: str | None
    active: bool
    revision: int


class ThirdParties(Page):
    """By id."""

    items: list[ThirdParty]


def third_party(value: people.ThirdParty, codes: Mapping[EntityId, str]) -> ThirdParty:
    """A third party as the API shows it; `codes` are those of entities."""
    return ThirdParty(
        id=value.id,
        code=value.code,
        name=value.name,
        kinds=sorted(value.kinds),
        former_names=list(value.former_names),
        domains=list(value.domains),
        tags=list(value.tags),
        entity=codes.get(value.entity) if value.entity is not None else None,
        active=value.active,
        revision=value.revision,
    )


def contact(value: people.Contact) -> Contact:
    """A contact as the API shows it."""
    return Contact(
        id=value.id,
        third_party=value.third_party,
        name=value.name,
        emails=list(value.emails),
        phones=list(value.phones),
        level=value.level.name.lower(),
        active=value.active,
        revision=value.revision,
    )


def entity(value: people.Entity) -> Entity:
    """An entity as the API shows it."""
    return Entity(
        id=value.id,
        code=value.code,
        name=value.name,
        active=value.active,
        revision=value.revision,
    )
