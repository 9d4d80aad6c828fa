"""Why a follow-up changed, in a reader's words: the store keeps a reason and its facts."""

from collections.abc import Mapping

from daemon.i18n import mark, translator
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
}
"""Each reason that is stored, and its phrase in the catalogue."""


def said(reason: str, facts: Mapping[str, str], language: str, modes: Mapping[str, str]) -> str:
    """The reason in a language; `modes` are the names of modes in it. One that isn't of the
    table, of another version's, is shown as it stands."""
    phrase = PHRASES.get(reason)
    if phrase is None:
        return reason
    known = {"ref": facts.get("ref", ""), "mode": facts.get("mode", "")}
    known["mode"] = modes.get(known["mode"], known["mode"])
    return translator(language)(phrase).format(**known)
