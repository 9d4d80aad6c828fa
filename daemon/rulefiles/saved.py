"""What is saved in a rules directory, held against what the store knows."""

from dataclasses import replace
from pathlib import Path

from daemon.rulefiles.names import names
from daemon.rulefiles.reading import Bad, Good, Source, read_directory
from daemon.store import Store, rule_sets
from daemon.store.rule_sets import KeptSet


def saved(
    store: Store, source: Source, directory: Path | None = None
) -> tuple[KeptSet | None, Good | Bad]:
    """The set that was in force last, and what is saved now: in the configured directory, or in
    one that somebody names, which has to be there."""
    with store.read() as tx:
        last, known = rule_sets.last(tx), names(tx, source)
    if directory is not None:
        source = replace(source, directory=directory)
    held = directory is not None or (last is not None and bool(last.files))
    _, found = read_directory(source, known, held_rules=held)
    return last, found
