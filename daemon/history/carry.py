"""Bringing exchanges in step with other rules, in the caller's transaction.

Done again it finds nothing to do; what a person wished, deleted or edited is never touched.
"""

from dataclasses import replace
from datetime import datetime

from daemon.history import brought, causes
from daemon.history.compare import (
    COPIES,
    PEOPLE,
    Both,
    brought_by,
    lost_copies,
    was_judged,
)
from daemon.history.findings import Difference
from daemon.store import audit, exchanges, hushed, twin, vetoes, whole, work
from daemon.store.calendars import LOOK_AGAIN, key_of
from daemon.store.whole import Whole
from rules import closing
from rules.model.decisions import Reason
from rules.model.exchanges import ExchangeId
from rules.model.people import Level

WHO = "rules apply"
"""Who did it, in the audit trail."""

ANSWER = "answer"
"""The kind of work that looks whether a new exchange answers a follow-up."""


def carry(
    both: Both, found: Difference, rules: str, live_since: datetime | None, now: datetime
) -> str:
    """Make one exchange as the other rules want it; its reference.

    `both.here` is a transaction that may write; `rules` the fingerprint of the other rules.
    """
    if found.here is None:
        ref = _record(both, found, rules, live_since, now)
    elif found.there is None:
        ref = _hide(both, found, now)
    else:
        ref = _change(both, found, rules, live_since, now)
    audit.note(both.here, WHO, f"{found.change} by rules {rules}", ref, now)
    return ref


def _record(
    both: Both, found: Difference, rules: str, live_since: datetime | None, now: datetime
) -> str:
    there = found.there
    assert there is not None  # noqa: S101  what stands in neither store is no difference
    other = _judged_part(both, whole.read(both.there, [there])[there])
    _settle_veto(both, causes.mark(both.scope.secret, other))
    number = whole.insert(both.here, other, rules, now)
    _note_decisions(both, other, number, now)
    brought.opened(both.here, both.there, number, there, live_since, now)
    if closing.is_live(other.row["happened_at"], live_since):
        work.put(both.here, ANSWER, str(number), now)
    return whole.read(both.here, [number])[number].ref


def _hide(both: Both, found: Difference, now: datetime) -> str:
    here = found.here
    assert here is not None  # noqa: S101  see above
    mine = whole.read(both.here, [here])[here]
    _settle_veto(both, causes.mark(both.scope.secret, mine))
    # What is not recorded is told by nothing, whatever the reason.
    hushed.withdraw(both.here, here, now)
    whole.remove(both.here, mine)
    for copy in mine.copies:
        if found.reason is Reason.FOLLOW_UP and copy["calendar_id"] is not None:
            # The daemon reads it again, and adopts it.
            work.put(both.here, LOOK_AGAIN, key_of(copy["calendar_id"], copy["href"]), now)
        if (judged := twin.judged(both.there, copy)) is not None:
            twin.note(both.here, judged, None, now)
    return mine.ref


def _change(
    both: Both, found: Difference, rules: str, live_since: datetime | None, now: datetime
) -> str:
    here, there = found.here, found.there
    assert here is not None  # noqa: S101  see above
    assert there is not None  # noqa: S101  see above
    mine = whole.read(both.here, [here])[here]
    other = _judged_part(both, whole.read(both.there, [there])[there])
    _settle_veto(both, causes.mark(both.scope.secret, other))
    if brought.FOLLOW_UPS in found.fields:
        more = brought_by(both, here, there)
        brought.carry(both.here, both.there, here, there, more, live_since, now)
    fields = found.fields - {COPIES, brought.FOLLOW_UPS}
    if lost_copies(both, mine, other):
        # What copies told that can't be read any more stays.
        for table in sorted(fields & PEOPLE):
            whole.add_rows(both.here, mine, other, table)
        fields -= PEOPLE
    if COPIES in found.fields:
        whole.drop_copies(both.here, mine, other, but=lost_copies(both, mine, other))
    whole.replace(both.here, mine, other, fields, rules)
    # What somebody made theirs tells no more of it than the rest.
    hushed.hush_opened(
        both.here, here, now, but=brought.in_step(both.here, both.there, here, there)
    )
    _note_decisions(both, other, here, now)
    return mine.ref


def _judged_part(both: Both, other: Whole) -> Whole:
    """Without the copies that came since: the daemon judges those."""
    return replace(other, copies=tuple(c for c in other.copies if was_judged(both, c)))


def _note_decisions(both: Both, other: Whole, exchange: ExchangeId, now: datetime) -> None:
    for copy in other.copies:
        if (judged := twin.judged(both.there, copy)) is not None:
            twin.note(both.here, judged, exchange, now)


def _settle_veto(both: Both, mark: str | None) -> None:
    """Rules want it hidden as far as the other rules do, and no further."""
    if mark is not None:
        settle_veto(both, mark, vetoes.of_rules(both.there, [mark]).get(mark))


def settle_veto(both: Both, mark: str, level: Level | None) -> None:
    """What rules want hidden of one message; people's wishes stay."""
    vetoes.set_of_rules(both.here, mark, level)
    exchanges.dig_up(both.here, mark)
    twin.bury(both.here, twin.burials(both.there, mark))
