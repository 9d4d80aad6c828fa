"""From the files of the rules directory to one good set, or to all that is wrong with it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from daemon import options
from daemon.i18n import mark, translator
from daemon.rulefiles.folder import Gathered
from daemon.rulefiles.look import Look, at_rest
from daemon.rulefiles.mistake import Mistake, Trouble, lines
from rules.language import Known, Problem, Severity, read, say
from rules.options import Value
from rules.ruleset import RuleSet, sealed
from rules.texts import BadPattern

Files = tuple[tuple[str, str], ...]
"""Names and texts of rules files, in their order."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where rules come from: the files of a directory join what the configuration says (`base`);
    `configured` is what the configuration lets them name, `templates` where mail templates are,
    `calendars` the accounts whose calendars they may name. Domains, options and zone are what else
    the rulebook has from it."""

    directory: Path
    base: RuleSet
    own_domains: frozenset[str] = frozenset()
    configured: Known = field(default_factory=Known)
    templates: Path | None = None
    calendars: frozenset[str] = frozenset()
    options: Mapping[str, Value] = field(default_factory=options.defaults)
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Good:
    """A set that can be put in force; `warnings` are told and hinder nothing."""

    ruleset: RuleSet
    files: Files
    warnings: tuple[Mistake, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Those of its files."""
        return tuple(name for name, _ in self.files)

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class Bad:
    """A set that can't. `digest` tells one bad set from another; `names` are those of its files."""

    mistakes: tuple[Mistake, ...]
    digest: str
    names: tuple[str, ...] = ()
    warnings: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True)
class Misstep:
    """A mistake that stands in a file."""

    problem: Problem

    def said(self, language: str) -> str:
        """See Mistake."""
        return say(self.problem, translator(language))


def read_directory(source: Source, known: Known, *, held_rules: bool) -> tuple[Look, Good | Bad]:
    """What the directory holds at this moment, and how it looked then.

    Where the set in force `held_rules`, none at all are taken for a directory that was not
    mounted, or is being written, not for an admin's wish: their keep-outs must not end so.
    """
    seen, gathered = at_rest(source.directory)
    troubles = list(gathered.troubles)
    if held_rules and not gathered.files and not troubles:
        troubles.append(_gone(source.directory, gathered))
    for name, data in gathered.files:
        if not data.strip():
            text = mark("is empty: a file without rules says `version: 1`")
            troubles.append(Trouble(name, text))
    return seen, _judged(gathered.files, source.base, known, troubles, gathered.strange)


def read_files(files: Files, base: RuleSet, known: Known) -> Good | Bad:
    """What files say that are at hand already."""
    return _judged(tuple((name, text.encode()) for name, text in files), base, known)


def _judged(
    files: tuple[tuple[str, bytes], ...],
    base: RuleSet,
    known: Known,
    troubles: Iterable[Mistake] = (),
    strange: Iterable[str] = (),
) -> Good | Bad:
    loaded = read(files, known)
    errors = [p for p in loaded.problems if p.severity is Severity.ERROR]
    mistakes = (*troubles, *map(Misstep, errors))
    names = tuple(name for name, _ in files)
    odd = mark("is not read: the names of rules files end in .yaml or .yml")
    warnings: tuple[Mistake, ...] = (
        *(Misstep(p) for p in loaded.problems if p.severity is not Severity.ERROR),
        *(Trouble(name, odd) for name in strange),
    )
    if mistakes:
        return Bad(mistakes, _digest(files, mistakes), names, warnings)
    try:
        ruleset = sealed(replace(base, rules=loaded.rules))
    except BadPattern as error:
        # Each pattern is good by itself; together they may be more than the engine takes.
        trouble = Trouble("rules", mark("patterns can't be used together"), {}, str(error))
        return Bad((trouble,), _digest(files, (trouble,)), names, warnings)
    texts = tuple((name, data.decode()) for name, data in files)
    return Good(ruleset, texts, warnings)


def _gone(directory: Path, gathered: Gathered) -> Trouble:
    if not gathered.there:
        text = mark(
            "there is no such directory; to do without rules, leave a file `version: 1` in it"
        )
    else:
        text = mark("holds no rules file; to do without rules, leave one `version: 1`")
    return Trouble(str(directory), text)


def _digest(files: Iterable[tuple[str, bytes]], mistakes: Iterable[Mistake]) -> str:
    digest = hashlib.sha256()
    for name, data in files:
        digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    # The same files may be wrong in another way: a user was deleted.
    digest.update("\n".join(lines(mistakes, "en")).encode())
    return digest.hexdigest()[:16]
