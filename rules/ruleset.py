"""What the rules in force say, as one value; rules files yield the same value (spec §7)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta

CORE = 1
"""Moves when the built-in decisions change, so that what the older ones judged is judged again."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Settings that decide. Texts are compared folded by `rules.words`; ones that name folders,
    keywords or tags are kept folded. Modes are codes of the editable list.

    `fingerprint` is the hash of all the rest: what was judged under another one is judged again.
    """

    fingerprint: str = ""

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

    # Reminders (spec §8).
    default_reminder: timedelta = timedelta(minutes=60)
    all_day_hour: int = 9
    late_limit: timedelta = timedelta(days=3)

    # A Date header further ahead than this is not believed.
    date_slack: timedelta = timedelta(days=1)


def builtin() -> RuleSet:
    """What holds where no rules file says otherwise."""
    return sealed(RuleSet())


def sealed(ruleset: RuleSet) -> RuleSet:
    """The rule set with the fingerprint of its values."""
    values = [
        f"{f.name}={_plain(getattr(ruleset, f.name))}"
        for f in fields(ruleset)
        if f.name != "fingerprint"
    ]
    text = "\n".join([f"core={CORE}", *values])
    return replace(ruleset, fingerprint=hashlib.sha256(text.encode()).hexdigest()[:16])


def _plain(value: object) -> str:
    """A text that doesn't depend on the order of sets and mappings."""
    if isinstance(value, frozenset):
        return repr(sorted(map(_plain, value)))
    if isinstance(value, Mapping):
        return repr(sorted((_plain(k), _plain(v)) for k, v in value.items()))
    return repr(value)
