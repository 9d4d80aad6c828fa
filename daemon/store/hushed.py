"""What rules opened with an exchange tells no more of it than the exchange itself may."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from daemon.store import awaited, erasure, ledger, written
from daemon.store.database import Tx
from daemon.store.exchange_read import confidential, get
from daemon.store.follow_up_read import history
from daemon.store.follow_up_write import RULES, SUIVI, change
from daemon.store.opened import let_go, opened_with
from daemon.store.tables import follow_ups as t
from daemon.store.third_parties import get_third_party
from rules import merge
from rules.following import F, silent
from rules.model.exchanges import Exchange, ExchangeId
from rules.model.followups import FollowUp, FollowUpDraft, FollowUpId, State
from rules.model.people import Level
from rules.model.reasons import Why

_US = (SUIVI, RULES)
_TOLD = ("title", "description", "element")
"""Fields that rules fill from what an exchange tells."""


def hush(tx: Tx, exchange: ExchangeId, now: datetime) -> None:
    """Once less may be told of an exchange: what rules opened with it, or wait to open, says no
    more, and neither does its history. A confidential text is to them as one that is not there.
    What a person wrote into a follow-up is theirs, and stays.
    """
    stored = hush_opened(tx, exchange, now)
    if stored is None:
        return
    awaited.retell(
        tx,
        exchange,
        lambda draft: _silent(tx, draft, stored) if _says_more(draft, stored) else draft,
    )


def hush_opened(
    tx: Tx, exchange: ExchangeId, now: datetime, but: Collection[str] = ()
) -> Exchange | None:
    """`hush`, for what rules have opened already, without that of these keys; None, where all may
    be told."""
    stored = get(tx, exchange)
    if stored is None or (stored.level is Level.EVERYTHING and not confidential(tx, exchange)):
        return None
    written.write_anew(tx, exchange, now)
    for one in opened_with(tx, exchange):
        by_people = _by_people(tx, one)
        if one.key not in but and ("element" in by_people or _says_more(one, stored)):
            _become(tx, one, _silent(tx, one, stored), by_people, now)
    return stored


def withdraw(tx: Tx, exchange: ExchangeId, now: datetime) -> None:
    """Before an exchange goes of which nothing is kept: with what rules opened with it nothing
    is to be done, and it names nobody. One that somebody made theirs stays to be done."""
    written.write_anew(tx, exchange, now)
    for one in opened_with(tx, exchange):
        by_people = _by_people(tx, one)
        if by_people or ledger.was_reminded_of(tx, one.id):
            after = silent(one, _party(tx, one), "", one.ref)
        else:
            after = replace(silent(one, "", "", ""), third_party=None, contact=None)
            if one.state is State.TO_DO:
                after = merge.apply(after, merge.Changes(state=State.NOT_NEEDED))
        _become(tx, one, after, by_people, now)
    let_go(tx, exchange, now)


def _says_more(one: FollowUp | FollowUpDraft, stored: Exchange) -> bool:
    """Whether it may tell what is hidden: the subject, or a reference of the text, which is that
    of its element."""
    linked = {(e.type, e.ref) for e in stored.elements}
    is_linked = one.element is None or (one.element.type, one.element.ref) in linked
    return stored.level < Level.SUBJECT or not is_linked


def _silent(tx: Tx, one: F, stored: Exchange) -> F:
    return silent(one, _party(tx, one), stored.subject, stored.ref)


def _party(tx: Tx, one: FollowUp | FollowUpDraft) -> str:
    party = get_third_party(tx, one.third_party) if one.third_party is not None else None
    return party.name if party else ""


def _by_people(tx: Tx, one: FollowUp) -> set[str]:
    return {change.field for change in history(tx, one.id) if change.by not in _US}


def _become(tx: Tx, one: FollowUp, after: FollowUp, by_people: set[str], now: datetime) -> None:
    kept = {name: getattr(one, name) for name in _TOLD if name in by_people}
    change(tx, replace(after, **kept), RULES, Why.LESS_TOLD, now, one.revision)
    _forget(tx, one.id)


def _forget(tx: Tx, follow_up: FollowUpId) -> None:
    """What it said before, in its history too; of that, what people wrote last stays."""
    c = t.follow_up_change.c
    told = sa.and_(c.follow_up_id == follow_up, c.field.in_(_TOLD))
    tx.execute(sa.update(t.follow_up_change).where(told).values(old=None))
    tx.execute(sa.update(t.follow_up_change).where(told, c.by.in_(_US)).values(new=None))
    erasure.erased(tx)
