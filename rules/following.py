"""Which follow-ups do the rules that fired open, and which replies do they wait for?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from rules import awaiting, closing, identity, workdays
from rules.asking import actions
from rules.model.decisions import AwaitReply, OpenFollowUp, Step
from rules.model.exchanges import Direction, Draft, Source
from rules.model.facts import Surroundings
from rules.model.followups import Assignee, FollowUp, FollowUpDraft, Origin, Reminder
from rules.model.people import Directory, User
from rules.model.reasons import Why
from rules.model.rules import OpenFollowUp as Open
from rules.model.rules import OpenWhenNoReply, Plan, Remind, Rule
from rules.model.sightings import MailKind, When
from rules.words import harmless, one_line
from rules.zones import zone

Effects = tuple[OpenFollowUp | AwaitReply, ...]

NO_REMIND = Remind()

_LONGEST_TEXT = 20_000
_VARIABLE = re.compile(r"\{\{|\}\}|\{(\w+)\}")


def follow_ups(
    draft: Draft, rules: tuple[Rule, ...], directory: Directory, around: Surroundings
) -> tuple[Effects, tuple[Step, ...]]:
    """What these rules open with this exchange, as it may be kept; and what they can't open, and
    why. What happened before the installation went live opens nothing.
    """
    wanted = tuple(_wanted(rules))
    if not wanted:
        return (), ()
    if not closing.is_live(draft.happened_at, around.live_since):
        return (), (Step("follow-up?", "no", Why.BEFORE_LIVE),)
    effects: list[OpenFollowUp | AwaitReply] = []
    steps: list[Step] = []
    for rule, action in wanted:
        try:
            effects.append(_effect(draft, rule, action, rules, directory, around))
        except _No as error:
            steps.append(Step("follow-up?", "no", f"{rule.name}: {error}"))
    return tuple(effects), tuple(steps)


class _No(Exception):
    """It can't be opened."""


def _wanted(rules: tuple[Rule, ...]) -> Iterator[tuple[Rule, Open | OpenWhenNoReply]]:
    for rule in rules:
        for action in rule.then:
            if isinstance(action, Open | OpenWhenNoReply):
                yield rule, action


def _effect(
    draft: Draft,
    rule: Rule,
    action: Open | OpenWhenNoReply,
    rules: tuple[Rule, ...],
    directory: Directory,
    around: Surroundings,
) -> OpenFollowUp | AwaitReply:
    user = _assignee(draft, action.plan, directory)
    exchange = draft.keys[0].key
    where, sent = zone(user.timezone), draft.happened_at
    planned = _planned(draft, action.plan, rules, directory, user)
    try:
        if isinstance(action, Open):
            start = workdays.later(sent, action.plan.when, where, around.holidays)
            key = f"rule:{rule.name}:{exchange}"
            return OpenFollowUp(replace(planned, key=key, when=When(start, zone=user.timezone)))
        if not _may_be_answered(draft):
            raise _No("only what a person of us wrote waits for a reply")
        up = awaiting.time_is_up(sent, action.within, where, around.holidays)
        start = workdays.later(up, action.plan.when, where, around.holidays)
    except OverflowError as error:
        raise _No("its time is beyond the calendar") from error
    key = awaiting.key(rule.name, exchange)
    first = replace(planned, key=key, when=When(start, zone=user.timezone))
    return AwaitReply(rule.name, action.within, action.plan.when, first)


def _may_be_answered(draft: Draft) -> bool:
    is_human = draft.kind in (None, MailKind.HUMAN)
    return draft.source is Source.MAIL and draft.direction is Direction.OUTBOUND and is_human


def _assignee(draft: Draft, plan: Plan, directory: Directory) -> User:
    """Who the plan names; of those who had it the first who is still there."""
    named = directory.users_by_key.get(identity.key(plan.assignee)) if plan.assignee else None
    had_it = (draft.author, draft.mailbox_owner)
    if plan.assignee == "owner":
        had_it = (draft.mailbox_owner, draft.author)
    for user in (named, *had_it):
        if user is not None and user in directory.users and directory.users[user].active:
            return directory.users[user]
    raise _No("nobody is there to do it")


def _planned(
    draft: Draft, plan: Plan, rules: tuple[Rule, ...], directory: Directory, user: User
) -> FollowUpDraft:
    values = _variables(draft, directory)
    title = one_line(filled(plan.title, values))
    element = next(iter((*draft.elements, *draft.elements_in_text)), None)
    return FollowUpDraft(
        key="",
        title=title or _plain_title(values["third_party"], values["subject"]),
        when=When(draft.happened_at),
        assignees=(Assignee(user.id, owner=True),),
        third_party=draft.third_parties[0] if draft.third_parties else None,
        contact=draft.contacts[0] if len(draft.contacts) == 1 else None,
        entity=draft.entity,
        description=harmless(filled(plan.description, values))[:_LONGEST_TEXT],
        priority=plan.priority,
        reminders=(reminder(rules, plan.remind),),
        element=element,
        origin=Origin.RULE,
    )


def reminder(rules: tuple[Rule, ...], own: Remind = NO_REMIND) -> Reminder:
    """What the plan itself says, else the last of the rules that says anything of reminders; what
    none says is for options."""
    said = Reminder()
    for one in (*actions(rules, Remind), own):
        if one.before is not None:
            said = replace(said, before=one.before)
        if one.template is not None:
            said = replace(said, template=one.template)
    return said


def _variables(draft: Draft, directory: Directory) -> Mapping[str, str]:
    party = next((directory.third_parties.get(p) for p in draft.third_parties), None)
    contact = next((directory.contacts.get(c) for c in draft.contacts), None)
    author = directory.users.get(draft.author) if draft.author is not None else None
    element = next(iter((*draft.elements, *draft.elements_in_text)), None)
    return {
        "subject": draft.subject,
        "third_party": party.name if party else "",
        "contact": contact.name if contact else "",
        "reference": element.ref if element else "",
        "author": author.name if author else "",
    }


def _plain_title(third_party: str, subject: str) -> str:
    return one_line(": ".join(text for text in (third_party, subject) if text))


F = TypeVar("F", FollowUp, FollowUpDraft)


def silent(one: F, third_party: str, subject: str, ref: str) -> F:
    """What a rule opens when no more may be told of its exchange, which `ref` names, than this;
    subject or both are "" where they may not be told."""
    title = _plain_title(third_party, subject) or ref
    return replace(one, title=title, description="", element=None)


def filled(template: str, values: Mapping[str, str]) -> str:
    """A title or description with its variables replaced, each once: what a subject says in
    braces stays as it is. `{{` and `}}` are braces."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        return found.group()[0] if name is None else values.get(name, found.group())

    return _VARIABLE.sub(value, template)
