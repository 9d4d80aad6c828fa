"""What stands here, held against what other rules made of the same past in a store of its own.

Both are walked in the order of their exchanges, a few at a time, so that memory does not grow with
the history. A difference counts only where rules cause it: a contact who was added, or a message
that was lost, since then is no rule's doing, and stays as it is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from daemon.history import brought, causes, telling
from daemon.history.brought import Brought
from daemon.history.causes import Cause
from daemon.history.findings import Change, Difference, Finding, InStep, Scope, Undecided, Why
from daemon.store import Store, Tx, calendars, twin, whole
from daemon.store.twin import Judged
from daemon.store.whole import Whole
from rules.model.decisions import Reason, Verdict
from rules.model.exchanges import ExchangeId

CHUNK = 100

TEXTS = frozenset(
    {
        "comment",
        "html",
        "quoted_from",
        "exchange_attachment",
        "exchange_undelivered",
        "confidential_comment",
    }
)
PEOPLE = frozenset({"exchange_user", "exchange_party", "exchange_contact"})
COPIES = "sighting"
"""The name under which copies that come or go are told, beside columns and tables."""


@dataclass(frozen=True, slots=True)
class Both:
    """A moment of both stores: `here` what stands, `there` what the other rules made."""

    here: Tx
    there: Tx
    scope: Scope


def compare(store: Store, other: Store, scope: Scope) -> Iterator[Finding]:
    """Everything that was found, in the order of the exchanges there, then of those only here.

    No transaction is open while somebody looks at what was found: it would keep erased texts in
    the log of the database.
    """
    for find, ids in parts(store, other, scope):
        with store.read() as here, other.read() as there:
            found = tuple(find(Both(here, there, scope), ids))
        yield from found


Find = Callable[[Both, Iterable[ExchangeId]], Iterator[Finding]]


def parts(
    store: Store, other: Store, scope: Scope
) -> Iterator[tuple[Find, tuple[ExchangeId, ...]]]:
    """Both histories, a few exchanges at a time, and how each few are compared."""
    for ids in _chunks_of(other):
        yield of_there, ids
    for ids in _chunks_of(store, scope.last):
        yield of_here, ids


def _chunks_of(store: Store, last: ExchangeId | None = None) -> Iterator[tuple[ExchangeId, ...]]:
    """The captured exchanges of a store, a few at a time, by their ids."""
    after = ExchangeId(0)
    while True:
        with store.read() as tx:
            ids = whole.captured(tx, after, CHUNK)
        ids = tuple(i for i in ids if last is None or i <= last)
        if not ids:
            return
        yield ids
        after = ids[-1]


def of_there(both: Both, ids: Iterable[ExchangeId]) -> Iterator[Finding]:
    """Of these exchanges that the other rules made: what is new or otherwise."""
    theirs = whole.read(both.there, ids)
    theirs_bring = brought.concerned(both.there, theirs)
    known = whole.by_keys(both.here, theirs.values())
    ours = whole.read(both.here, known.values())
    ours_bring = brought.concerned(both.here, ours)
    for other in theirs.values():
        if not _concerns(both.scope, other):
            continue
        mine = ours.get(known.get(other.id, ExchangeId(0)))
        if mine is None:
            yield from _new(both, other)
        elif mine.row["source"] in whole.SOURCES and mine.id <= both.scope.last:
            brings = mine.id in ours_bring or other.id in theirs_bring
            yield from _both(both, mine, other, brings=brings)


def of_here(both: Both, ids: Iterable[ExchangeId]) -> Iterator[Finding]:
    """Of these exchanges that stand here: those that the other rules did not record."""
    ours = whole.read(both.here, ids)
    known = whole.by_keys(both.there, ours.values())
    for mine in ours.values():
        if mine.id not in known and _concerns(both.scope, mine):
            yield _missing(both, mine)


def _concerns(scope: Scope, one: Whole) -> bool:
    return scope.since is None or one.row["happened_at"] >= scope.since


# --- recorded there, unknown here ---------------------------------------------------------------


def _new(both: Both, other: Whole) -> Iterator[Finding]:
    copies = [copy for copy in other.copies if was_judged(both, copy)]
    if not copies:
        # It came since: the daemon will judge it, by the rules then in force.
        return
    decision = _first(both, copies)
    fired = causes.of_copy(decision).rules
    told = telling.known(both.there, other, ref="")
    if not fired.isdisjoint(both.scope.timed):
        yield Undecided(Why.PRESENT_TIME, told)
        return
    yield Difference(
        Change.RECORDED, told, fired=tuple(sorted(fired)), there=other.id, keys=other.keys
    )


def was_judged(both: Both, copy: whole.Row) -> bool:
    """Whether this copy belongs to the past: the daemon has seen and judged it already."""
    if copy["folder_id"] is not None:
        ranges = both.scope.judged.get((copy["folder_id"], copy["uidvalidity"]), ())
        return any(lo <= copy["uid"] <= hi for lo, hi in ranges)
    if (copy["calendar_id"], copy["href"]) in both.scope.pending:
        return False
    return calendars.knows(both.here, copy["calendar_id"], copy["href"])


def _first(both: Both, copies: Sequence[whole.Row]) -> Judged | None:
    found = (twin.judged(both.there, copy) for copy in copies)
    return next((one for one in found if one is not None), None)


# --- recorded in both ---------------------------------------------------------------------------


def brought_by(both: Both, mine: ExchangeId, other: ExchangeId) -> Brought:
    """What the other rules bring otherwise with an exchange of both."""
    old = causes.of_exchange(both.here, mine)
    return brought.differing(both.here, both.there, mine, other, old)


def _both(both: Both, mine: Whole, other: Whole, *, brings: bool) -> Iterator[Finding]:
    fields = set(whole.differing(mine, other))
    more = brought_by(both, mine.id, other.id) if brings else Brought()
    if more:
        fields.add(brought.FOLLOW_UPS)
    lost = lost_copies(both, mine, other)
    dropped = [c for c in mine.copies if not _has(other, c) and c not in lost]
    added = [c for c in other.copies if not _has(mine, c) and was_judged(both, c)]
    if dropped or added:
        fields.add(COPIES)
    if lost:
        fields -= _only_by_lost_copies(mine, other, fields)
    if not fields and not more.stays:
        yield InStep(mine.id, other.id)
        return
    told = telling.known(both.here, mine, ref=mine.ref)
    if more.stays:
        why = Why.REMINDED if brought.was_reminded(both.here, mine.id) else Why.EDITED
        yield Undecided(why, told, tuple(one.ref for one in more.stays))
    old = causes.of_exchange(both.here, mine.id)
    new = causes.of_exchange(both.there, other.id)
    before, now = old.rules, new.rules
    stays = _what_stays(both, mine, other, fields, (old, new), bool(lost))
    for why, names in stays.items():
        yield Undecided(why, told, telling.names(names))
        fields -= names
    if not fields:
        return
    yield Difference(
        _change(mine, other),
        told,
        telling.shifts(both.here, both.there, mine, other, fields),
        fired=tuple(sorted(now - before)) or tuple(sorted(now)),
        fell_away=tuple(sorted(before - now)),
        here=mine.id,
        there=other.id,
        fields=frozenset(fields),
        keys=other.keys,
    )


def _what_stays(
    both: Both,
    mine: Whole,
    other: Whole,
    fields: set[str],
    causes_: tuple[Cause, Cause],
    lost: bool,
) -> dict[Why, set[str]]:
    """The fields that can't be judged again, by the reason."""
    rules = causes_[0].rules | causes_[1].rules
    by_thread = any(cause.by_thread for cause in causes_)
    hidden = other.row["level"] < mine.row["level"]
    if not rules and not by_thread and not hidden and COPIES not in fields:
        return {Why.DIRECTORY: set(fields)}
    if not rules.isdisjoint(both.scope.timed):
        return {Why.PRESENT_TIME: set(fields)}
    found: dict[Why, set[str]] = {}
    edited = fields & mine.edited
    if edited:
        found[Why.EDITED] = edited
    if _is_silent(both.scope, other) and fields & TEXTS:
        found[Why.NOT_ANSWERED] = fields & TEXTS - edited
    if lost and other.row["level"] > mine.row["level"]:
        # A copy that is gone may have wanted it hidden.
        found[Why.GONE] = fields & (TEXTS | {"level", "subject"}) - edited
    return {why: names for why, names in found.items() if names}


def _is_silent(scope: Scope, other: Whole) -> bool:
    return any((copy["folder_id"], copy["uid"]) in scope.silent for copy in other.copies)


def lost_copies(both: Both, mine: Whole, other: Whole) -> list[whole.Row]:
    """Copies that stand here only, because they can't be seen any more."""
    only = (copy for copy in mine.copies if not _has(other, copy))
    return [copy for copy in only if twin.judged(both.there, copy) is None]


def _has(one: Whole, copy: whole.Row) -> bool:
    return any(whole.place(c) == whole.place(copy) for c in one.copies)


def _only_by_lost_copies(mine: Whole, other: Whole, fields: set[str]) -> set[str]:
    """Tables that differ only in what copies which are gone have told."""
    here, there = whole.facts(mine), whole.facts(other)
    return {name for name in fields & PEOPLE if here[name] >= there[name]}


def _change(mine: Whole, other: Whole) -> Change:
    if other.row["level"] < mine.row["level"]:
        return Change.HIDDEN
    return Change.RECORDED if other.row["level"] > mine.row["level"] else Change.RECLASSIFIED


# --- here only ----------------------------------------------------------------------------------

# What a rule, or a setting that keeps out, says; the others follow from directory and mailbox.
_BY_RULES = frozenset({Reason.VETOED, Reason.KEPT_OUT, Reason.RULE})
# Binds the message, wherever copies of it are or were.
_BINDS_ALL = frozenset({Reason.VETOED})


def _missing(both: Both, mine: Whole) -> Finding:
    told = telling.known(both.here, mine, ref=mine.ref)
    found = [twin.judged(both.there, copy) for copy in mine.copies]
    if not any(found):
        found = [_elsewhere(both, mine)]
    seen = [one for one in found if one is not None]
    if not seen:
        return Undecided(_why_unseen(both, mine), told)
    veto = twin.vetoed(both.there, seen[0].key_hash)
    decision = veto or next((f for f in seen if f.verdict is not Verdict.RECORD), seen[0])
    if len(seen) < len(found) and decision.reason not in _BINDS_ALL:
        return Undecided(_why_unseen(both, mine), told)
    old, new = causes.of_exchange(both.here, mine.id), causes.of_copy(decision)
    why = _why_kept(both, mine, decision, (old, new))
    if why is not None:
        return Undecided(why, told)
    return Difference(
        Change.HIDDEN,
        told,
        fired=tuple(sorted(new.rules)),
        fell_away=tuple(sorted(old.rules - new.rules)),
        reason=decision.reason,
        step=decision.trace[-1] if decision.trace else None,
        here=mine.id,
        keys=mine.keys,
    )


def _elsewhere(both: Both, mine: Whole) -> Judged | None:
    """Its folder was numbered anew, or it was moved: the same message at another place."""
    mark = causes.mark(both.scope.secret, mine)
    return None if mark is None else twin.judged_by_hash(both.there, mark)


def _why_unseen(both: Both, mine: Whole) -> Why:
    for copy in mine.copies:
        if copy["account_id"] in both.scope.unread:
            return both.scope.unread[copy["account_id"]]
        trouble = twin.trouble(both.there, copy)
        if trouble is not None:
            return Why.UNREADABLE if trouble == "quarantine" else Why.NOT_ANSWERED
    return Why.GONE


def _why_kept(
    both: Both, mine: Whole, decision: Judged, causes_: tuple[Cause, Cause]
) -> Why | None:
    """Why it stays though the other rules did not record it; None: it goes."""
    rules = causes_[0].rules | causes_[1].rules
    if mine.edited:
        return Why.EDITED
    if decision.reason is Reason.TOO_OLD:
        return Why.TOO_OLD
    if not rules.isdisjoint(both.scope.timed):
        return Why.PRESENT_TIME
    if brought.was_reminded(both.here, mine.id):
        return Why.REMINDED
    if rules or decision.reason in _BY_RULES or _adopted_by_rule(decision):
        return None
    if not causes_[0].by_thread:
        return Why.DIRECTORY
    return Why.THREAD if _thread_stays(both, mine) else None


def _adopted_by_rule(decision: Judged) -> bool:
    """Whether it is a follow-up now because a rule says so, not the person who retitled it."""
    is_one = decision.reason is Reason.FOLLOW_UP
    return is_one and any(step.evidence == "rule" for step in decision.trace)


def _thread_stays(both: Both, mine: Whole) -> bool:
    """Whether another part of its thread is not recorded any more, and by no rule: it is gone from
    its mailbox, or the directory changed. What was known by that part stays with it."""
    ids = whole.of_thread(both.here, mine.row["thread"], but=mine.id)
    thread = whole.read(both.here, ids).values()
    known = whole.by_keys(both.there, thread)
    for one in thread:
        if one.id in known or causes.of_exchange(both.here, one.id).by_thread:
            continue
        found = [j for c in one.copies if (j := twin.judged(both.there, c)) is not None]
        rules = causes.of_exchange(both.here, one.id).rules
        if not rules and not any(causes.of_copy(j).rules or j.reason in _BY_RULES for j in found):
            return True
    return False


def chosen(finding: Finding, only: frozenset[Change], items: frozenset[str]) -> Difference | None:
    """The difference, if it is one of those that were asked for; none asked for means all."""
    if not isinstance(finding, Difference):
        return None
    if only and finding.change not in only:
        return None
    return finding if not items or finding.known.ref in items else None
