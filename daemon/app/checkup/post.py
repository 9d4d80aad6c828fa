"""The SMTP server: TLS and login, and a test mail where one is wanted."""

from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex

from connectors import smtp
from connectors.errors import ConnectorError
from daemon.admin import Admin
from daemon.app import connect
from daemon.app.checkup.lines import Asked, CheckLine, bad, certificate, ok, refused, until, warning
from daemon.config import Smtp
from daemon.reminders.sheets import Sheets
from rules.model.wire import Mail, Outcome


def server(asked: Asked) -> Iterator[CheckLine]:
    """Try `[smtp]`."""
    _, settings = asked.words, asked.settings.smtp
    if settings is None:
        text = _("not configured: no reminder is sent; add a [smtp] section")
        yield warning("smtp", text)
        return
    try:
        ends = smtp.check(connect.smtp_server(settings))
    except ConnectorError as error:
        yield refused(asked, "smtp", "", error)
        return
    login = (
        _("{server} takes mail of {user}")
        if settings.user
        else _("{server} takes mail without a login")
    )
    text = login.format(server=f"{settings.host}:{settings.port}", user=settings.user)
    yield ok("smtp", text + until(asked, ends))
    yield from certificate(asked, "smtp", "", ends)
    if asked.mail_to is not None:
        yield _mail(asked, settings, asked.mail_to)


def _mail(asked: Asked, settings: Smtp, address: str) -> CheckLine:
    _, company = asked.words, asked.settings.company
    sheets = Sheets(asked.settings.templates_folder)
    writer = Admin(address, asked.language, company.timezone, settings.sender, company.name, sheets)
    subject = _("suivi: a test mail")
    text = _("`suivi check` sent this, so reminders can be sent like it.")
    now = asked.now()
    letter = writer.letter("check", token_hex(8), subject, text + "\n", now, timedelta(hours=1))
    outbox = smtp.connect(connect.smtp_server(settings))
    try:
        (result,) = outbox.send([Mail(settings.sender, address, letter.mail)], lambda _index: None)
    finally:
        outbox.close()
    if result.outcome is not Outcome.SENT:
        text = _("the test mail to {address} was not taken: {why}")
        return bad("smtp", text.format(address=address, why=result.detail))
    return ok("smtp", _("a test mail went to {address}").format(address=address))
