"""What do the rules of files say about an item: which fire, and what do they settle at once?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from rules import direction, firing, match
from rules.item import Item
from rules.model.decisions import Step
from rules.model.facts import Facts, Surroundings
from rules.model.people import Directory, Level, Standing
from rules.model.quick import quick
from rules.model.rules import (
    Action,
    AddCollaborators,
    AddProducts,
    AddTags,
    AdoptEvent,
    AssignThirdParty,
    CloseFollowUps,
    Confidential,
    Ignore,
    KeepPrivate,
    Link,
    OpenFollowUp,
    OpenWhenNoReply,
    Remind,
    Rule,
    SetAuthor,
    SetMode,
    SetPurpose,
)
from rules.model.sightings import Event, Message, Sighting
from rules.privacy import strictest
from rules.ruleset import RuleSet
from rules.texts import LOOK_AT

A = TypeVar("A")

_MOST_STEPS = 50


@dataclass(frozen=True, slots=True)
class Early:
    """What header rules settle before any text is fetched. `third_party` is a code."""

    ignored: bool = False
    level: Level = Level.EVERYTHING
    third_party: str | None = None
    adopts: bool = False


SILENT = Early()
"""No rule says anything."""


@quick
@dataclass(frozen=True, slots=True)
class Asked:
    """An item that the rules were asked about; `fired` by what was known, `early` for good."""

    ruleset: RuleSet
    item: Item
    fired: firing.Positions
    early: Early

    @property
    def facts(self) -> Facts:
        """What was known."""
        return self.item.facts

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that fired, in order."""
        return tuple(self.ruleset.rules[i] for i in self.fired)

    @property
    def ranked(self) -> tuple[tuple[int, Rule], ...]:
        """The same, each with where it stands in the set."""
        return tuple((i, self.ruleset.rules[i]) for i in self.fired)

    def with_text(self, message: Message) -> "Asked":
        """Asked again, of all that the text tells; what was settled stays."""
        return self.completed(self.item.completed(message))

    def completed(self, item: Item | None = None) -> "Asked":
        """With the rules that read the text, which an event has from the start."""
        item = item or self.item
        ruleset = self.ruleset
        fired = firing.by_text(ruleset.compiled, item, self.fired) if ruleset.rules else ()
        return Asked(self.ruleset, item, fired, self.early)


def ask(ruleset: RuleSet, facts: Facts, people: tuple[Standing, ...] | None = None) -> Asked:
    """Ask the rules that headers decide; `people` take part, if that is known by now."""
    item = ruleset.compiled.item(facts, people)
    fired = firing.by_headers(ruleset.compiled, item) if ruleset.rules else ()
    early = _early(ruleset.rules[i] for i in fired) if fired else SILENT
    return Asked(ruleset, item, fired, early)


def of_event(
    ruleset: RuleSet,
    directory: Directory,
    sighting: Sighting,
    around: Surroundings,
    now: datetime,
    found: tuple[match.Result, ...],
) -> Asked:
    """Ask about an event of which `found` tells whose it is."""
    event = sighting.what
    if not isinstance(event, Event):
        raise TypeError("only an event can be asked about as one")
    way, _ = direction.of_meeting(directory, sighting.owner, event)
    start = event.when.start if event.when else now
    facts = Facts(
        sighting, directory, around, way, match.sure(found), start, now, ruleset.video_signs
    )
    return ask(ruleset, facts)


def _early(rules: Iterable[Rule]) -> Early:
    """Of the third party the last word counts, of privacy the strictest."""
    rules = tuple(rules)
    levels = (action.level for action in actions(rules, KeepPrivate))
    codes = [action.code for action in actions(rules, AssignThirdParty)]
    return Early(
        ignored=any(actions(rules, Ignore)),
        level=strictest(*levels),
        third_party=codes[-1] if codes else None,
        adopts=any(True for _ in actions(rules, AdoptEvent)),
    )


def actions(rules: Iterable[Rule], kind: type[A]) -> Iterator[A]:
    """Their actions of one kind, in order."""
    for rule in rules:
        for action in rule.then:
            if isinstance(action, kind):
                yield action


def cut(item: Item) -> tuple[Step, ...]:
    """The step that tells of texts which are longer than what rules look at."""
    what = item.what
    if isinstance(what, Message):
        length = max(len(what.subject), len(what.body.text) if what.body else 0)
        if length <= LOOK_AT:
            return ()
    long = [f"of the {field}" for field in ("subject", "text") if item.is_cut(field)]
    if not long:
        return ()
    return (Step("rules looked at", f"the first {LOOK_AT} characters", ", ".join(long)),)


def steps(rules: Iterable[Rule]) -> tuple[Step, ...]:
    """The rules that fired, for the trace: a step each."""
    return tuple(
        Step("rule", rule.name, ", ".join(WORDS[type(action)] for action in rule.then))
        for rule in tuple(rules)[:_MOST_STEPS]
    )


WORDS: Mapping[type[Action], str] = {
    Ignore: "ignore",
    KeepPrivate: "keep_private",
    SetMode: "mode",
    SetPurpose: "purpose",
    AddProducts: "products",
    AddTags: "tags",
    AssignThirdParty: "third_party",
    SetAuthor: "author",
    AddCollaborators: "collaborators",
    Link: "link",
    Confidential: "confidential",
    OpenFollowUp: "open_follow_up",
    OpenWhenNoReply: "open_when_no_reply",
    CloseFollowUps: "close_follow_ups",
    AdoptEvent: "adopt",
    Remind: "reminder",
}
"""The words of the table of actions (`rules.language.actions`), by what they yield."""
