"""Rules of files, as the tests of the core make and try them."""

from dataclasses import replace
from datetime import timedelta

from rules import decide, match
from rules.model.facts import Surroundings
from rules.model.people import Group, GroupId, Level
from rules.model.rules import (
    All,
    How,
    Phase,
    Place,
    Rule,
    Test,
    TextMatch,
)
from rules.model.sightings import Attachment, Body
from rules.ruleset import builtin, sealed
from tests.rules.house import (
    CONTACTS,
    DIRECTORY,
    NOW,
    THIRD_PARTIES,
    USERS,
    mail,
    seen,
)

HERE = Place("10.yaml", 3, 5)
AROUND = Surroundings("Europe/Paris", live_since=NOW - timedelta(days=30))
SALES = GroupId(4)
WITH_GROUPS = match.index(
    7, USERS, THIRD_PARTIES, CONTACTS, ["maison.fr"], groups=[Group(SALES, "Direction générale")]
)


def says(word, *texts):
    return Test(word, tuple(TextMatch(How.CONTAINS, text) for text in texts), HERE)


def rule(name, *then, when=(), stop=False, phase=Phase.HEADERS):
    return Rule(name, HERE, All(tuple(when)), then, stop, phase)


def reads_text(name, *then, text="bonjour", stop=False):
    return rule(name, *then, when=[says("text", text)], stop=stop, phase=Phase.TEXT)


def rules(*several):
    return sealed(replace(builtin(), rules=several))


def judge(ruleset, message=None, *, body=None, around=AROUND, directory=DIRECTORY, **place):
    message = mail() if message is None else message
    veto = place.pop("veto", Level.EVERYTHING)
    decision = decide.message(
        ruleset, directory, seen(message, **place), (), NOW, veto, around=around
    )
    if body is None:
        return decision
    attachments = (Attachment("FA2211-0059.pdf", "application/pdf", 10),)
    return decide.text(decision, replace(message, body=Body(body), attachments=attachments))


def steps(decision, question="rule"):
    return [(s.answer, s.evidence) for s in decision.trace if s.question == question]


def effect(decision, kind):
    return [e for e in decision.effects if isinstance(e, kind)]
