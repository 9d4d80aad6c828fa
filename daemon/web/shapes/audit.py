"""The audit trail as the API shows it."""

from datetime import datetime

from pydantic import BaseModel

from daemon.web.shapes.common import Page


class Entry(BaseModel):
    """One line; `subject` names a thing, `EXC-12`, and never says what is in it."""

    at: datetime
    who: str
    action: str
    subject: str


class Entries(Page):
    """The newest first."""

    items: list[Entry]
