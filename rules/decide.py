"""What is done with a sighting, and why: each question is a step of the trace, in order.

    turned away? → which way? → what do rules say? → whose? → how much may be kept? → record

Nothing is performed here; effects say what is to be. Of people who match nobody, the trace holds
their number only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from rules import (
    adopt,
    asking,
    classifying,
    direction,
    drafting,
    following,
    gates,
    identity,
    match,
    schedule,
)
from rules.asking import Asked, Early
from rules.model.decisions import (
    Ambiguous,
    AskPerson,
    By,
    Decision,
    Effect,
    Match,
    Nobody,
    Reason,
    RecordExchange,
    RememberAddress,
    Settled,
    Step,
    Verdict,
    Wish,
)
from rules.model.exchanges import Draft
from rules.model.facts import NOWHERE, Facts, Surroundings
from rules.model.people import Directory, Level, ThirdPartyId
from rules.model.quick import changed, quick
from rules.model.sightings import Event, MailPlace, Message, Sighting
from rules.names import named
from rules.privacy import redact
from rules.ruleset import RuleSet

parents = identity.parents

Steps = tuple[Step, ...]


# In Python 3.11 a member of an enum takes a quarter of a microsecond to be found, a name nothing.
_NOTHING, _EVERYTHING = Level.NOTHING, Level.EVERYTHING
_RECORD, _IGNORE, _MATCHED = Verdict.RECORD, Verdict.IGNORE, Reason.MATCHED


@quick
@dataclass(frozen=True, slots=True)
class _Known:
    """Whom it concerns, and how much may be kept of it."""

    asked: Asked
    matches: tuple[Match, ...]
    questions: tuple[Effect, ...]
    level: Level
    by: tuple[Wish, ...]
    steps: Steps


@quick
@dataclass(frozen=True, slots=True)
class _Waiting:
    """A decision by headers, as `text` goes on from it: `draft` before rules touched it."""

    known: _Known
    draft: Draft


def message(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    thread: tuple[ThirdPartyId, ...],
    now: datetime,
    veto: Level = Level.EVERYTHING,
    since: datetime | None = None,
    around: Surroundings = NOWHERE,
    answers: tuple[Settled, ...] = (),
) -> Decision:
    """Judge one copy of a mail by its headers; `text` completes a decision that `wants_text`.

    `thread` are the third parties of the exchange that it answers, `veto` an earlier wish about
    this message, `answers` what a person has said of its participants; what was received before
    `since` is counted only.
    """
    mail, place = sighting.what, sighting.place
    if not isinstance(mail, Message) or not isinstance(place, MailPlace):
        raise TypeError("only a message in a folder can be judged as mail")
    turned_away, steps = gates.pass_through(gates.MAIL, ruleset, directory, sighting)
    if turned_away is not None:
        return _ignore(ruleset, turned_away, steps=steps)
    old = gates.too_old(place.received or mail.date, since)
    if old is not None:
        return _ignore(ruleset, Reason.TOO_OLD, steps=(*steps, old))
    way, step = direction.direction(directory, sighting)
    steps = (*steps, step)
    if way is None:
        return _ignore(ruleset, Reason.INTERNAL, steps=steps)
    people = match.people(directory, mail)
    found = match.outsiders(people, thread)
    if mail.report is not None and thread:
        found = match.unreached(directory, mail.report, thread)
    kept: tuple[RememberAddress, ...] = ()
    if answers:
        # Of a bounce nobody takes part whose address could be remembered.
        kept = () if mail.report is not None else match.remembered(people, found, answers)
        found = match.settled(directory, found, answers)
    happened_at = drafting.sent_at(ruleset, mail, place, now)
    facts = Facts(sighting, directory, around, way, match.sure(found), happened_at, now)
    asked = asking.ask(ruleset, facts, people)
    known = _whom(asked, found, veto, steps, kept)
    if isinstance(known, Decision):
        return known
    draft = drafting.of_mail(ruleset, asked.item, place, mail, known.matches)
    return _record(known, asked, draft, wants_text=known.level is _EVERYTHING)


def text(decision: Decision, message: Message) -> Decision:
    """The decision completed by the text that it asked for, and by the rules that read it; others
    stay as they are."""
    waiting = decision.waiting
    if not decision.wants_text or not isinstance(waiting, _Waiting):
        return decision
    known, draft = waiting.known, waiting.draft
    asked = known.asked.with_text(message)
    return _record(known, asked, draft, drafting.text_of(draft, message))


def event(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    now: datetime,
    veto: Level = Level.EVERYTHING,
    around: Surroundings = NOWHERE,
    answers: tuple[Settled, ...] = (),
) -> Decision:
    """Judge one occurrence in a calendar: a meeting that took place is an exchange (spec §6).
    `answers` are what a person has said of its guests."""
    meeting = sighting.what
    if not isinstance(meeting, Event):
        raise TypeError("only an event can be judged as a meeting")
    turned_away, steps = gates.pass_through(gates.CALENDAR, ruleset, directory, sighting)
    if turned_away is not None or meeting.when is None:
        return _ignore(ruleset, turned_away or Reason.NO_TIME, steps=steps)
    sign = adopt.sign(ruleset, directory, sighting, around, now)
    if sign is not None:
        steps = (*steps, Step("a follow-up?", "yes", sign))
        return _ignore(ruleset, Reason.FOLLOW_UP, steps=steps)
    turned_away, more = gates.pass_through(gates.MEETING, ruleset, directory, sighting)
    steps = (*steps, *more)
    if turned_away is not None:
        return _ignore(ruleset, turned_away, steps=steps)
    found = guests_of(ruleset, directory, sighting, meeting)
    if not found and match.participants(meeting):
        return _ignore(ruleset, Reason.INTERNAL, steps=(*steps, Step("guests?", "colleagues only")))
    kept: tuple[RememberAddress, ...] = ()
    if answers:
        kept = match.remembered(match.people(directory, meeting), found, answers)
        found = match.settled(directory, found, answers)
    asked = asking.of_event(ruleset, directory, sighting, around, now, found)
    known = _whom(asked, found, veto, steps, kept)
    if isinstance(known, Decision):
        return known
    over_at = schedule.over_at(meeting.when)
    if over_at > now:
        steps = (*known.steps, Step("over?", "not yet", f"over at {over_at.isoformat()}"))
        return Decision(Verdict.WAIT, Reason.NOT_YET, ruleset.fingerprint, steps)
    way, step = direction.of_meeting(directory, sighting.owner, meeting)
    steps = (*known.steps, Step("over?", "yes"), step)
    known = changed(known, steps=steps)
    draft = drafting.of_event(
        ruleset, directory, sighting, meeting, meeting.when, way, known.matches
    )
    return _record(known, asked.completed(), draft)


def guests_of(
    ruleset: RuleSet, directory: Directory, sighting: Sighting, meeting: Event
) -> tuple[match.Result, ...]:
    """The guests from outside; of a call that lists none, whom its title names (spec §2)."""
    guests = match.parties(directory, sighting)
    if guests or not adopt.is_titled(meeting.summary, ruleset.phone_words):
        return guests
    return (named(directory, meeting.summary),)


def _whom(
    asked: Asked,
    found: tuple[match.Result, ...],
    veto: Level,
    steps: Steps,
    kept: tuple[RememberAddress, ...] = (),
) -> _Known | Decision:
    """Whom it concerns, or the decision that follows from nobody, a tie, or a wish for nothing.

    Of a message that concerns nobody the trace names no rule.
    """
    ruleset, facts = asked.ruleset, asked.item.facts
    directory, matches = facts.directory, facts.matches
    others = [f for f in found if not isinstance(f, Match)]
    ties = tuple(dict.fromkeys([f for f in others if isinstance(f, Ambiguous)])) if others else ()
    assigned = directory.parties_by_code.get(asked.early.third_party or "")
    steps = (*steps, _whose(others, matches, ties, assigned))
    if not matches and not ties and assigned is None:
        return _ignore(ruleset, *_of_nobody(asked.early), steps=steps)
    level, by, step = _how_much(asked, matches, ties, veto)
    if level is _NOTHING or asked.early.ignored:
        reason = Reason.VETOED if level is _NOTHING else Reason.RULE
        binding = (level, by) if level is _NOTHING else (_EVERYTHING, ())
        told = (*asking.steps(asked.rules), step)
        return _ignore(ruleset, reason, *binding, steps=(*steps, *told))
    if assigned is not None:
        theirs = tuple(m for m in matches if m.third_party == assigned)
        matches, ties = theirs or (Match(assigned, None, By.RULE),), ()
    questions: tuple[Effect, ...] = tuple([AskPerson(tie) for tie in ties])
    if kept:
        questions += kept
    if not matches:
        return Decision(
            Verdict.WAIT,
            Reason.AMBIGUOUS,
            ruleset.fingerprint,
            (*steps, *asking.steps(asked.rules), step),
            questions,
            level,
        )
    return _Known(asked, matches, questions, level, by, (*steps, step))


def _of_nobody(early: Early) -> tuple[Reason, Level, tuple[Wish, ...]]:
    """Why what matches nobody is left alone; a rule that keeps nothing of it binds all copies."""
    if early.level is Level.NOTHING:
        return Reason.VETOED, Level.NOTHING, (Wish.RULE,)
    return Reason.RULE if early.ignored else Reason.NO_THIRD_PARTY, Level.EVERYTHING, ()


def _whose(
    others: list[Ambiguous | Nobody],
    matches: tuple[Match, ...],
    ties: tuple[Ambiguous, ...],
    assigned: ThirdPartyId | None,
) -> Step:
    """Names third parties by number and strangers by count."""
    evidence = [f"third party {m.third_party} by {m.by}" for m in matches]
    if ties:
        evidence += [f"{len(t.candidates)} candidates by {t.by}" for t in ties]
    if unknown := len([f for f in others if isinstance(f, Nobody)]):
        evidence.append(f"{unknown} unknown from outside")
    if assigned is not None:
        evidence.insert(0, f"third party {assigned} by rule")
    is_known = bool(matches) or assigned is not None
    answer = "matched" if is_known else "ambiguous" if ties else "nobody that we know"
    if len(evidence) > 1:
        evidence = list(dict.fromkeys(evidence[:20]))
    return Step("whose?", answer, "; ".join(evidence))


_HOW_MUCH = "how much may be kept?"
_ALL_OF_IT = Step(_HOW_MUCH, "everything")


def _how_much(
    asked: Asked,
    matches: tuple[Match, ...],
    ties: tuple[Ambiguous, ...],
    veto: Level,
) -> tuple[Level, tuple[Wish, ...], Step]:
    facts = asked.item.facts
    contacts = [m.contact for m in matches if m.contact is not None]
    if ties:
        contacts += [c for t in ties for c in t.contacts]
    known = facts.directory.contacts
    theirs = min([known[c].level for c in contacts], default=_EVERYTHING)
    wishes = (facts.sighting.level, theirs, asked.early.level, veto)
    level = min(wishes)
    if level is _EVERYTHING:
        return level, (), _ALL_OF_IT
    whose = (Wish.ACCOUNT, Wish.CONTACT, Wish.RULE, Wish.EARLIER)
    by = tuple(who for who, wish in zip(whose, wishes, strict=True) if wish is level)
    return level, by, Step(_HOW_MUCH, level.name.lower(), f"by {', '.join(by)}")


def _record(
    known: _Known,
    asked: Asked,
    draft: Draft,
    text: Mapping[str, Any] = MappingProxyType({}),
    *,
    wants_text: bool = False,
) -> Decision:
    """The exchange, with the fields that its text fills, as the rules that fired want it; no more
    of it than may be kept, and what comes with it."""
    item, steps = asked.item, known.steps
    facts = item.facts
    changes = text
    if asked.fired:
        comment = text.get("comment", draft.comment)
        changes = {
            **text,
            **classifying.classified(draft, asked.ranked, facts.directory, item.what, comment),
        }
    shown = changed(draft, **changes) if changes else draft
    if known.level is not _EVERYTHING:
        shown = redact(shown, known.level)
    more: tuple[Effect, ...] = ()
    if long := asking.cut(item):
        steps = (*steps, *long)
    if asked.fired:
        more, refused = following.follow_ups(shown, asked.rules, facts.directory, facts.around)
        steps = (*steps, *asking.steps(asked.rules), *refused)
    return Decision(
        _RECORD,
        _MATCHED,
        asked.ruleset.fingerprint,
        steps,
        (RecordExchange(shown), *known.questions, *more),
        known.level,
        wants_text,
        known.by,
        _Waiting(known, draft) if wants_text else None,
    )


def _ignore(
    ruleset: RuleSet,
    reason: Reason,
    level: Level = Level.EVERYTHING,
    by: tuple[Wish, ...] = (),
    *,
    steps: Steps,
) -> Decision:
    return Decision(_IGNORE, reason, ruleset.fingerprint, steps, level=level, level_by=by)
