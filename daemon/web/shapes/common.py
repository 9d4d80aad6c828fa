"""What several answers share: pages, third parties in short, and who is behind an id."""

from collections.abc import Mapping

from pydantic import BaseModel

from rules.model.people import ThirdPartyId, UserId


class PartyRef(BaseModel):
    """A third party in short."""

    id: int
    code: str
    name: str


class Page(BaseModel):
    """`next` is the `cursor` of the page after this one, null on the last."""

    next: str | None


class Names:
    """Who is behind an id."""

    def __init__(
        self,
        emails: Mapping[UserId, str],
        parties: Mapping[ThirdPartyId, PartyRef],
    ) -> None:
        self._emails = emails
        self._parties = parties

    def email(self, user: UserId | None) -> str | None:
        """A user's address; None when there is none any more."""
        return self._emails.get(user) if user is not None else None

    def emails(self, users: tuple[UserId, ...]) -> list[str]:
        """Addresses of those who are known."""
        return [email for user in users if (email := self.email(user))]

    def party(self, party: ThirdPartyId | None) -> PartyRef | None:
        """A third party in short."""
        return self._parties.get(party) if party is not None else None
