"""What can be wrong with a configuration, and how it is told: place, section, what to do."""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from daemon.config.places import Path as OptionPath
from daemon.config.places import Place, nearest
from daemon.config.secrets import WAYS, Mistake
from daemon.config.settings import Settings
from rules.replies import REPLY_TOKEN

PREFIX = "SUIVI_"

OURS = frozenset({"path", "warnings", "secret_files"})
"""Fields of Settings that loading fills in; nobody can set them."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an option comes from, for messages: the file's text and the variables that win."""

    path: Path
    places: Mapping[OptionPath, Place]

    def line(self, where: OptionPath, text: str) -> str:
        """One line for one mistake: place, section, text."""
        if given := variable(where):
            return f"{given}: {text}"
        place = nearest(self.places, where)
        position = f":{place.line}:{place.column}" if place else ""
        section = _section(where)
        return f"{self.path}{position}: {section}{text}"

    def lines(self, mistakes: Iterable[Mistake]) -> list[str]:
        """All of them, in the order of the file."""

        def position(mistake: Mistake) -> tuple[int, int]:
            place = nearest(self.places, mistake[0])
            return (place.line, place.column) if place else (0, 0)

        return [self.line(*mistake) for mistake in sorted(mistakes, key=position)]


def cross_checks(data: Mapping[str, Any]) -> Iterator[Mistake]:
    """What one section says about another; on raw values, so that these mistakes come with all."""
    users = {str(row.get("email")).casefold() for _, row in _rows(data, "users")}
    for table in ("mailboxes", "calendars"):
        for index, row in _rows(data, table):
            owner = row.get("owner")
            if isinstance(owner, str) and owner.casefold() not in users:
                near = difflib.get_close_matches(owner.casefold(), users, 1)
                hint = (
                    f"did you mean '{near[0]}'?"
                    if near
                    else "there is no [[users]] with this email"
                )
                yield (table, index, "owner"), f"unknown owner '{owner}'; {hint}"
    http = data.get("http")
    if data.get("oidc") is not None and not (isinstance(http, Mapping) and http.get("public_url")):
        yield ("oidc",), "needs [http] public_url, which the provider sends people back to"
    for table, option in (("users", "email"), ("mailboxes", "name"), ("calendars", "name")):
        seen: set[str] = set()
        for index, row in _rows(data, table):
            name = str(row.get(option, index)).casefold()
            if name in seen:
                yield (table, index, option), f"there is already one with {option} '{row[option]}'"
            seen.add(name)
    for index, row in _rows(data, "mailboxes"):
        if row.get("purpose") == "commands" and not row.get("address"):
            yield (
                ("mailboxes", index),
                "a mailbox for commands needs the address that replies go to",
            )
        local = str(row.get("address") or "").rpartition("@")[0]
        if row.get("purpose") == "commands" and len(local) > _LONGEST_NAME:
            yield (
                ("mailboxes", index, "address"),
                f"the part before the @ should have at most {_LONGEST_NAME} characters, so that "
                "what suivi adds to it still makes an address",
            )
        if row.get("require_authentication") and not row.get("authserv_id"):
            yield (
                ("mailboxes", index, "require_authentication"),
                "needs `authserv_id`, the server whose word is to be believed",
            )


# A local part has at most 64 octets (RFC 5321 §4.5.3.1.1), and a "+" and a token are added.
_LONGEST_NAME = 64 - 1 - REPLY_TOKEN


def _rows(data: Mapping[str, Any], table: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rows = data.get(table)
    if isinstance(rows, list | tuple):
        yield from ((index, row) for index, row in enumerate(rows) if isinstance(row, Mapping))


def explain(problem: Any) -> Mistake:
    """A mistake that pydantic found (one of its `errors()`), in our words."""
    where: OptionPath = problem["loc"]
    last = where[-1] if where else ""
    if problem["type"] == "extra_forbidden":
        known = names(where[:-1])
        near = difflib.get_close_matches(str(last), known, 1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"it is one of: {', '.join(sorted(known))}"
        return where, f"unknown {_kind(where)} '{last}'; {hint}"
    if problem["type"] == "missing":
        if last == "password":
            return where, f"a password is missing: {', '.join(WAYS)}"
        return where, f"{_kind(where)} '{last}' is missing"
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return where, f"{_dotted(where)} {message[:1].lower()}{message[1:]}"


def _kind(where: OptionPath) -> str:
    return "section" if len(where) == 1 and _model(where) is not None else "option"


def names(where: OptionPath) -> set[str]:
    """The options that may stand at `where`."""
    model = _model(where)
    if model is None:
        return set()
    found = {field.alias or name for name, field in model.model_fields.items()}
    found -= OURS
    return found | set(WAYS) if "password" in found else found


def _model(where: OptionPath) -> type[BaseModel] | None:
    """The class behind a path: Settings itself, or the section it names."""
    if not where:
        return Settings
    field = Settings.model_fields.get(str(where[0]))
    if field is None:
        return None
    candidates = (field.annotation, *get_args(field.annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)


def _section(where: OptionPath) -> str:
    if not where or _model(where[:1]) is None or len(where) == 1:
        return ""
    return f"[[{where[0]}]] " if isinstance(where[1], int) else f"[{where[0]}] "


def _dotted(where: OptionPath) -> str:
    """The option's own name; inside a list, with which one of it."""
    inside = [part for part in where[1:] if isinstance(part, str)] or [str(where[0])]
    row = where[-1]
    return f"{inside[-1]}[{row}]" if isinstance(row, int) and len(where) > 2 else inside[-1]


def variable(where: OptionPath) -> str | None:
    """The variable that gave this option, if the environment did."""
    parts = [str(part) for part in where if isinstance(part, str)]
    for length in range(len(parts), 0, -1):
        name = PREFIX + "__".join(parts[:length]).upper()
        if name in os.environ:
            return name
    return None
