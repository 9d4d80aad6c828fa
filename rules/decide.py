"""What is done with a sighting, and why: each question is a step of the trace, in order.

    turned away? → which way? → whose? → how much may be kept? → record

Nothing is performed here; effects say what is to be. Of people who match nobody, the trace holds
their number only.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from rules import adopt, direction, drafting, gates, identity, match, schedule
from rules.model.decisions import (
    Ambiguous,
    AskPerson,
    Decision,
    Effect,
    Match,
    Reason,
    RecordExchange,
    Step,
    Verdict,
    Wish,
)
from rules.model.exchanges import Draft
from rules.model.people import Directory, Level, ThirdPartyId
from rules.model.sightings import Event, MailKind, MailPlace, Message, Sighting
from rules.names import named
from rules.privacy import redact, strictest
from rules.ruleset import RuleSet
from rules.words import harmless

parents = identity.parents

Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """Whom it concerns, and how much may be kept of it."""

    matches: tuple[Match, ...]
    questions: tuple[AskPerson, ...]
    level: Level
    steps: Steps


def message(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    thread: tuple[ThirdPartyId, ...],
    now: datetime,
    veto: Level = Level.EVERYTHING,
    since: datetime | None = None,
) -> Decision:
    """Judge one copy of a mail by its headers.

    `thread` are the third parties of the exchange that it answers, `veto` an earlier wish about
    this message; what was received before `since` is counted only.
    """
    mail, place = sighting.what, sighting.place
    if not isinstance(mail, Message) or not isinstance(place, MailPlace):
        raise TypeError("only a message in a folder can be judged as mail")
    turned_away, steps = gates.pass_through(gates.MAIL, ruleset, directory, sighting)
    if turned_away is not None:
        return _ignore(ruleset, turned_away, steps)
    old = gates.too_old(place.received or mail.date, since)
    if old is not None:
        return _ignore(ruleset, Reason.TOO_OLD, (*steps, old))
    way, step = direction.direction(directory, sighting)
    steps = (*steps, step)
    if way is None:
        return _ignore(ruleset, Reason.INTERNAL, steps)
    found = match.parties(directory, sighting, thread)
    known = _whom(ruleset, directory, sighting, found, veto, steps)
    if isinstance(known, Decision):
        return known
    draft = drafting.of_mail(ruleset, directory, sighting, place, mail, way, known.matches, now)
    return _record(ruleset, known, draft, wants_text=known.level is Level.EVERYTHING)


def text(decision: Decision, message: Message) -> Decision:
    """The decision completed by the text that it asked for; others stay as they are."""
    if not decision.wants_text:
        return decision
    effects = tuple(
        replace(e, draft=_with_text(e.draft, message)) if isinstance(e, RecordExchange) else e
        for e in decision.effects
    )
    return replace(decision, effects=effects, wants_text=False)


def event(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    now: datetime,
    veto: Level = Level.EVERYTHING,
) -> Decision:
    """Judge one occurrence in a calendar: a meeting that took place is an exchange (spec §6)."""
    meeting = sighting.what
    if not isinstance(meeting, Event):
        raise TypeError("only an event can be judged as a meeting")
    turned_away, steps = gates.pass_through(gates.CALENDAR, ruleset, directory, sighting)
    if turned_away is not None or meeting.when is None:
        return _ignore(ruleset, turned_away or Reason.NO_TIME, steps)
    sign = adopt.sign(ruleset, directory, sighting)
    if sign is not None:
        steps = (*steps, Step("a follow-up?", "yes", sign))
        return _ignore(ruleset, Reason.FOLLOW_UP, steps)
    turned_away, more = gates.pass_through(gates.MEETING, ruleset, directory, sighting)
    steps = (*steps, *more)
    if turned_away is not None:
        return _ignore(ruleset, turned_away, steps)
    found = _guests(ruleset, directory, sighting, meeting)
    if not found and match.participants(meeting):
        return _ignore(ruleset, Reason.INTERNAL, (*steps, Step("guests?", "colleagues only")))
    known = _whom(ruleset, directory, sighting, found, veto, steps)
    if isinstance(known, Decision):
        return known
    over_at = schedule.over_at(meeting.when)
    if over_at > now:
        steps = (*known.steps, Step("over?", "not yet", f"over at {over_at.isoformat()}"))
        return Decision(Verdict.WAIT, Reason.NOT_YET, ruleset.fingerprint, steps)
    way, step = direction.of_meeting(directory, sighting.owner, meeting)
    known = replace(known, steps=(*known.steps, Step("over?", "yes"), step))
    draft = drafting.of_event(
        ruleset, directory, sighting, meeting, meeting.when, way, known.matches
    )
    return _record(ruleset, known, draft, wants_text=False)


def _guests(
    ruleset: RuleSet, directory: Directory, sighting: Sighting, meeting: Event
) -> tuple[match.Result, ...]:
    """The guests from outside; of a call that lists none, whom its title names (spec §2)."""
    guests = match.parties(directory, sighting)
    if guests or not adopt.is_titled(meeting.summary, ruleset.phone_words):
        return guests
    return (named(directory, meeting.summary),)


def _whom(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    found: tuple[match.Result, ...],
    veto: Level,
    steps: Steps,
) -> _Known | Decision:
    """Whom it concerns, or the decision that follows from nobody, a tie, or a wish for nothing."""
    matches = tuple(dict.fromkeys(f for f in found if isinstance(f, Match)))
    ties = tuple(dict.fromkeys(f for f in found if isinstance(f, Ambiguous)))
    steps = (*steps, _whose(found, matches, ties))
    if not matches and not ties:
        return _ignore(ruleset, Reason.NO_THIRD_PARTY, steps)
    level, by, step = _how_much(directory, sighting, matches, ties, veto)
    steps = (*steps, step)
    if level is Level.NOTHING:
        return _ignore(ruleset, Reason.VETOED, steps, level, by)
    questions = tuple(AskPerson(tie) for tie in ties)
    if not matches:
        return Decision(
            Verdict.WAIT, Reason.AMBIGUOUS, ruleset.fingerprint, steps, questions, level
        )
    return _Known(matches, questions, level, steps)


def _whose(
    found: tuple[match.Result, ...], matches: tuple[Match, ...], ties: tuple[Ambiguous, ...]
) -> Step:
    """Names third parties by number and strangers by count."""
    evidence = [f"third party {m.third_party} by {m.by}" for m in matches]
    evidence += [f"{len(t.candidates)} candidates by {t.by}" for t in ties]
    unknown = len(found) - sum(isinstance(f, Match | Ambiguous) for f in found)
    if unknown:
        evidence.append(f"{unknown} unknown from outside")
    answer = "matched" if matches else "ambiguous" if ties else "nobody that we know"
    return Step("whose?", answer, "; ".join(dict.fromkeys(evidence[:20])))


def _how_much(
    directory: Directory,
    sighting: Sighting,
    matches: tuple[Match, ...],
    ties: tuple[Ambiguous, ...],
    veto: Level,
) -> tuple[Level, tuple[Wish, ...], Step]:
    contacts = {m.contact for m in matches if m.contact is not None}
    contacts |= {c for t in ties for c in t.contacts}
    wishes = {
        Wish.ACCOUNT: sighting.level,
        Wish.CONTACT: strictest(*(directory.contacts[c].level for c in contacts)),
        Wish.EARLIER: veto,
    }
    level = strictest(*wishes.values())
    by = tuple(who for who, wish in wishes.items() if wish is level is not Level.EVERYTHING)
    evidence = f"by {', '.join(by)}" if by else ""
    return level, by, Step("how much may be kept?", level.name.lower(), evidence)


def _record(ruleset: RuleSet, known: _Known, draft: Draft, *, wants_text: bool) -> Decision:
    effects: tuple[Effect, ...] = (
        RecordExchange(redact(draft, known.level)),
        *known.questions,
    )
    return Decision(
        Verdict.RECORD,
        Reason.MATCHED,
        ruleset.fingerprint,
        known.steps,
        effects,
        known.level,
        wants_text,
    )


def _ignore(
    ruleset: RuleSet,
    reason: Reason,
    steps: Steps,
    level: Level = Level.EVERYTHING,
    by: tuple[Wish, ...] = (),
) -> Decision:
    return Decision(Verdict.IGNORE, reason, ruleset.fingerprint, steps, level=level, level_by=by)


def _with_text(draft: Draft, message: Message) -> Draft:
    body = message.body
    human = draft.kind in (None, MailKind.HUMAN)
    return replace(
        draft,
        comment=harmless(body.text) if body else "",
        quoted_from=body.quoted_from if body else None,
        attachments=drafting.attachments(message.attachments),
        kind=MailKind.INVITATION if message.invites is not None and human else draft.kind,
    )
