"""Why a follow-up changed, or a reminder was not sent, in a reader's words: the store keeps a
reason and its facts."""

from collections.abc import Mapping
from types import MappingProxyType

from daemon.i18n import mark, translator
from rules.model.followups import How, Verb
from rules.model.reasons import Why

PHRASES: Mapping[str, str] = {
    How.ANSWERED: mark("{ref}: they answered"),
    How.SPOKEN: mark("{ref}: it was spoken about ({mode})"),
    Verb.DONE: mark("done"),
    Verb.NOT_NEEDED: mark("not needed"),
    Verb.POSTPONE: mark("put off"),
    Verb.REOPEN: mark("opened again"),
    Why.REOPENED: mark("opened again"),
    Why.CHANGED_THERE: mark("changed there"),
    Why.EDITED: mark("edited"),
    Why.DELETED_THERE: mark("deleted in the calendar"),
    Why.MOVED_THERE: mark("moved to a colleague's calendar"),
    Why.LESS_TOLD: mark("less may be told of its exchange"),
    Why.NO_RULE: mark("no rule opens it any more"),
    Why.OTHER_RULES: mark("other rules plan it so"),
    Why.RULE_AGAIN: mark("a rule opens it again"),
    Why.FOLLOWS_ANOTHER: mark("the message that it followed from is gone"),
    Why.NOT_HELD: mark("its meeting did not take place"),
    Why.NOT_NEEDED: mark("not needed"),
    Why.DELETED: mark("the follow-up was deleted"),
    Why.BEFORE_LIVE: mark("older than the installation went live"),
    Why.MOVED: mark("the follow-up was moved"),
    Why.REASSIGNED: mark("somebody else has it now"),
    Why.REMINDER_REMOVED: mark("the follow-up has this reminder no more"),
    Why.NOT_ACTIVE: mark("the recipient is not active"),
    Why.NOT_WANTED: mark("the recipient is not active, or set other options"),
    Why.TOO_LATE: mark("too late"),
    Why.RESTORED: mark("a backup was restored: it may have been sent before"),
    # What earlier versions wrote.
    "its follow-up is gone": mark("the follow-up was deleted"),
}
"""Each reason that is stored, and its phrase in the catalogue."""


_NONE: Mapping[str, str] = MappingProxyType({})


def said(
    reason: str,
    facts: Mapping[str, str] = _NONE,
    language: str = "en",
    modes: Mapping[str, str] = _NONE,
) -> str:
    """The reason in a language; `modes` are the names of modes in it. One that isn't of the
    table, of another version's, is shown as it stands."""
    phrase = PHRASES.get(reason)
    if phrase is None:
        return reason
    known = {"ref": facts.get("ref", ""), "mode": facts.get("mode", "")}
    known["mode"] = modes.get(known["mode"], known["mode"])
    return translator(language)(phrase).format(**known)
