"""What the signed links of mails say, in the language of their user."""

from collections.abc import Callable
from datetime import datetime

from daemon import i18n
from daemon.app.parts import Parts
from daemon.clock import now
from daemon.reminders import answers
from daemon.reminders.answers import Result, Seen
from daemon.reminders.letter import local_time
from daemon.reminders.ways import VALID_FOR
from daemon.web.links import Button, LinkRefused, Links, LinkText, Refusal
from rules import links, replies
from rules.model.followups import FollowUp, State
from rules.model.people import User

Say = Callable[[str], str]

_REFUSALS = {
    Result.EXPIRED: Refusal.EXPIRED,
    Result.NOT_ALLOWED: Refusal.NOT_YOURS,
    Result.GONE: Refusal.GONE,
}


def links_of(parts: Callable[[], Parts]) -> Links:
    """The two sides of a link, on the parts in force when it is opened."""
    return Links(lambda token: _show(parts(), token), lambda token: _act(parts(), token))


def _show(parts: Parts, token: str) -> LinkText:
    seen = _look(parts, token)
    _ = i18n.translator(seen.user.language)
    if seen.words == links.OPEN:
        buttons = _all_buttons(parts, seen, _, now())
        return _page(seen.follow_up, seen.user, seen.follow_up.title, buttons)
    heading = _stands(seen.result, seen.follow_up, _)
    if heading is not None:
        return _page(seen.follow_up, seen.user, heading, stale=seen.result is Result.MOVED)
    buttons = (Button(_("Confirm"), token),)
    return _page(seen.follow_up, seen.user, _question(seen.words, _), buttons)


def _act(parts: Parts, token: str) -> LinkText:
    seen = _look(parts, token)
    if seen.words == links.OPEN:
        return _show(parts, token)
    _ = i18n.translator(seen.user.language)
    result, follow_up = answers.act(parts.answers, token)
    if follow_up is None:
        raise LinkRefused(_REFUSALS.get(result, Refusal.FORGED), seen.user.language)
    heading = _stands(result, follow_up, _)
    if heading is None:
        heading = {"done": _("Done."), links.REOPEN: _("Open again.")}.get(
            seen.words, _("Put off.")
        )
    return _page(follow_up, seen.user, heading, stale=result is Result.MOVED)


def _look(parts: Parts, token: str) -> Seen:
    seen = answers.look(parts.answers, token)
    if isinstance(seen, Result):
        raise LinkRefused(_REFUSALS.get(seen, Refusal.FORGED))
    return seen


def _question(words: str, _: Say) -> str:
    return {
        "done": _("Mark this follow-up as done?"),
        "+1h": _("Put this follow-up off by an hour?"),
        "+1d": _("Put this follow-up off until tomorrow?"),
        "next monday": _("Put this follow-up off until next Monday?"),
        links.REOPEN: _("Open this follow-up again?"),
    }.get(words) or _("Change this follow-up: {words}?").format(words=words)


def _stands(result: Result, follow_up: FollowUp, _: Say) -> str | None:
    """Why the link does nothing more; None when it does."""
    if result is Result.MOVED:
        return _("It has been moved since this mail. Answer the mail to move it again.")
    if result is Result.ALREADY:
        if follow_up.state is State.TO_DO:
            return _("It is open already.")
        if follow_up.state is State.NOT_NEEDED:
            return _("It is not needed any more.")
        return _("It is done already.")
    if result is Result.NOT_UNDERSTOOD:
        return _("That time is over. Answer the mail to choose another.")
    return None


def _all_buttons(parts: Parts, seen: Seen, _: Say, now: datetime) -> tuple[Button, ...]:
    """What can be done with it as it is now."""
    if seen.follow_up.state is not State.TO_DO:
        return (Button(_("Open again"), _token(parts, seen, links.REOPEN, now)),)
    labels = {
        "done": _("Done"),
        "hour": _("In an hour"),
        "tomorrow": _("Tomorrow"),
        "monday": _("Next Monday"),
    }
    return tuple(
        Button(labels[name], _token(parts, seen, words, now))
        for name, words in links.ACTIONS.items()
    )


def _token(parts: Parts, seen: Seen, words: str, now: datetime) -> str:
    verb = links.verb(words, seen.follow_up)
    follow_up, user = seen.follow_up.id, seen.user.id
    return replies.token(parts.secret, follow_up, user, verb, now + VALID_FOR)


def _page(
    follow_up: FollowUp,
    user: User,
    heading: str,
    buttons: tuple[Button, ...] = (),
    *,
    stale: bool = False,
) -> LinkText:
    _ = i18n.translator(user.language)
    about = [] if heading == follow_up.title else [follow_up.title]
    about.append(local_time(follow_up, user))
    if heading == follow_up.title:
        about += [_state(follow_up, _), follow_up.place, follow_up.description]
    text = "\n".join(filter(None, about))
    return LinkText(heading, text, user.language, buttons, stale)


def _state(follow_up: FollowUp, _: Say) -> str:
    return {
        State.TO_DO: _("To do"),
        State.DONE: _("It is done already."),
        State.NOT_NEEDED: _("It is not needed any more."),
    }[follow_up.state]
