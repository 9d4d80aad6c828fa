"""A person's calendar object becomes a follow-up (spec §3): which sign says so, and about whom?"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from rules import asking, following, gates, identity, match, schedule
from rules.direction import Who, who
from rules.merge import reminders_of, told
from rules.model import marks
from rules.model.decisions import (
    Ambiguous,
    AskPerson,
    By,
    Decision,
    Match,
    Nobody,
    Reason,
    Step,
    Verdict,
)
from rules.model.exchanges import LinkedElement
from rules.model.facts import NOWHERE, Surroundings
from rules.model.followups import Assignee, FollowUpDraft, Origin
from rules.model.people import ContactId, Directory, Level, ThirdPartyId, UserId
from rules.model.sightings import Event, EventPlace, Sighting, When
from rules.names import named
from rules.privacy import strictest
from rules.ruleset import RuleSet
from rules.words import fold, words

# EXC-12, EXC-MAIN-12, PR2303-0107
_REFERENCE = re.compile(
    r"\b(?:EXC-(?:[A-Z0-9]{1,20}-)?\d{1,9}|[A-Z]{2,4}\d{4}-\d{3,6})\b", re.IGNORECASE
)
_LOOK_AT = 20_000

# What the ancestor's numbering says of an element (seed: "PR2303-0107", "FA2211-0059").
_ELEMENTS = {"PR": "quote", "CO": "order", "FA": "invoice", "FI": "intervention", "TK": "ticket"}


def sign(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    around: Surroundings,
    now: datetime,
) -> str | None:
    """Which sign says that this event is a follow-up; None: it is a meeting like any other."""
    event, place = _event(sighting), sighting.place
    if event.follow_up_key is not None:
        return "suivi's own mark"
    if isinstance(place, EventPlace) and place.dedicated:
        return "dedicated calendar"
    if _is_theirs(directory, sighting, event):
        return None
    categories = {words(c) for c in ruleset.follow_up_categories}
    if any(words(c) in categories for c in event.categories):
        return "category"
    # Ticked off or not.
    title = marks.done(event.summary)[1]
    if is_titled(title, ruleset.follow_up_prefixes):
        return "title prefix"
    if _is_tagged(title, ruleset):
        return "title tag"
    # With guests, or as a call, an event that quotes a reference is a dealing, not a reminder.
    is_dealing = _outsiders(directory, event) or is_titled(event.summary, ruleset.phone_words)
    if quotes_reference(event.summary) and not is_dealing:
        return "reference"
    if ruleset.rules and ask(ruleset, directory, sighting, around, now).early.adopts:
        return "rule"
    return None


def ask(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    around: Surroundings,
    now: datetime,
) -> asking.Asked:
    """What the rules of files say about an event that is, or may become, a follow-up."""
    about = third_party(directory, _event(sighting))
    return asking.of_event(ruleset, directory, sighting, around, now, (about,))


def is_titled(title: str, prefixes: tuple[str, ...]) -> bool:
    """Whether a title starts with one of these, word by word."""
    start = words(title[:500])
    return any(start[: len(p)] == p for p in map(words, prefixes) if p)


def says_follow_up(ruleset: RuleSet, title: str) -> bool:
    """Whether a title itself tells that this is a follow-up."""
    return is_titled(title, ruleset.follow_up_prefixes) or _is_tagged(title, ruleset)


def _is_tagged(title: str, ruleset: RuleSet) -> bool:
    return any(tag in fold(title[:500]).split() for tag in ruleset.follow_up_tags)


def quotes_reference(title: str) -> bool:
    """Whether a title quotes a reference of ours or of the ERP."""
    return _REFERENCE.search(title[:500]) is not None


def references(event: Event) -> tuple[str, ...]:
    """The references that an event names, the title's first; in upper case, once each."""
    found = (
        *_REFERENCE.findall(event.summary[:_LOOK_AT]),
        *_REFERENCE.findall(event.description[:_LOOK_AT]),
    )
    return tuple(dict.fromkeys(ref.upper() for ref in found))


def third_party(
    directory: Directory,
    event: Event,
    by_reference: Mapping[str, ThirdPartyId] | None = None,
) -> match.Result:
    """Whom it is about: an attendee's address, a reference, an attendee's domain, a name in the
    title. The first of these that says anything decides; two answers of one kind are Ambiguous."""
    guests = tuple(match.match(directory, a) for a in match.participants(event))
    named_ones = (by_reference or {}).get
    referred = tuple(
        Match(party, None, By.REFERENCE)
        for ref in references(event)
        if (party := named_ones(ref)) is not None
    )
    for found in (
        tuple(g for g in guests if not isinstance(g, Nobody) and g.by is By.ADDRESS),
        referred,
        tuple(g for g in guests if not isinstance(g, Nobody)),
    ):
        if found:
            return _agree(found)
    return named(directory, event.summary)


def adopt(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    now: datetime,
    live_since: datetime | None,
    by_reference: Mapping[str, ThirdPartyId] | None = None,
    around: Surroundings = NOWHERE,
    *,
    restored: bool = False,
) -> FollowUpDraft | Decision:
    """The follow-up that the person made, or why it is left alone: one that names nobody we know
    is not stored, and neither is one that was over before suivi went live.

    `restored`: a backup was put in the place of what was lost. Then an object with suivi's mark
    that nobody knows is a follow-up that was opened after the backup; it is taken back.
    """
    event = _event(sighting)
    turned_away, steps = gates.pass_through(gates.CALENDAR, ruleset, directory, sighting)
    if turned_away is not None or event.when is None:
        reason = turned_away or Reason.NO_TIME
        return Decision(Verdict.IGNORE, reason, ruleset.fingerprint, steps)
    if event.follow_up_key is not None and not (restored and _was_ours(directory, sighting)):
        steps = (*steps, Step("suivi's own?", "yes", "its mark on an object that we don't know"))
        return Decision(Verdict.IGNORE, Reason.FOLLOW_UP, ruleset.fingerprint, steps)
    old = gates.too_old(schedule.over_at(event.when), live_since)
    if old is not None:
        return Decision(Verdict.IGNORE, Reason.TOO_OLD, ruleset.fingerprint, (*steps, old))
    found = third_party(directory, event, by_reference)
    asked = asking.of_event(ruleset, directory, sighting, around, now, (found,)).completed()
    level = _level(directory, sighting, found, asked.early.level)
    about = _assigned(directory, asked.early, found)
    refusal = _refusal(about, level, asked.early)
    if refusal is not None or not isinstance(about, Match):
        reason, answer = refusal or (Reason.NO_THIRD_PARTY, "nobody that we know")
        effects = (AskPerson(about),) if isinstance(about, Ambiguous) and level else ()
        verdict = Verdict.WAIT if effects else Verdict.IGNORE
        # Of an event that concerns nobody the trace names no rule.
        told = () if isinstance(about, Nobody) else asking.steps(asked.rules)
        steps = (*steps, *told, Step("about whom?", answer))
        return Decision(verdict, reason, ruleset.fingerprint, steps, effects, level)
    draft = _draft(ruleset, directory, sighting, event, event.when, about, asked)
    if event.follow_up_key is None:
        return draft
    return replace(draft, key=event.follow_up_key, origin=_origin(event))


def _was_ours(directory: Directory, sighting: Sighting) -> bool:
    """Whether suivi itself has given the object its mark: a copy that a person made of one has
    another UID, and what others sent is not believed."""
    event = _event(sighting)
    if _is_theirs(directory, sighting, event) or event.follow_up_key is None:
        return False
    own = identity.follow_up_uid(event.follow_up_key)
    return event.uid == own or event.follow_up_key == identity.event_key(event)


def _origin(event: Event) -> Origin:
    """Whose object it is: of a person's own, the key is made of its UID."""
    person = event.follow_up_key == identity.event_key(event)
    return Origin.PERSON if person else Origin.SUIVI


def _assigned(directory: Directory, early: asking.Early, found: match.Result) -> match.Result:
    """Whom a rule says that it is about, else whom it names."""
    assigned = directory.parties_by_code.get(early.third_party or "")
    if assigned is None or (isinstance(found, Match) and found.third_party == assigned):
        return found
    return Match(assigned, None, By.RULE)


def _refusal(about: match.Result, level: Level, early: asking.Early) -> tuple[Reason, str] | None:
    if level is Level.NOTHING and not isinstance(about, Nobody):
        return Reason.VETOED, "nothing may be kept"
    if early.ignored:
        return Reason.RULE, "a rule ignores it"
    if isinstance(about, Nobody):
        return Reason.NO_THIRD_PARTY, "nobody that we know"
    if isinstance(about, Ambiguous):
        return Reason.AMBIGUOUS, f"{len(about.candidates)} third parties"
    return None


def _level(directory: Directory, sighting: Sighting, about: match.Result, by_rules: Level) -> Level:
    contacts: tuple[ContactId, ...] = ()
    if isinstance(about, Ambiguous):
        contacts = about.contacts
    elif isinstance(about, Match) and about.contact is not None:
        contacts = (about.contact,)
    return strictest(sighting.level, by_rules, *(directory.contacts[c].level for c in contacts))


def _draft(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    event: Event,
    when: When,
    about: Match,
    asked: asking.Asked,
) -> FollowUpDraft:
    title, state = told(event)
    party = directory.third_parties.get(about.third_party)
    return FollowUpDraft(
        key=identity.event_key(event),
        title=title,
        when=when,
        assignees=_assignees(directory, sighting.owner, event),
        third_party=about.third_party,
        contact=about.contact,
        creator=_creator(directory, sighting.owner, event),
        entity=party.entity if party else None,
        description=event.description,
        place=event.location,
        priority=event.priority,
        reminders=reminders_of(event) or (following.reminder(asked.rules),),
        element=_element(event),
        origin=Origin.PERSON,
        component=event.component,
        uid=event.uid,
        state=state,
        percent=event.percent or 0,
    )


def _assignees(directory: Directory, owner: UserId | None, event: Event) -> tuple[Assignee, ...]:
    """The calendar's owner, then staff among the guests; in a shared calendar its organizer."""
    guests = [match.user_of(directory, a) for a in match.participants(event)]
    known = [u for u in dict.fromkeys((owner, *guests)) if u is not None]
    return tuple(
        Assignee(user, owner=i == 0, busy=event.busy or i > 0) for i, user in enumerate(known)
    )


def _creator(directory: Directory, owner: UserId | None, event: Event) -> UserId | None:
    organizer = match.user_of(directory, event.organizer) if event.organizer else None
    return organizer if organizer is not None else owner


def _element(event: Event) -> LinkedElement | None:
    for ref in references(event):
        prefix = ref.rstrip("0123456789-")
        if prefix in _ELEMENTS:
            return LinkedElement(_ELEMENTS[prefix], ref)
    return None


def _agree(found: tuple[Match | Ambiguous, ...]) -> match.Result:
    """One answer if all name the same third party."""
    parties = {p for f in found for p in _parties(f)}
    contacts = {c for f in found for c in _contacts(f)}
    if len(parties) > 1:
        return Ambiguous(tuple(sorted(parties)), tuple(sorted(contacts)), found[0].by)
    return Match(parties.pop(), contacts.pop() if len(contacts) == 1 else None, found[0].by)


def _parties(found: Match | Ambiguous) -> tuple[ThirdPartyId, ...]:
    return found.candidates if isinstance(found, Ambiguous) else (found.third_party,)


def _contacts(found: Match | Ambiguous) -> tuple[ContactId, ...]:
    if isinstance(found, Ambiguous):
        return found.contacts
    return () if found.contact is None else (found.contact,)


def _is_theirs(directory: Directory, sighting: Sighting, event: Event) -> bool:
    """A meeting that somebody from outside called is a meeting, whatever they titled it."""
    if event.organizer is None:
        return False
    return who(directory, sighting.owner, event.organizer) in (Who.KNOWN, Who.STRANGER)


def _outsiders(directory: Directory, event: Event) -> bool:
    keys = (identity.key(a.email) for a in match.participants(event))
    return any(not match.is_internal(directory, key) for key in keys)


def _event(sighting: Sighting) -> Event:
    if not isinstance(sighting.what, Event):
        raise TypeError("only an event can be adopted")
    return sighting.what
