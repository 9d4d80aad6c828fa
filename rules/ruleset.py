"""What the rules in force say, as one value: settings, and the rules of files (spec §7)."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import timedelta

from rules.firing import Compiled, compiled
from rules.model.rules import Rule

CORE = 1
"""Moves when the built-in decisions change, so that what the older ones judged is judged again."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Settings that decide. Texts are compared folded by `rules.words`; ones that name folders,
    keywords or tags are kept folded. Modes are codes of the editable list.

    `fingerprint` is the hash of all the rest; decisions record it. `basis` is that of all but
    `rules`: what was judged under another one is judged again by itself, whereas rules of files
    judge what comes from then on (docs/decisions/0003). Both are made by `sealed`.

    Raises BadPattern for rules whose patterns RE2 refuses.
    """

    fingerprint: str = ""
    basis: str = ""

    # What rules files say, in order.
    rules: tuple[Rule, ...] = ()
    compiled: Compiled = field(init=False, compare=False, repr=False)

    # Kept out, before anything is stored (spec §12).
    keep_out_folders: frozenset[str] = frozenset({"prive", "private", "perso", "personal"})
    keep_out_keywords: frozenset[str] = frozenset(
        {"private", "$private", "prive", "$prive", "perso", "personal", "nosuivi", "no-suivi"}
    )
    keep_out_tags: tuple[str, ...] = ("[prive]", "[private]", "[perso]", "[personal]")
    # RFC 4021 §2.1.55
    keep_out_headers: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {"sensitivity": frozenset({"private", "personal"})}
    )

    # suivi's own mail: it carries one of these.
    own_marker: str = "X-Suivi"
    own_list_id: str = "reminders.suivi"

    # What makes a calendar object a follow-up (spec §3).
    follow_up_categories: tuple[str, ...] = ("Relance", "Follow-up", "Followup")
    follow_up_prefixes: tuple[str, ...] = (
        "Relance",
        "Relancer",
        "Follow-up",
        "Followup",
    )
    follow_up_tags: tuple[str, ...] = ("#relance", "#follow-up", "#followup")

    # What closes one: a follow-up that is due much later than the answer is about something else.
    answer_closes: bool = True
    closes_ahead: timedelta = timedelta(days=31)

    # How an exchange was had.
    mail_mode: str = "email"
    meeting_mode: str = "meeting"
    video_mode: str = "video"
    phone_mode: str = "phone"
    phone_words: tuple[str, ...] = ("Appel", "Call", "Coup de fil", "Phone call", "Téléphone")
    video_signs: tuple[str, ...] = (
        "meet.google.com/",
        "teams.microsoft.com/",
        "teams.live.com/",
        "microsoft teams",
        "zoom.us/",
        "zoom.com/",
        "meet.jit.si/",
        "jitsi",
        "webex.com/",
        "whereby.com/",
        "gotomeeting.com/",
        "bigbluebutton",
        "livestorm.co/",
        "visio.numerique.gouv.fr/",
    )

    # A Date header further ahead than this is not believed.
    date_slack: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", compiled(self.rules))


_DERIVED = frozenset({"fingerprint", "basis", "rules", "compiled"})


def builtin() -> RuleSet:
    """What holds where no rules file says otherwise."""
    return sealed(RuleSet())


def sealed(ruleset: RuleSet) -> RuleSet:
    """The rule set with the fingerprints of its values; where a rule stands doesn't count."""
    values = [
        f"{f.name}={_plain(getattr(ruleset, f.name))}"
        for f in fields(ruleset)
        if f.name not in _DERIVED
    ]
    basis = _hash([f"core={CORE}", *values])
    named = [_plain(rule) for rule in ruleset.rules]
    whole = _hash([basis, *named]) if named else basis
    return replace(ruleset, fingerprint=whole, basis=basis)


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _plain(value: object) -> str:
    """A text that doesn't depend on the order of sets and mappings, nor on what is not compared."""
    if isinstance(value, frozenset):
        return repr(sorted(map(_plain, value)))
    if isinstance(value, Mapping):
        return repr(sorted((_plain(k), _plain(v)) for k, v in value.items()))
    if isinstance(value, tuple):
        return f"({', '.join(map(_plain, value))})"
    if is_dataclass(value):
        shown = (_plain(getattr(value, f.name)) for f in fields(value) if f.compare)
        return f"{type(value).__name__}({', '.join(shown)})"
    return repr(value)
