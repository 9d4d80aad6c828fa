"""Who is told what goes wrong, and the letter that does it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.mime.compose import MailText, compose
from daemon.store.post import Letter
from rules import identity
from rules.model.people import Address


@dataclass(frozen=True, slots=True)
class Admin:
    """`[smtp] admin`, in their language and time zone; the sender is suivi's."""

    address: str
    language: str
    zone: str
    sender: str
    company: str

    def letter(
        self, kind: str, key: str, subject: str, text: str, now: datetime, useful: timedelta
    ) -> Letter:
        """What is put into the post (docs/decisions/0004), `useful` for so long; `text` ends with
        a line end."""
        message_id = identity.letter_id(kind, key, self.sender.rpartition("@")[2])
        mail = MailText(
            subject=subject,
            text=text,
            html=None,
            from_=Address(self.sender, self.company),
            to=(Address(self.address),),
            reply_to=None,
            message_id=message_id,
            date=now,
            headers={"X-Suivi": "notice"},
        )
        return Letter(kind, key, self.address, message_id, compose(mail), now + useful)
