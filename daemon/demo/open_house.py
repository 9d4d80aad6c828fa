"""After the story the servers stay up, for people to try their own mail and calendar programs."""

import time

from daemon.demo.narrator import Narrator
from daemon.demo.stage import Stage


def open_house(narrator: Narrator, stage: Stage) -> None:
    """Say where everything is, and wait for Ctrl-C."""
    _ = narrator._
    password = stage.places.password
    narrator.table(
        _("Everything stays up until Ctrl-C; come in with your own programs"),
        (_("what"), _("where"), _("user"), _("password")),
        [
            (_("mail (IMAP, no TLS)"), f"127.0.0.1:{stage.mail.imap}", _logins(stage), password),
            (_("mail (SMTP, no TLS, no login)"), f"127.0.0.1:{stage.mail.smtp}", "", ""),
            (_("calendars (CalDAV)"), stage.calendars.url, _people(stage), password),
            (
                _("suivi (HTTP API, bearer token)"),
                f"{stage.places.url}/api/v1/openapi.json",
                "",
                stage.suivi.token,
            ),
        ],
    )
    narrator.tell(
        _(
            "Write to {address} as a customer, answer a reminder, move a follow-up: suivi sees it "
            "within seconds. Commands:"
        ).format(address=stage.company.staff[0].person.email)
    )
    narrator.command("--config", str(stage.places.config), "follow-ups")
    narrator.command("--config", str(stage.places.config), "history", '"Musée des Sables"')
    token, url = f"Authorization: Bearer {stage.suivi.token}", stage.places.url
    narrator.typed(f"curl -H '{token}' {url}/api/v1/exchanges")
    while True:
        time.sleep(1)


def _logins(stage: Stage) -> str:
    return ", ".join(stage.mail.users)


def _people(stage: Stage) -> str:
    return ", ".join(member.key for member in stage.company.staff)
