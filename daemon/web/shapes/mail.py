"""Mails that people write from an exchange."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from daemon.sheet.letters import Written
from daemon.store.post import Posted
from daemon.web.shapes.written import Given, Line, Text

Recipient = Annotated[str, Field(min_length=3, max_length=320)]


class MailGiven(Given):
    """A mail to be sent: to these addresses, and to nobody else."""

    to: Annotated[tuple[Recipient, ...], Field(min_length=1, max_length=50)]
    cc: Annotated[tuple[Recipient, ...], Field(max_length=50)] = ()
    subject: Annotated[Line, Field(min_length=1)]
    text: Text

    def written(self) -> Written:
        """As it is written down."""
        return Written(self.to, self.subject, self.text, self.cc)


class MailShown(BaseModel):
    """What became of a mail, for one recipient."""

    recipient: str
    state: str = Field(description="due, claimed, sending, sent, retry, unknown, failed or void.")
    created_at: datetime
    attempts: int
    error: str


class MailsShown(BaseModel):
    """One for each recipient."""

    items: list[MailShown]


def mail(value: Posted) -> MailShown:
    """A letter as the API shows it."""
    return MailShown(
        recipient=value.recipient,
        state=value.state,
        created_at=value.created_at,
        attempts=value.attempts,
        error=value.last_error,
    )
