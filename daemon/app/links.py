"""What the signed links of reminder mails say, in the language of their user."""

from collections.abc import Callable

from daemon import i18n
from daemon.app.parts import Parts
from daemon.reminders import answers
from daemon.reminders.letter import local_time
from daemon.store import people
from daemon.web.links import LinkRefused, Links, LinkText
from rules.model.followups import FollowUp
from rules.model.people import User, UserId


def links_of(parts: Callable[[], Parts]) -> Links:
    """The two sides of a link, on the parts in force when it is opened."""
    return Links(lambda token: _show(parts(), token), lambda token: _act(parts(), token))


def _show(parts: Parts, token: str) -> LinkText:
    seen = answers.look(parts.answers, token)
    if seen is None:
        raise LinkRefused
    user = _user(parts, seen.user)
    _ = i18n.translator(user.language)
    question = {
        "done": _("Mark this follow-up as done?"),
        "+1h": _("Put this follow-up off by an hour?"),
        "+1d": _("Put this follow-up off until tomorrow?"),
        "+7d": _("Put this follow-up off by a week?"),
    }.get(seen.verb)
    if question is None:
        raise LinkRefused
    if seen.moved:
        question = _("It has been moved since this mail. Answer the mail to move it again.")
    return LinkText(question, _facts(seen.follow_up, user), user.language)


def _act(parts: Parts, token: str) -> LinkText:
    seen = answers.look(parts.answers, token)
    if seen is None or seen.verb == "reply":
        raise LinkRefused
    user = _user(parts, seen.user)
    _ = i18n.translator(user.language)
    result, follow_up = answers.act(parts.answers, token)
    if result not in (answers.Result.APPLIED, answers.Result.MOVED) or follow_up is None:
        raise LinkRefused
    heading = _("Done.") if seen.verb == "done" else _("Put off.")
    if result is answers.Result.MOVED:
        heading = _("It has been moved since this mail. Answer the mail to move it again.")
    return LinkText(heading, _facts(follow_up, user), user.language)


def _facts(follow_up: FollowUp, user: User) -> str:
    return f"{follow_up.title} · {local_time(follow_up, user)}"


def _user(parts: Parts, user: UserId) -> User:
    with parts.store.read() as tx:
        found = people.get_user(tx, user)
    if found is None or not found.active:
        raise LinkRefused
    return found
