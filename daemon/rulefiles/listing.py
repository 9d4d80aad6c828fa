"""What `suivi rules list` tells: the set in force, rule by rule, and what is saved beside."""

from dataclasses import dataclass
from datetime import datetime

from daemon.rulefiles.mistake import Mistake
from daemon.rulefiles.reading import Good, Source, read_files
from daemon.rulefiles.saved import saved
from daemon.store import Store
from rules.language import Known
from rules.model.rules import Rule


@dataclass(frozen=True, slots=True)
class Listing:
    """The set in force as it was kept; without `since` none ever was. `mistakes` keep the saved
    files from being it, `waits` says that they are good and not in force yet."""

    files: tuple[str, ...]
    rules: tuple[Rule, ...]
    fingerprint: str
    since: datetime | None
    mistakes: tuple[Mistake, ...] = ()
    waits: bool = False


def listing(store: Store, source: Source) -> Listing:
    """See Listing; nothing is put in force by asking."""
    last, found = saved(store, source)
    if last is None:
        return Listing((), (), "", None, found.mistakes, waits=isinstance(found, Good))
    kept = read_files(last.files, source.base, Known())
    return Listing(
        files=tuple(name for name, _ in last.files),
        rules=kept.ruleset.rules if isinstance(kept, Good) else (),
        fingerprint=last.fingerprint,
        since=last.since,
        mistakes=found.mistakes,
        waits=isinstance(found, Good) and found.ruleset.fingerprint != last.fingerprint,
    )
