"""Why a follow-up changed, or a reminder was not sent, in a reader's words: the store keeps a
reason and its facts."""

from collections.abc import Mapping
from types import MappingProxyType

from daemon.i18n import mark, translator
from rules import remind
from rules.model.followups import How, Verb

PHRASES: Mapping[str, str] = {
    How.ANSWERED: mark("{ref}: they answered"),
    How.SPOKEN: mark("{ref}: it was spoken about ({mode})"),
    Verb.DONE: mark("done"),
    Verb.NOT_NEEDED: mark("not needed"),
    Verb.POSTPONE: mark("put off"),
    Verb.REOPEN: mark("opened again"),
    "reopened": mark("opened again"),
    "changed there": mark("changed there"),
    "deleted in the calendar": mark("deleted in the calendar"),
    "less may be told of its exchange": mark("less may be told of its exchange"),
    "no rule opens it any more": mark("no rule opens it any more"),
    "other rules plan it so": mark("other rules plan it so"),
    "a rule opens it again": mark("a rule opens it again"),
    "the message that it followed from is gone": mark("the message that it followed from is gone"),
    "not needed": mark("not needed"),
    "deleted": mark("the follow-up was deleted"),
    "its follow-up is gone": mark("the follow-up was deleted"),
    "older than the installation went live": mark("older than the installation went live"),
    "moved": mark("the follow-up was moved"),
    "reassigned": mark("somebody else has it now"),
    "reminder removed": mark("the follow-up has this reminder no more"),
    "recipient is not active": mark("the recipient is not active"),
    remind.NOT_WANTED: mark("the recipient is not active, or set other options"),
    "too late": mark("too late"),
    "a backup was restored: it may have been sent before": mark(
        "a backup was restored: it may have been sent before"
    ),
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
