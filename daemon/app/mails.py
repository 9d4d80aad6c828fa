"""The configuration's part of mails: the ways back from them, and who is told what goes wrong."""

from daemon.admin import Admin
from daemon.config import Settings
from daemon.reminders.sheets import Sheets
from daemon.reminders.ways import Ways
from rules import identity


def ways_of(settings: Settings, secret: bytes) -> Ways:
    """The ways back from a mail, signed with this secret."""
    return Ways(
        company=settings.company.name,
        commands=next((m.address for m in settings.mailboxes if m.purpose == "commands"), None),
        public_url=(settings.http.public_url or "").rstrip("/"),
        secret=secret,
    )


def admin_of(settings: Settings, sheets: Sheets) -> Admin | None:
    """Who gets notices, in their own language if they are a user; None where nobody is named."""
    if settings.smtp is None or settings.smtp.admin is None:
        return None
    address = settings.smtp.admin
    users = {identity.key(staff.email): staff for staff in settings.users}
    user = users.get(identity.key(address))
    return Admin(
        address=address,
        language=(user and user.language) or settings.company.language,
        zone=(user and user.timezone) or settings.company.timezone,
        sender=settings.smtp.sender,
        company=settings.company.name,
        templates=sheets,
    )
