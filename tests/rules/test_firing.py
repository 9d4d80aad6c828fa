"""Which rules fire: conditions, phases, stop; and the index finds what trying each one finds."""

from dataclasses import replace
from datetime import timedelta

from rules import firing
from rules.model.facts import NOWHERE, Facts
from rules.model.rules import (
    All,
    AnyOf,
    How,
    Ignore,
    Not,
    Phase,
    Place,
    Rule,
    Test,
    TextMatch,
    Who,
    WhoKind,
)
from rules.model.sightings import Body
from tests.rules.house import DIRECTORY, NOW, mail, seen

HERE = Place("10.yaml", 1, 1)


def asks(word, argument):
    return Test(word, argument, HERE)


def says(word, text, how=How.CONTAINS, *, exact=False):
    return asks(word, (TextMatch(how, text, exact),))


def rule(name, *conditions, phase=Phase.HEADERS, stop=False):
    return Rule(name, HERE, All(conditions), (Ignore(),), stop, phase)


def facts(message, **more):
    given = {
        "sighting": seen(message),
        "directory": DIRECTORY,
        "around": NOWHERE,
        "direction": None,
        "matches": (),
        "happened_at": NOW - timedelta(hours=1),
        "now": NOW,
    } | more
    return Facts(**given)


def fired(rules, message, **more):
    compiled = firing.compiled(tuple(rules))
    item = compiled.item(facts(message, **more))
    early = firing.by_headers(compiled, item)
    return [compiled.rules[i].name for i in firing.by_text(compiled, item, early)]


def test_conditions_on_addresses_and_texts():
    rules = (
        rule("acme", asks("from", (Who(WhoKind.DOMAIN, TextMatch(How.EQUALS, "acme.fr")),))),
        rule("other", asks("from", (Who(WhoKind.DOMAIN, TextMatch(How.EQUALS, "beta.fr")),))),
        rule("quote", says("subject", "dévis")),
        rule("all", says("subject", "devis"), says("subject", "facture")),
        rule("not", Not(says("subject", "facture"))),
        rule("any", AnyOf((says("subject", "facture"), says("subject", "devis", How.EQUALS)))),
        rule("body", says("text", "bonjour"), phase=Phase.TEXT),
    )
    message = replace(mail(subject="Devis"), body=Body("Bonjour"))
    assert fired(rules, message) == ["acme", "quote", "not", "any", "body"]
