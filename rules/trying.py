"""A decision taken apart: whom each participant belongs to, and each rule that fired or just missed
(spec §7). Slow, and meant to be: it is for `suivi rules test`."""

from dataclasses import dataclass
from datetime import datetime

from rules import adopt, asking, decide, direction, drafting, firing, match
from rules.firing import Outcome, Tried
from rules.model.decisions import Ambiguous, Decision, Match, Reason
from rules.model.facts import NOWHERE, Facts, Surroundings
from rules.model.followups import FollowUpDraft
from rules.model.people import Address, Directory, Level, ThirdPartyId
from rules.model.sightings import Event, MailPlace, Message, Sighting
from rules.ruleset import RuleSet

# Turned away before rules are asked.
_BEFORE_RULES = frozenset(
    {
        Reason.OWN_MAIL,
        Reason.DRAFT_OR_JUNK,
        Reason.KEPT_OUT,
        Reason.TOO_OLD,
        Reason.INTERNAL,
        Reason.PRIVATE,
        Reason.FREE_BUSY,
        Reason.CANCELLED,
        Reason.DECLINED,
        Reason.SERIES,
        Reason.NO_TIME,
    }
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What would be decided. `candidates` are the participants from outside with what is known of
    each; `tried` every rule, in order, and nothing where none was asked; `adopted` the follow-up
    that an event would become."""

    decision: Decision
    candidates: tuple[tuple[Address, match.Result], ...]
    tried: tuple[Tried, ...] = ()
    adopted: FollowUpDraft | None = None


def mail(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    thread: tuple[ThirdPartyId, ...],
    now: datetime,
    veto: Level = Level.EVERYTHING,
    around: Surroundings = NOWHERE,
) -> Trial:
    """Try one mail, text and all. Raises TypeError for what is no mail in a folder."""
    message, place = sighting.what, sighting.place
    if not isinstance(message, Message) or not isinstance(place, MailPlace):
        raise TypeError("only a message in a folder can be tried as mail")
    decision = decide.message(ruleset, directory, sighting, thread, now, veto=veto, around=around)
    has_text = decision.wants_text
    decision = decide.text(decision, message)
    candidates = _candidates(directory, sighting, thread)
    if decision.reason in _BEFORE_RULES:
        return Trial(decision, candidates)
    way, _ = direction.direction(directory, sighting)
    matches = match.sure(match.parties(directory, sighting, thread))
    sent = drafting.sent_at(ruleset, message, place, now)
    facts = Facts(sighting, directory, around, way, matches, sent, now)
    return Trial(decision, candidates, _tried(ruleset, facts, has_text=has_text))


def event(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    now: datetime,
    live_since: datetime | None,
    veto: Level = Level.EVERYTHING,
    around: Surroundings = NOWHERE,
) -> Trial:
    """Try one occurrence of an event. Raises TypeError for what is none."""
    meeting = sighting.what
    if not isinstance(meeting, Event):
        raise TypeError("only an event can be tried as one")
    decision = decide.event(ruleset, directory, sighting, now, veto=veto, around=around)
    candidates = _candidates(directory, sighting, ())
    if decision.reason in _BEFORE_RULES:
        return Trial(decision, candidates)
    if decision.reason is not Reason.FOLLOW_UP:
        found = decide.guests_of(ruleset, directory, sighting, meeting)
        asked = asking.of_event(ruleset, directory, sighting, around, now, found)
        return Trial(decision, candidates, _tried(ruleset, asked.facts, has_text=True))
    asked = adopt.ask(ruleset, directory, sighting, around, now)
    tried = _tried(ruleset, asked.facts, has_text=True)
    adopted = adopt.adopt(ruleset, directory, sighting, now, live_since, around=around)
    if isinstance(adopted, FollowUpDraft):
        return Trial(decision, candidates, tried, adopted)
    return Trial(adopted, candidates, tried)


def just_missed(tried: Tried) -> bool:
    """Whether a single condition kept it from firing, and others held."""
    return tried.outcome is Outcome.MISSED and len(tried.failed) == 1 and tried.met > 0


def _tried(ruleset: RuleSet, facts: Facts, *, has_text: bool) -> tuple[Tried, ...]:
    return firing.explained(ruleset.compiled, facts, has_text=has_text)


def _candidates(
    directory: Directory, sighting: Sighting, thread: tuple[ThirdPartyId, ...]
) -> tuple[tuple[Address, match.Result], ...]:
    return tuple(
        (address, match.match(directory, address, thread))
        for address in match.participants(sighting.what)
        if direction.who(directory, sighting.owner, address)
        in (direction.Who.KNOWN, direction.Who.STRANGER)
    )


def parties(result: match.Result) -> tuple[ThirdPartyId, ...]:
    """Whom a participant may belong to."""
    if isinstance(result, Match):
        return (result.third_party,)
    return result.candidates if isinstance(result, Ambiguous) else ()
