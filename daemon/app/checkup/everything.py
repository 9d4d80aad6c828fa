"""All checks in the order in which they are read."""

from collections.abc import Iterator
from functools import partial

from daemon.app.checkup import machine, memory, post
from daemon.app.checkup.calendars import calendar
from daemon.app.checkup.contradictions import contradictions
from daemon.app.checkup.lines import Asked, CheckLine, ok, warning
from daemon.app.checkup.mailboxes import mailbox
from daemon.app.checkup.patience import Trial, tried
from daemon.app.checkup.website import website


def checkup(asked: Asked) -> Iterator[CheckLine]:
    """Try everything that `asked.settings` names, many at a time, each for so long at most; nothing
    is stored, and nothing sent but the test mail that is asked for."""
    _, settings = asked.words, asked.settings
    yield ok("configuration", str(settings.path))
    for line in settings.warnings:
        yield warning("configuration", line)
    for line in contradictions(settings, asked.language):
        yield warning("options", line)
    late = _("no answer within {seconds} s: is it down, or blocked by a firewall?")
    yield from tried(_trials(asked), asked.seconds, late.format(seconds=f"{asked.seconds:g}"))


def _trials(asked: Asked) -> list[Trial]:
    settings = asked.settings
    return [
        Trial("state directory", "", partial(machine.state, asked)),
        Trial("disk", "", partial(machine.space, asked)),
        Trial("master-key", "", partial(machine.key, asked)),
        Trial("secrets", "", partial(machine.secrets, asked)),
        Trial("database", "", partial(memory.database, asked)),
        Trial("rules", "", partial(memory.rules, asked)),
        Trial("template", "", partial(memory.templates, asked)),
        *(Trial("mailbox", m.name, partial(mailbox, asked, m)) for m in settings.mailboxes),
        *(Trial("calendar", c.name, partial(calendar, asked, c)) for c in settings.calendars),
        Trial("smtp", "", partial(post.server, asked)),
        Trial("website", "", partial(website, asked)),
    ]
