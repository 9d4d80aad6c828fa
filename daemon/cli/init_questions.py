"""What `suivi init` asks; each section is checked at once, and asked again where it has a mistake.

A default in brackets is what Enter gives.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from pydantic import ValidationError

from daemon.cli.context import words
from daemon.cli.output import plain
from daemon.config.answers import Answers, checked_answers
from daemon.config.mistakes import Source, explain
from daemon.config.settings import Calendar, Company, Database, Http, Mailbox, Smtp, Staff
from daemon.i18n import of_environment

if TYPE_CHECKING:
    from pydantic import BaseModel

Table = dict[str, Any]

_IMAP_PORTS = {"tls": 993, "starttls": 143, "none": 143}
_SMTP_PORTS = {"tls": 465, "starttls": 587, "none": 25}


def asked(path: Path) -> Answers:
    """Everything that a first installation needs, from whoever sits there. Raises ConfigError."""
    _ = words()
    typer.echo(
        _(
            "Questions about your company, its servers and its people; Enter takes what is"
            " in brackets."
        )
    )
    company = _whole(Company, _company)
    domain = company["domains"][0]
    tables: Table = {"company": company}
    users = [_whole(Staff, lambda: _user(domain))]
    tables["mailboxes"] = _several(
        Mailbox, lambda number: _mailbox(domain, users, number), _("One more mailbox?")
    )
    if typer.confirm(_("Calendars too?"), default=True):
        tables["calendars"] = _several(
            Calendar, lambda number: _calendar(domain, users, number), _("One more calendar?")
        )
    tables["users"] = users
    if typer.confirm(_("Send reminders by mail?"), default=True):
        tables["smtp"] = _whole(Smtp, lambda: _smtp(domain, users[0]["email"]))
    if url := _text(_("Address of suivi's pages for your staff, if there is one"), ""):
        tables["http"] = _whole(Http, lambda: {"public_url": url})
    if database := _whole(Database, _database):
        tables["database"] = database
    tables["directory"] = {}
    if file := _text(_("CSV file of third parties to import, if there is one"), ""):
        tables["directory"] = {"third_parties": str(Path(file).expanduser().absolute())}
    return checked_answers(tables, Source(path, {}))


def _database() -> Table:
    _ = words()
    url = _text(_("PostgreSQL to keep it all in (postgresql://user@host/name); else SQLite"), "")
    if not url:
        return {}
    question = _("Its password; empty where it needs none")
    password: str = typer.prompt(question, default="", show_default=False, hide_input=True)
    return {"url": url, "password": password} if password else {"url": url}


def _company() -> Table:
    _ = words()
    name = _text(_("Name of the company"))
    domains = _text(_("Its mail domains, with commas between them"))
    return {
        "name": name,
        "domains": [d.strip() for d in domains.split(",") if d.strip()],
        "language": _text(_("Language of its mails (en, fr)"), of_environment()),
        "timezone": _text(_("Time zone"), "Europe/Paris"),
    }


def _user(domain: str, email: str = "") -> Table:
    _ = words()
    email = email or _text(_("Your own address, as the first admin"), f"admin@{domain}")
    return {"name": _text(_("Name of {email}").format(email=email)), "email": email, "admin": True}


def _mailbox(domain: str, users: list[Table], number: int) -> Table:
    _ = words()
    user = _text(_("Mailbox: user name at the server"), users[0]["email"] if number == 0 else None)
    host = _text(_("IMAP server"), f"imap.{domain}")
    security = _text(_("Security (tls, starttls, none)"), "tls")
    port = _number(_("Port"), _IMAP_PORTS.get(security, 993))
    password = _password()
    table: Table = {"name": user.partition("@")[0], "host": host, "port": port}
    table |= {"security": security, "user": user, "password": password}
    owner = _text(_("Whose is it? Their address; - when it is shared"), _owner(user, users))
    return table if owner == "-" else {**table, "owner": _known(owner, users)}


def _calendar(domain: str, users: list[Table], number: int) -> Table:
    _ = words()
    url = _text(_("CalDAV address"), f"https://dav.{domain}/")
    user = _text(_("Calendars: user name at the server"), users[0]["email"] if not number else None)
    password = _password()
    owner = _text(_("Whose are they? Their address"), _owner(user, users))
    follow_ups = _text(_("Calendar that suivi writes into; empty: the first writable one"), "")
    table: Table = {"name": user.partition("@")[0], "owner": _known(owner, users), "url": url}
    table |= {"user": user, "password": password}
    return {**table, "follow_ups": follow_ups} if follow_ups else table


def _smtp(domain: str, admin: str) -> Table:
    _ = words()
    host = _text(_("SMTP server"), f"smtp.{domain}")
    security = _text(_("Security (tls, starttls, none)"), "starttls")
    port = _number(_("Port"), _SMTP_PORTS.get(security, 587))
    sender = _text(_("Sender of reminders"), f"suivi@{domain}")
    user = _text(_("User name at the SMTP server; - for none"), sender)
    table: Table = {"host": host, "port": port, "security": security}
    if user != "-":
        table |= {"user": user, "password": _password()}
    told = _text(_("Who is told when something goes wrong?"), admin)
    return {**table, "from": sender, "admin": told}


def _several(model: "type[BaseModel]", ask: Callable[[int], Table], more: str) -> list[Table]:
    found: list[Table] = []
    while True:
        number = len(found)
        table = _whole(model, lambda n=number: ask(n))  # type: ignore[misc]  # bound at once
        taken = {one["name"] for one in found}
        while table["name"] in taken:
            table["name"] += "-2"
        found.append(table)
        if not typer.confirm(more, default=False):
            return found


def _known(owner: str, users: list[Table]) -> str:
    """The owner; a new one becomes a user."""
    _ = words()
    if owner.casefold() not in {user["email"].casefold() for user in users}:
        name = _text(_("Name of {email}").format(email=owner))
        users.append({"name": name, "email": owner})
    return owner


def _owner(user: str, users: list[Table]) -> str:
    return user if "@" in user else str(users[0]["email"])


def _whole(model: "type[BaseModel]", ask: Callable[[], Mapping[str, Any]]) -> Table:
    """A table that the model takes; asked again until it does."""
    while True:
        table = dict(ask())
        try:
            model.model_validate(table)
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                _where, text = explain({**problem, "loc": ("", *problem["loc"])})
                typer.echo(f"  {plain(text)}", err=True)
        else:
            return table


def _text(question: str, default: str | None = None) -> str:
    answer: str = typer.prompt(question, default=default, show_default=bool(default))
    return answer.strip()


def _number(question: str, default: int) -> int:
    answer: int = typer.prompt(question, default=default, type=int)
    return answer


def _password() -> str:
    _ = words()
    answer: str = typer.prompt(_("Password"), hide_input=True)
    return answer
