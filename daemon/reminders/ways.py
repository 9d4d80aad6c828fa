"""The ways back from a mail: signed links, and a signed address to answer to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rules import links, replies
from rules.model.followups import FollowUp
from rules.model.people import Address, User

VALID_FOR = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Ways:
    """Makes them. `commands` is the address that answers go to, or None; `public_url` the
    address of the HTTP endpoint, or ""."""

    company: str
    commands: str | None
    public_url: str
    secret: bytes = field(repr=False)

    def links(self, follow_up: FollowUp, user: User, now: datetime) -> Mapping[str, str]:
        """The addresses of the links by name (rules.links), none without an endpoint."""
        if not self.public_url:
            return {}
        words = {**links.ACTIONS, links.OPEN: links.OPEN}
        return {name: self.link(said, follow_up, user, now) for name, said in words.items()}

    def reply_to(self, follow_up: FollowUp, user: User, now: datetime) -> Address | None:
        """The address for answers of this user about this follow-up, None without a mailbox."""
        if self.commands is None:
            return None
        local, _, domain = self.commands.rpartition("@")
        token = replies.token(self.secret, follow_up.id, user.id, replies.REPLY, now + VALID_FOR)
        # "suivi+TOKEN@…", and in somebody else's mailbox "office+suivi-TOKEN@…".
        mark = "-" if "+" in local else "+"
        return Address(f"{local}{mark}{token}@{domain}", self.company)

    def link(self, words: str, follow_up: FollowUp, user: User, now: datetime) -> str:
        """The address of the link that asks for this, as the follow-up is scheduled now; empty
        without an endpoint."""
        if not self.public_url:
            return ""
        verb = links.verb(words, follow_up)
        signed = replies.token(self.secret, follow_up.id, user.id, verb, now + VALID_FOR)
        return f"{self.public_url}/l/{signed}"


def token_of(address: Address) -> str | None:
    """The token in an address that `reply_to` made, or what stands in its place."""
    local = address.email.rpartition("@")[0]
    added = local.partition("+")[2]
    return added.rpartition("-")[2] or None
