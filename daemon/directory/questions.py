"""Participants whom several third parties claim: shown, decided by a person, and remembered.

Deciding makes the next sync judge the message again, in which the answer stands in place of the
tie; nothing is decided here of what is recorded.
"""

from dataclasses import dataclass
from datetime import datetime

from daemon.directory.acting import Actor, Conflict, Missing, NotAllowed, Unfit
from daemon.i18n import mark
from daemon.store import Tx, accounts, ambiguities, calendars, folders, people, work
from daemon.store.ambiguities import Answer, Question
from daemon.store.identities import IdentityRule
from rules import access, identity
from rules.access import Action, PartyFacts
from rules.model.decisions import By
from rules.model.people import Contact, ThirdParty, ThirdPartyId


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a person reads it: in which account and folder or calendar, under which number
    or name there, and who it may be, as far as the person may see those."""

    id: int
    account: str
    place: str
    by: By
    candidates: tuple[ThirdParty, ...]
    contacts: tuple[Contact, ...]
    asked_at: datetime
    answer: Answer | None


def listed(tx: Tx, actor: Actor, after: int, limit: int) -> tuple[Asked, ...]:
    """What waits for a person, oldest first; raises NotAllowed."""
    _needs_sight(tx, actor)
    return tuple(_told(tx, actor, one) for one in ambiguities.open_ones(tx, after, limit))


def shown(tx: Tx, actor: Actor, number: int) -> Asked:
    """One question, decided or not. Raises Missing, NotAllowed."""
    _needs_sight(tx, actor)
    return _told(tx, actor, _question(tx, number))


def decide(
    tx: Tx, actor: Actor, number: int, chosen: ThirdPartyId | None, *, remember: bool = False
) -> Asked:
    """It is `chosen`, or with None nobody of the candidates; with `remember` all of that address
    is. The same again changes nothing. Raises Conflict where something else was decided."""
    actor.needs(tx, Action.CONFIGURE)
    question = _question(tx, number)
    may_be = {party.id for party in _told(tx, actor, question).candidates}
    if chosen is not None and chosen not in may_be:
        raise Unfit(mark("this third party is none of the candidates"))
    if remember and chosen is None:
        raise Unfit(mark("of none of them nothing can be remembered"))
    if question.answer is not None:
        if question.answer.chosen != chosen:
            raise Conflict(mark("it was decided otherwise already"))
        return _told(tx, actor, question)
    answer = Answer(chosen, remember, actor.id, actor.at)
    for spot in ambiguities.resolve(tx, question, answer):
        if spot.folder is not None and spot.uidvalidity is not None and spot.uid is not None:
            folders.unjudge(tx, spot.folder, spot.uidvalidity, spot.uid)
        elif spot.calendar is not None and spot.href is not None:
            again = calendars.key_of(spot.calendar, spot.href)
            work.put(tx, calendars.LOOK_AGAIN, again, actor.at)
    whom = "nobody" if chosen is None else f"third party {chosen}"
    actor.note(tx, f"decide: {whom}", f"ambiguity {number}")
    return _told(tx, actor, _question(tx, number))


def remembered(tx: Tx, actor: Actor) -> tuple[tuple[IdentityRule, ThirdParty], ...]:
    """The addresses of which it is decided whose they are. Raises NotAllowed."""
    _needs_sight(tx, actor)
    found = ((rule, people.get_third_party(tx, rule.third_party)) for rule in _rules(tx))
    return tuple(
        (rule, party) for rule, party in found if party is not None and _sees(tx, actor, party)
    )


def remember(tx: Tx, actor: Actor, email: str, party: ThirdPartyId) -> IdentityRule:
    """From now on this address is the third party's. Raises Missing, NotAllowed, Unfit."""
    owner = people.get_third_party(tx, party)
    if owner is None:
        raise Missing(mark("there is no such third party"))
    actor.needs(tx, Action.WIDEN_CAPTURE, PartyFacts(owner.entity))
    key = identity.key(email)
    if not identity.domain(key):
        raise Unfit(mark("one of the addresses is none"))
    people.put_identity(tx, key, party, actor.id, actor.at)
    actor.note(tx, "remember address", f"third party {party}")
    return next(rule for rule in _rules(tx) if rule.key == key)


def forget(tx: Tx, actor: Actor, email: str) -> None:
    """It is decided no more whose this address is. Raises Missing, NotAllowed."""
    actor.needs(tx, Action.CONFIGURE)
    if not people.drop_identity(tx, identity.key(email)):
        raise Missing(mark("of this address nothing is decided"))
    actor.note(tx, "forget address", "identity rule")


def _rules(tx: Tx) -> tuple[IdentityRule, ...]:
    return people.identity_rules(tx)


def _sees(tx: Tx, actor: Actor, party: ThirdParty) -> bool:
    place = PartyFacts(party.entity)
    return access.may(actor.user, people.groups(tx), Action.SEE_THIRD_PARTY, place)


def _needs_sight(tx: Tx, actor: Actor) -> None:
    groups = people.groups(tx)
    if not any(
        access.may(actor.user, groups, action)
        for action in (Action.CONFIGURE, Action.READ_DECISIONS)
    ):
        raise NotAllowed(mark("this needs the right to read decisions"))


def _question(tx: Tx, number: int) -> Question:
    found = ambiguities.get(tx, number)
    if found is None:
        raise Missing(mark("there is no such question"))
    return found


def _told(tx: Tx, actor: Actor, question: Question) -> Asked:
    spot = question.spot
    if spot.folder is not None:
        names = {folder.id: folder.name for folder in folders.of(tx, spot.account)}
        place = f"{names.get(spot.folder, spot.folder)} UID {spot.uid}"
    else:
        place = spot.href or ""
    found = (people.get_third_party(tx, p) for p in question.ambiguous.candidates)
    parties = tuple(party for party in found if party is not None and _sees(tx, actor, party))
    theirs = {party.id for party in parties}
    contacts = (people.get_contact(tx, c) for c in question.ambiguous.contacts)
    return Asked(
        question.id,
        accounts.names(tx).get(spot.account, str(spot.account)),
        place,
        question.ambiguous.by,
        parties,
        tuple(one for one in contacts if one is not None and one.third_party in theirs),
        question.asked_at,
        question.answer,
    )
