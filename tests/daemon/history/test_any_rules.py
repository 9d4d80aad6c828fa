"""Whatever the rules and the history: a diff that is applied gives what a fresh ingest gives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.language import read
from rules.ruleset import RuleSet, builtin, sealed
from tests.daemon.history.company import Letter

PEOPLE = (
    "carla@carla.example",
    "dora@dora.example",
    "sales@acme.example",
    "x@nowhere.example",
    "ann@lumen.example",
    "bob@lumen.example",
)
WORDS = ("devis", "facture", "paie", "PR2303-0107", "[perso]")
PLACES = (("ann", "INBOX"), ("ann", "Sent"), ("bob", "INBOX"), ("bob", "Projects"))

HEADERS = st.sampled_from(
    (
        "subject: devis",
        "subject: paie",
        "subject: {regex: 'PR[0-9]+-[0-9]+'}",
        "from: carla@carla.example",
        "from: '@acme.example'",
        "participant: x@nowhere.example",
        "direction: inbound",
        "direction: outbound",
        "account: bob",
        "folder: Projects",
        "third_party: CU1",
        "not: {subject: facture}",
        "thread: reply",
    )
)
TEXT = st.sampled_from(("text: facture", "text: {contains: paie}"))
CLASSIFYING = st.sampled_from(
    (
        "mode: phone",
        "purpose: dispute",
        "purpose: prospecting",
        "tags: [red]",
        "tags: [blue, red]",
        "author: bob@lumen.example",
        "collaborators: [ann@lumen.example]",
        "link: {type: quote, pattern: 'PR[0-9]+-[0-9]+'}",
        "confidential: true",
        "open_follow_up: {when: +2 days, title: 'Call: {subject}', assignee: ann@lumen.example}",
        "close_follow_ups: false",
    )
)
SETTLING = st.sampled_from(
    (
        "ignore: true",
        "keep_private: nothing",
        "keep_private: happened",
        "keep_private: subject",
        "third_party: CU2",
        "third_party: CU3",
    )
)


LATER = datetime.now(UTC) + timedelta(days=1)
"""When every reply that is waited for is late."""

WAITING = """\
  - name: rule {number}
    when:
      direction: outbound
      no_reply_for: {days} working days
    then:
      open_follow_up: {{when: +0 working days at 09:30, title: 'No answer: {{subject}}'}}"""


@st.composite
def rule(draw: st.DrawFn, number: int) -> str:
    if draw(st.integers(0, 7)) == 0:
        return WAITING.format(number=number, days=draw(st.integers(2, 3)))
    by_text = draw(st.booleans()) and draw(st.booleans())
    conditions = draw(st.lists(HEADERS, max_size=2, unique_by=_word))
    if by_text:
        conditions.append(draw(TEXT))
    then = draw(
        st.lists(
            CLASSIFYING if by_text else CLASSIFYING | SETTLING,
            min_size=1,
            max_size=2,
            unique_by=_word,
        )
    )
    lines = [f"  - name: rule {number}"]
    if conditions:
        lines += ["    when:", *(f"      {c}" for c in conditions)]
    else:
        lines.append("    when: always")
    lines += ["    then:", *(f"      {a}" for a in then)]
    if draw(st.integers(0, 4)) == 0:
        lines.append("      stop: true")
    return "\n".join(lines)


def _word(line: str) -> str:
    return line.split(":", 1)[0]


@st.composite
def rulesets(draw: st.DrawFn) -> RuleSet:
    """Some rules; those that the checker refuses are left out."""
    ruleset = builtin()
    if draw(st.booleans()):
        ruleset = replace(ruleset, keep_out_tags=("[perso]", "paie"))
    chosen: list[Any] = []
    for number in range(draw(st.integers(0, 4))):
        loaded = read([("a.yaml", "version: 1\nrules:\n" + draw(rule(number)) + "\n")])
        chosen += loaded.rules
    return sealed(replace(ruleset, rules=tuple(chosen)))


@st.composite
def histories(draw: st.DrawFn) -> list[Letter]:
    letters = []
    for number in range(1, draw(st.integers(2, 9))):
        subject = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2)))
        text = " ".join(draw(st.lists(st.sampled_from(WORDS), max_size=2)))
        copies = draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=2, unique=True))
        answers = draw(st.none() | st.integers(1, number - 1)) if number > 1 else None
        letters.append(
            Letter(
                number,
                draw(st.sampled_from(PEOPLE)),
                draw(st.sampled_from(PEOPLE)),
                subject,
                text,
                answers,
                tuple(copies),
            )
        )
    return letters


def judged_by_both(
    found: Any,
    old: RuleSet,
    new: RuleSet,
    letters: list[Letter],
    *,
    answers_looked_for: bool = False,
) -> None:
    with found() as fresh:
        fresh.deliver(letters)
        fresh.ingest(new)
        wanted = fresh.state()
        fresh.look_for_replies(new, LATER)
        unanswered = fresh.state()
    with found() as company:
        company.deliver(letters)
        company.ingest(old)
        if answers_looked_for:
            company.look_for_replies(old, LATER)
        before = company.rows()
        with company.past(new) as past:
            differences = company.differences(past)
            assert company.rows() == before
            company.carry_out(past)
            assert company.differences(past) == []
        if not answers_looked_for:
            assert company.state() == wanted
        company.look_for_replies(new, LATER)
        assert company.state() == unanswered
        if not differences:
            assert before["exchange"] == [] or len(company.refs()) == len(before["exchange"])


HYPOTHESIS = settings(
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@settings(HYPOTHESIS, max_examples=30)
@given(old=rulesets(), new=rulesets(), letters=histories(), looked=st.booleans())
def test_applied_the_past_is_as_a_fresh_ingest_makes_it(
    found: Any, old: RuleSet, new: RuleSet, letters: list[Letter], *, looked: bool
) -> None:
    judged_by_both(found, old, new, letters, answers_looked_for=looked)


@pytest.mark.long
@pytest.mark.timeout(3000)
@settings(HYPOTHESIS, max_examples=1000)
@given(old=rulesets(), new=rulesets(), letters=histories(), looked=st.booleans())
def test_so_it_is_a_thousand_times(
    found: Any, old: RuleSet, new: RuleSet, letters: list[Letter], *, looked: bool
) -> None:
    judged_by_both(found, old, new, letters, answers_looked_for=looked)
