"""The answer mail: what was done, or what was not understood and the words that are.

It goes to the address of a member of staff as the configuration has it, never to one that stands
in a mail, so that nobody else can be made to receive it; and to each only so often, so that two
machines that mistake each other for people come to an end (RFC 3834 §2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from connectors.mime.compose import MailText, compose
from daemon.i18n import translator
from daemon.reminders.answers import Done, Result
from daemon.reminders.letter import local_time
from daemon.reminders.ways import Ways
from daemon.store import Tx, post
from daemon.store.post import Letter
from rules import identity
from rules.model.followups import Verb
from rules.model.people import Address, User
from rules.model.sightings import Message
from rules.words import one_line

log = structlog.stdlib.get_logger(__name__)

KIND = "answer"
AN_HOUR = timedelta(hours=1)
MOST_AN_HOUR = 20
USEFUL_FOR = timedelta(days=1)
_LONGEST_QUOTE = 120

Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Desk:
    """Writes answer mails. `sender` is suivi's address."""

    sender: str
    ways: Ways


def respond(
    desk: Desk, tx: Tx, user: User, done: Done, message: Message, key: str, now: datetime
) -> None:
    """Put the answer into the post, once for each message; `key` tells it from all others."""
    if post.written(tx, KIND, user.email, now - AN_HOUR) >= MOST_AN_HOUR:
        log.warning("no answer mail: too many in an hour", user=user.id)
        return
    subject, text = words(done, user)
    message_id = identity.letter_id(KIND, key, desk.sender.rpartition("@")[2])
    reply_to = desk.ways.reply_to(done.follow_up, user, now) if done.follow_up else None
    mail = MailText(
        subject=subject,
        text=text,
        html=None,
        from_=Address(desk.sender, desk.ways.company),
        to=(Address(user.email, user.name),),
        reply_to=reply_to,
        message_id=message_id,
        date=now,
        headers={"X-Suivi": "answer"},
        in_reply_to=message.message_id,
        auto_submitted="auto-replied",
    )
    letter = Letter(KIND, key, user.email, message_id, compose(mail), now + USEFUL_FOR)
    post.put(tx, letter, now)


def words(done: Done, user: User) -> tuple[str, str]:
    """Subject and text, in the language and time of the user."""
    _ = translator(user.language)
    about = done.follow_up if done.result is not Result.NOT_ALLOWED else None
    subject, lines = _told(done, _)
    title = one_line(about.title) if about else ""
    if title:
        subject = _("{what}: {title}").format(what=subject, title=title)
    text = [*lines]
    if about is not None:
        text += ["", title, local_time(about, user)]
    return subject, "\n".join(text).strip() + "\n"


def _told(done: Done, _: Say) -> tuple[str, list[str]]:
    match done.result:
        case Result.APPLIED | Result.ALREADY:
            return _applied(done, _)
        case Result.NOT_UNDERSTOOD:
            return _("Not understood"), _not_understood(done, _)
        case Result.NOT_ALLOWED:
            what = _("This follow-up is not yours to change, so nothing was changed.")
            return _("Nothing was changed"), [what]
        case Result.UNVERIFIED:
            what = _("Your mail server does not confirm that this mail is yours.")
            return _("Nothing was changed"), [what, _instead(_)]
        case Result.EXPIRED:
            what = _("The reminder that you answered is too old.")
            return _("Nothing was changed"), [what, _instead(_)]
        case Result.GONE:
            return _("Nothing was changed"), [_("This follow-up exists no more.")]
        case _:
            what = _("suivi can't tell which follow-up this mail is about: answer a reminder.")
            return _("Nothing was changed"), [what]


def _applied(done: Done, _: Say) -> tuple[str, list[str]]:
    if done.result is Result.ALREADY:
        return _("Nothing to change"), [_("It stands so already.")]
    subject = {
        Verb.DONE: _("Done"),
        Verb.NOT_NEEDED: _("Not needed"),
        Verb.REOPEN: _("Open again"),
        Verb.POSTPONE: _("Put off"),
    }[done.verb or Verb.DONE]
    hint = {
        Verb.DONE: _("Answer “reopen” if that was a mistake."),
        Verb.NOT_NEEDED: _("Answer “reopen” if that was a mistake."),
    }.get(done.verb or Verb.DONE)
    return subject, [hint] if hint else []


def _not_understood(done: Done, _: Say) -> list[str]:
    line = done.line[:_LONGEST_QUOTE]
    said = (
        _("I read “{line}”, and don't know what it asks for.").format(line=line)
        if line
        else _("I found no words in your answer.")
    )
    return [
        said,
        _("Nothing was changed. One line at the top of the answer does it, for instance:"),
        "",
        _("  done · not needed · reopen"),
        _("  +2h · +3d · tomorrow · tomorrow 9am · tuesday 10am · next monday · 4 january 14:30"),
    ]


def _instead(_: Say) -> str:
    return _("Nothing was changed: change the follow-up in your calendar instead.")
