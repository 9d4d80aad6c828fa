"""What `suivi rules list` tells: the set in force, rule by rule, and what is saved beside."""

from dataclasses import dataclass
from datetime import datetime

from daemon.rulefiles.mistake import Mistake
from daemon.rulefiles.names import names
from daemon.rulefiles.reading import Bad, Good, Source, read_directory, read_files
from daemon.store import Store, rule_sets
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
    with store.read() as tx:
        last, known = rule_sets.last(tx), names(tx, source.configured)
    _, saved = read_directory(source, known, held_rules=last is not None and bool(last.files))
    mistakes = saved.mistakes if isinstance(saved, Bad) else ()
    if last is None:
        return Listing((), (), "", None, mistakes, waits=isinstance(saved, Good))
    kept = read_files(last.files, source.base, Known())
    return Listing(
        files=tuple(name for name, _ in last.files),
        rules=kept.ruleset.rules if isinstance(kept, Good) else (),
        fingerprint=last.fingerprint,
        since=last.since,
        mistakes=mistakes,
        waits=isinstance(saved, Good) and saved.ruleset.fingerprint != last.fingerprint,
    )
