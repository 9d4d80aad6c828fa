"""Every message of every watched folder held against the ledger (spec §11).

    all UIDs of a folder, with their headers → what became of each → counts by reason

Nothing is changed, in the store or the mailbox, and it is safe beside a running daemon: what would
be unexplained is asked for once more, in a new session, before it is said. Memory does not grow
with the mailbox; what is unexplained is kept by its UID.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

from connectors.errors import ConnectorError, Refused
from daemon.capture.fates import Fate, Judged, Looking, Why, fates
from daemon.capture.mail import missing, watched
from daemon.ports import Mailbox
from daemon.rulebook import Rulebook
from daemon.store import exchanges, folders
from rules.model.sightings import FolderId, MailPlace
from rules.model.wire import FolderInfo, FolderState

HIGHEST_UID = 2**32 - 1
"""RFC 9051 §2.3.1.1"""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A message that nothing accounts for."""

    uid: int
    why: str


@dataclass(frozen=True, slots=True)
class FolderFound:
    """What became of each message of a folder. `gone`: copies in the ledger that the folder shows
    no more; `renumbered`: of a UIDVALIDITY that it has no more; `absent`: it is not there, or is
    not watched any more."""

    name: str
    uidvalidity: int | None
    counts: Counter[Judged] = field(default_factory=Counter)
    unexplained: tuple[Unexplained, ...] = ()
    gone: int = 0
    renumbered: int = 0
    absent: bool = False
    folder: FolderId | None = None


@dataclass(frozen=True, slots=True)
class AccountFound:
    """What became of each message of an account; `troubles` are lines that say what could not be
    asked, and why."""

    name: str
    folders: tuple[FolderFound, ...] = ()
    troubles: tuple[str, ...] = ()


Progress = Callable[[str, int, int], object]
"""Told after each batch: the folder, the UIDs looked at, and how many there are."""


@dataclass(frozen=True, slots=True)
class Reconciling:
    """One account to be held against its mailbox, which `login` opens."""

    looking: Looking
    rulebook: Rulebook
    login: Callable[[], Mailbox]
    batch: int = 500
    progress: Progress = lambda _folder, _done, _total: None


def reconcile(asked: Reconciling) -> AccountFound:
    """Every watched folder; one that can't be asked is told, and the others go on."""
    asking = _Asking(asked)
    asking.look()
    asking.look_again()
    absent = () if asking.cut_short else tuple(_absent(asked, asking.known))
    found = (*asking.found, *absent)
    return AccountFound(asked.looking.account.name, found, tuple(dict.fromkeys(asking.troubles)))


@dataclass(slots=True)
class _Asking:
    """An account being asked: what was found, and the folders that are known to be there."""

    asked: Reconciling
    found: list[FolderFound] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)
    cut_short: bool = False

    def look(self) -> None:
        """Sweep every watched folder."""
        asked, extra = self.asked, self.asked.looking.account.folders
        try:
            with closing(asked.login()) as mailbox:
                listed = mailbox.folders()
                self.troubles += missing(listed, extra)
                for info in watched(listed, extra):
                    self.known.add(info.name)
                    try:
                        self.found.append(_folder(asked, mailbox, info))
                    except Refused as error:
                        self.troubles.append(str(error))
        except ConnectorError as error:
            self.cut_short = True
            self.troubles.append(str(error))

    def look_again(self) -> None:
        """Ask once more for what would be unexplained; what can't be asked for is not said."""
        sure: list[FolderFound] = []
        for one in self.found:
            try:
                sure.append(_looked_again(self.asked, one))
            except ConnectorError as error:
                self.troubles.append(str(error))
        self.found = sure


def _folder(asked: Reconciling, mailbox: Mailbox, info: FolderInfo) -> FolderFound:
    looking = asked.looking
    state = mailbox.examine(info.name)
    with looking.store.read() as tx:
        ours = {one.name: one for one in folders.of(tx, looking.account.id)}.get(info.name)
        copies = exchanges.copies(tx, looking.account.id)
    found = FolderFound(info.name, state.uidvalidity)
    if ours is None:
        return replace(found, counts=_all(state, Why.NEVER_READ))
    others = sum(n for (f, v), n in copies.items() if f == ours.id and v != state.uidvalidity)
    found = replace(found, folder=ours.id, renumbered=others)
    if ours.uidvalidity != state.uidvalidity:
        return replace(found, counts=_all(state, Why.RENUMBERED))
    place = MailPlace(ours.id, info.role, info.name, state.uidvalidity, uid=0)
    return _swept(asked, mailbox, state, place, found)


def _all(state: FolderState, why: Why) -> Counter[Judged]:
    return +Counter({(Fate.PENDING, str(why)): state.exists})


def _swept(
    asked: Reconciling,
    mailbox: Mailbox,
    state: FolderState,
    place: MailPlace,
    found: FolderFound,
) -> FolderFound:
    looking, counts, gone = asked.looking, Counter[Judged](), 0
    unexplained: list[Unexplained] = []
    last = state.uidnext - 1
    for batch in mailbox.sweep(_ranges(last, asked.batch)):
        told, known = fates(looking, asked.rulebook.in_force(), mailbox, place, batch)
        counts.update(told.values())
        unexplained += _unexplained(told.items())
        gone += len(known.captured - told.keys())
        asked.progress(place.name, batch.hi, last)
    with looking.store.read() as tx:
        beyond = exchanges.captured(tx, place.folder, place.uidvalidity, state.uidnext, HIGHEST_UID)
    after = mailbox.examine(place.name)
    if after.uidvalidity != state.uidvalidity:
        return replace(found, counts=_all(after, Why.RENUMBERED))
    # What came since has a UID that is given out by now; an emptied mailbox counts anew.
    gone += sum(uid >= after.uidnext for uid in beyond)
    return replace(found, counts=counts, gone=gone, unexplained=tuple(unexplained))


def _ranges(last: int, batch: int) -> Iterator[tuple[int, int]]:
    return ((lo, min(lo + batch - 1, last)) for lo in range(1, last + 1, batch))


def _unexplained(told: Iterable[tuple[int, Judged]]) -> list[Unexplained]:
    return [Unexplained(uid, why) for uid, (fate, why) in told if fate is Fate.UNEXPLAINED]


def _looked_again(asked: Reconciling, found: FolderFound) -> FolderFound:
    """The same, where what would be unexplained was asked for once more: it may have been moved,
    judged or marked meanwhile, rules may have come into force, the folder been numbered anew."""
    if not found.unexplained or found.folder is None:
        return found
    counts = Counter(found.counts)
    for one in found.unexplained:
        counts[Fate.UNEXPLAINED, one.why] -= 1
    with closing(asked.login()) as mailbox:
        info = next((i for i in mailbox.folders() if i.name == found.name), None)
        if info is None:
            return replace(found, counts=+counts, unexplained=())
        state = mailbox.examine(found.name)
        if state.uidvalidity != found.uidvalidity:
            return replace(found, counts=_all(state, Why.RENUMBERED), unexplained=())
        place = MailPlace(found.folder, info.role, info.name, state.uidvalidity, uid=0)
        wanted = {one.uid for one in found.unexplained}
        still: list[Unexplained] = []
        for batch in mailbox.sweep(_runs(sorted(wanted), asked.batch)):
            told, _ = fates(asked.looking, asked.rulebook.in_force(), mailbox, place, batch)
            counts.update(told.values())
            still += _unexplained(told.items())
    return replace(found, counts=+counts, unexplained=tuple(still))


def _runs(uids: Iterable[int], most: int) -> Iterator[tuple[int, int]]:
    """These UIDs as ranges without gaps, each of so many at most."""
    run: list[int] = []
    for uid in uids:
        if run and (uid != run[-1] + 1 or len(run) == most):
            yield run[0], run[-1]
            run = []
        run.append(uid)
    if run:
        yield run[0], run[-1]


def _absent(asked: Reconciling, there: Collection[str]) -> Iterator[FolderFound]:
    """Folders of the ledger that are not there, or not watched, any more, with their copies."""
    with asked.looking.store.read() as tx:
        ours = folders.of(tx, asked.looking.account.id)
        copies = exchanges.copies(tx, asked.looking.account.id)
    for one in ours:
        number = sum(n for (folder, _), n in copies.items() if folder == one.id)
        if one.name not in there and number:
            yield FolderFound(one.name, None, gone=number, absent=True, folder=one.id)
