"""The answer mail: what was done, or what was not understood and the words that are.

It goes to the address of a member of staff as the configuration has it, never to one that stands
in a mail, so that nobody else can be made to receive it; and to each only so often, so that two
machines that mistake each other for people come to an end (RFC 3834 §2).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from daemon.i18n import translator
from daemon.reminders.answers import Done, Result
from daemon.reminders.letter import local_time
from daemon.reminders.writing import Desk, Stamp
from daemon.store import Tx, post
from rules.model.followups import Verb
from rules.model.people import User
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
class Said:
    """What an answer mail says: in a word, in lines, and with words that are understood."""

    what: str
    lines: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


def respond(
    desk: Desk, tx: Tx, user: User, done: Done, message: Message, key: str, now: datetime
) -> None:
    """Put the answer into the post, once for each message; `key` tells it from all others."""
    if post.written(tx, KIND, user.email, now - AN_HOUR) >= MOST_AN_HOUR:
        log.warning("no answer mail: too many in an hour", user=user.id)
        return
    about = done.follow_up
    stamp = Stamp(
        KIND,
        key,
        now + USEFUL_FOR,
        reply_to=desk.ways.reply_to(about, user, now) if about else None,
        in_reply_to=message.message_id,
        auto_submitted="auto-replied",
    )
    entity = about.entity if about else None
    post.put(tx, desk.letter(tx, user, entity, stamp, facts(done, user), now), now)


def facts(done: Done, user: User) -> Mapping[str, Any]:
    """What its template speaks of, in the language and time of the user."""
    about = done.follow_up if done.result is not Result.NOT_ALLOWED else None
    said = _told(done, translator(user.language))
    return {
        "result": done.result.value,
        "what": said.what,
        "lines": said.lines,
        "examples": said.examples,
        "title": one_line(about.title) if about else "",
        "when": local_time(about, user) if about else "",
    }


def _told(done: Done, _: Say) -> Said:
    match done.result:
        case Result.APPLIED | Result.ALREADY:
            return _applied(done, _)
        case Result.NOT_UNDERSTOOD:
            return _not_understood(done, _)
        case Result.NOT_ALLOWED:
            what = _("This follow-up is not yours to change, so nothing was changed.")
            return Said(_("Nothing was changed"), (what,))
        case Result.UNVERIFIED:
            what = _("Your mail server does not confirm that this mail is yours.")
            return Said(_("Nothing was changed"), (what, _instead(_)))
        case Result.EXPIRED:
            what = _("The reminder that you answered is too old.")
            return Said(_("Nothing was changed"), (what, _instead(_)))
        case Result.GONE:
            return Said(_("Nothing was changed"), (_("This follow-up exists no more."),))
        case _:
            what = _("suivi can't tell which follow-up this mail is about: answer a reminder.")
            return Said(_("Nothing was changed"), (what,))


def _applied(done: Done, _: Say) -> Said:
    if done.result is Result.ALREADY:
        return Said(_("Nothing to change"), (_("It stands so already."),))
    verb = done.verb or Verb.DONE
    subject = {
        Verb.DONE: _("Done"),
        Verb.NOT_NEEDED: _("Not needed"),
        Verb.REOPEN: _("Open again"),
        Verb.POSTPONE: _("Put off"),
    }[verb]
    closes = verb in (Verb.DONE, Verb.NOT_NEEDED)
    return Said(subject, (_("Answer “reopen” if that was a mistake."),) if closes else ())


def _not_understood(done: Done, _: Say) -> Said:
    line = done.line[:_LONGEST_QUOTE]
    said = (
        _("I read “{line}”, and don't know what it asks for.").format(line=line)
        if line
        else _("I found no words in your answer.")
    )
    return Said(
        _("Not understood"),
        (said, _("Nothing was changed. One line at the top of the answer does it, for instance:")),
        (
            _("done · not needed · reopen"),
            _("+2h · +3d · tomorrow · tomorrow 9am · tuesday 10am · next monday · 4 january 14:30"),
        ),
    )


def _instead(_: Say) -> str:
    return _("Nothing was changed: change the follow-up in your calendar instead.")
