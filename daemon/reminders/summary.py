"""Mails that list things: the digest, and what was missed. One frame, in text and HTML."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from connectors.mime.compose import MailText, compose
from daemon import i18n
from daemon.store.post import Letter
from rules import identity
from rules.model.people import Address, User
from rules.words import one_line

# What would turn round the rest of a line, or hide in it; titles come from anybody.
_STEERING = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

MOST = 50
"""Lines of a section; how many more there are is told."""


@dataclass(frozen=True, slots=True)
class Section:
    """Some lines under a heading."""

    heading: str
    lines: tuple[str, ...]
    more: int = 0


def section(heading: str, lines: Iterable[str]) -> Section:
    """A section of the first MOST lines, each one line whatever it is made of."""
    told = [one_line(_STEERING.sub("", line)) for line in lines]
    return Section(heading, tuple(told[:MOST]), max(0, len(told) - MOST))


@dataclass(frozen=True, slots=True)
class Frame:
    """What all of them share: suivi's address, and the company's name."""

    sender: str
    company: str


def letter(
    frame: Frame,
    user: User,
    kind: str,
    key: str,
    subject: str,
    intro: str,
    sections: Sequence[Section],
    now: datetime,
    useful_until: datetime,
) -> Letter:
    """The letter of this kind and key, for the post. Raises ValueError for an address that can't
    stand in a mail."""
    facts = {
        "language": user.language,
        "company": frame.company,
        "intro": intro,
        "sections": [s for s in sections if s.lines],
    }
    texts = _environment(user.language)
    message_id = identity.letter_id(kind, key, frame.sender.rpartition("@")[2])
    mail = MailText(
        subject=subject,
        text=texts.get_template("summary.txt.j2").render(facts),
        html=texts.get_template("summary.html.j2").render(facts),
        from_=Address(frame.sender, frame.company),
        to=(Address(user.email, user.name),),
        reply_to=None,
        message_id=message_id,
        date=now,
        headers={"X-Suivi": kind},
    )
    return Letter(kind, key, user.email, message_id, compose(mail), useful_until)


@cache
def _environment(language: str) -> Environment:
    # Titles and subjects come from mail: HTML is escaped, and nothing of them is executed.
    environment = Environment(
        loader=PackageLoader("daemon.reminders", "summaries"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]  # by the extension
        i18n.catalogue(language), newstyle=True
    )
    return environment
