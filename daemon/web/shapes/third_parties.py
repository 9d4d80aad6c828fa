"""Third parties as the API shows them."""

from daemon.web.shapes.common import Page, PartyRef
from rules.model import people


class ThirdParty(PartyRef):
    """An organisation that we deal with."""

    kinds: list[people.PartyKind]
    former_names: list[str]
    domains: list[str]
    active: bool
    revision: int


class ThirdParties(Page):
    """By id."""

    items: list[ThirdParty]


def third_party(value: people.ThirdParty) -> ThirdParty:
    """A third party as the API shows it."""
    return ThirdParty(
        id=value.id,
        code=value.code,
        name=value.name,
        kinds=sorted(value.kinds),
        former_names=list(value.former_names),
        domains=list(value.domains),
        active=value.active,
        revision=value.revision,
    )
