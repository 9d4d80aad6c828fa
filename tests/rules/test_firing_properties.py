"""Whatever the rules and the mail: the index misses nothing, the strictest wins, the text decides
nothing about who is captured, and stop stops."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import decide, firing
from rules.model.decisions import Reason, RecordExchange, Verdict
from rules.model.facts import Facts
from rules.model.people import Level, PartyKind
from rules.model.rules import (
    AddTags,
    All,
    AnyOf,
    AssignThirdParty,
    AttachmentMatch,
    CloseFollowUps,
    HeaderMatch,
    How,
    Ignore,
    KeepPrivate,
    Not,
    Phase,
    Range,
    Rule,
    SetPurpose,
    Test,
    TextMatch,
    Who,
    WhoKind,
)
from rules.model.sightings import Attachment, Body, FolderRole, MailKind
from tests.rules.house import DIRECTORY, NOW, draft_of, mail, seen, to
from tests.rules.ruled import AROUND, HERE, judge, rules, steps

PEOPLE = (
    "sylvie@acme.fr",
    "jean@vendome.example",
    "nadia@maison.fr",
    "marc@maison.fr",
    "x@gmail.com",
    "a@mail.acme.fr",
)
WORDS = ("devis", "Réunion", "facture", "PR2303-0107", "ok")
LEVELS = st.sampled_from(Level)
words = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)

text_matches = st.one_of(
    st.builds(
        TextMatch,
        st.sampled_from((How.EQUALS, How.CONTAINS)),
        st.sampled_from((*WORDS, "DEVIS facture", "é")),
        st.booleans(),
    ),
    st.builds(TextMatch, st.just(How.GLOB), st.sampled_from(("dev*", "*fact?re*")), st.booleans()),
    st.builds(
        TextMatch,
        st.just(How.REGEX),
        st.sampled_from((r"PR\d{4}-\d+", r"^(a+)+$", r"\bréunion\b", "[A-Z]{2}")),
        st.booleans(),
    ),
)
several = st.lists(text_matches, min_size=1, max_size=3).map(tuple)


def equals(*texts):
    return st.sampled_from(texts).map(lambda text: TextMatch(How.EQUALS, text))


who = st.one_of(
    st.builds(Who, st.just(WhoKind.ADDRESS), equals("Sylvie+x@ACME.fr", *PEOPLE[2:5])),
    st.builds(Who, st.just(WhoKind.ADDRESS), st.just(TextMatch(How.GLOB, "*@acme.fr"))),
    st.builds(Who, st.just(WhoKind.DOMAIN), equals("acme.fr", "fr", "gmail.com")),
    st.builds(Who, st.just(WhoKind.DOMAIN), st.just(TextMatch(How.CONTAINS, "acme"))),
    st.builds(Who, st.just(WhoKind.USER), st.none() | equals("n.kaci@maison.fr")),
    st.builds(Who, st.just(WhoKind.CONTACT), st.none() | equals("sylvie@acme.fr")),
    st.builds(Who, st.just(WhoKind.THIRD_PARTY), st.none() | equals("CU1804-0001")),
)
people = st.lists(who, min_size=1, max_size=2).map(tuple)


def asks(word, argument):
    return argument.map(lambda value: Test(word, value, HERE))


BY_HEADERS = st.one_of(
    *(asks(word, several) for word in ("subject", "list", "keyword", "folder", "third_party_name")),
    *(asks(word, people) for word in ("from", "to", "cc", "participant")),
    asks("third_party", equals("cu1804-0001", "CU1804-0003").map(lambda match: (match,))),
    asks("third_party_kind", st.frozensets(st.sampled_from(PartyKind), min_size=1)),
    asks("mail_kind", st.frozensets(st.sampled_from(MailKind), min_size=1)),
    asks("header", several.map(lambda matches: (HeaderMatch("x-shop", matches),))),
    asks("header", st.just((HeaderMatch("x-shop"),))),
    asks("size", st.builds(Range, st.none() | st.integers(0, 9), st.none() | st.integers(0, 9))),
    asks("weekday", st.frozensets(st.integers(0, 6), min_size=1)),
)
BY_TEXT = st.one_of(
    asks("text", several),
    asks("attachment", st.builds(AttachmentMatch, several)),
    asks("attachment_count", st.just(Range(1))),
)


def conditions(tests):
    """Without parts only as a whole, which is how `when: always` is read."""
    some = st.recursive(
        tests,
        lambda parts: st.one_of(
            st.lists(parts, min_size=1, max_size=3).map(lambda some: All(tuple(some))),
            st.lists(parts, min_size=1, max_size=3).map(lambda some: AnyOf(tuple(some))),
            parts.map(Not),
        ),
        max_leaves=5,
    )
    return some | st.just(All(()))


ACTIONS = st.one_of(
    st.just(Ignore()),
    LEVELS.map(KeepPrivate),
    st.sampled_from(("CU1804-0001", "CU1804-0003", "CU9")).map(AssignThirdParty),
    st.sampled_from("ab").map(SetPurpose),
    st.sampled_from("xyz").map(lambda tag: AddTags((tag,))),
    st.booleans().map(CloseFollowUps),
)


@st.composite
def any_rule(draw, phase=None):
    phase = phase or draw(st.sampled_from(Phase))
    tests = BY_HEADERS if phase is Phase.HEADERS else BY_HEADERS | BY_TEXT
    then = tuple(draw(st.lists(ACTIONS, min_size=1, max_size=3)))
    return Rule("r", HERE, draw(conditions(tests)), then, draw(st.booleans()), phase)


some_rules = st.lists(any_rule(), max_size=8).map(tuple)


@st.composite
def messages(draw):
    address = st.sampled_from(PEOPLE)
    return mail(
        draw(address),
        tuple(draw(st.lists(address, min_size=1, max_size=3))),
        cc=to(*draw(st.lists(address, max_size=2))),
        subject=draw(words),
        size=draw(st.integers(0, 10)),
        headers=draw(st.sampled_from(({}, {"x-shop": "Devis"}, {"list-unsubscribe": "<x>"}))),
        body=Body(draw(words)),
        attachments=tuple(Attachment(name, "x/y", 1) for name in draw(words).split()),
    )


def facts_of(message):
    sighting = seen(message, keywords=frozenset({"devis"}), name="Facture")
    found = decide.match.parties(DIRECTORY, sighting)
    matches = tuple(f for f in found if isinstance(f, decide.Match))
    return Facts(sighting, DIRECTORY, AROUND, None, matches, NOW, NOW)


@given(some_rules, messages())
def test_the_index_finds_just_the_rules_that_fire_when_each_is_tried_alone(several, message):
    facts = facts_of(message)
    without_stop = tuple(replace(rule, stop=False) for rule in several)
    together = firing.compiled(without_stop)
    item = together.item(facts)
    fired = firing.by_text(together, item, firing.by_headers(together, item))
    alone = []
    for n, rule in enumerate(without_stop):
        by_itself = firing.compiled((rule,))
        if by_itself.ready[0].holds(by_itself.item(facts)):
            alone.append(n)
    assert list(fired) == alone
    told = firing.explained(together, facts, has_text=True)
    assert [n for n, one in enumerate(told) if one.outcome is firing.Outcome.FIRED] == alone
    assert all(one.failed for n, one in enumerate(told) if n not in alone)


@given(some_rules, messages())
def test_stop_ends_what_comes_after_it(several, message):
    facts, compiled = facts_of(message), firing.compiled(several)
    item = compiled.item(facts)
    early = firing.by_headers(compiled, item)
    fired = firing.by_text(compiled, item, early)
    for positions in (early, fired):
        assert not any(several[i].stop for i in positions[:-1])
    wanted = {
        n
        for n, rule in enumerate(several)
        if firing.compiled((rule,)).ready[0].holds(firing.compiled((rule,)).item(facts))
    }
    # Nothing else than an earlier stop keeps a rule that holds from firing.
    for n in wanted - set(fired):
        assert any(several[i].stop and i < n for i in fired)


def decided(several, message):
    return judge(rules(*several), replace(message, body=None), body=message.body.text)


@given(some_rules, messages(), LEVELS, LEVELS)
def test_the_strictest_of_all_wishes_wins(several, message, account, veto):
    decision = judge(rules(*several), message, level=account, veto=veto)
    compiled = firing.compiled(several)
    wished = [
        action.level
        for i in firing.by_headers(compiled, compiled.item(facts_like(message)))
        for action in several[i].then
        if isinstance(action, KeepPrivate)
    ]
    if decision.verdict is Verdict.RECORD:
        assert decision.level is min(account, veto, *wished, Level.EVERYTHING)
        assert draft_of(decision).level is decision.level
    elif Level.NOTHING in wished:
        # Nothing is kept of it, and no other copy brings it back.
        assert decision.reason in (Reason.INTERNAL, Reason.VETOED)


def facts_like(message):
    sighting = seen(message)
    found = decide.match.parties(DIRECTORY, sighting)
    matches = tuple(f for f in found if isinstance(f, decide.Match))
    return Facts(sighting, DIRECTORY, AROUND, None, matches, message.date, NOW)


@given(some_rules, messages(), st.data())
def test_rules_that_read_the_text_neither_widen_nor_narrow_who_is_captured(several, message, data):
    without = decided([rule for rule in several if rule.phase is Phase.HEADERS], message)
    extra = data.draw(any_rule(Phase.TEXT))
    at = data.draw(st.integers(0, len(several)))
    decision = decided([*several[:at], extra, *several[at:]], message)
    assert (decision.verdict, decision.reason, decision.level) == (
        without.verdict,
        without.reason,
        without.level,
    )
    if decision.verdict is Verdict.RECORD:
        one, other = draft_of(decision), draft_of(without)
        assert (one.third_parties, one.contacts) == (other.third_parties, other.contacts)


@given(some_rules, messages())
def test_every_decision_has_a_reason_and_records_one_exchange_or_none(several, message):
    for role in (FolderRole.INBOX, FolderRole.SENT):
        decision = judge(rules(*several), message, role=role, body=message.body.text)
        recorded = [e for e in decision.effects if isinstance(e, RecordExchange)]
        assert len(recorded) == (decision.verdict is Verdict.RECORD)
        assert decision.trace


HOSTILE = ("(a+)+$", "^(a|a)*$", "(a|aa)+$", "(.*a){20}", "([a-z]+)*=", "a{1,500}b")


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_pattern_that_explodes_elsewhere_takes_its_time_and_no_more(pattern):
    """The bound is generous: what explodes would take longer than the world lasts."""
    match = TextMatch(How.REGEX, pattern)
    ruleset = rules(
        Rule("bomb", HERE, Test("subject", (match,), HERE), (AddTags(("bomb",)),)),
        Rule("after", HERE, All(()), (AddTags(("after",)),)),
        Rule("body", HERE, Test("text", (match,), HERE), (AddTags(("body",)),), phase=Phase.TEXT),
    )
    start = time.process_time()
    for subject in ("a" * 1_000_000 + "!", "aé" * 500_000):
        message = mail(subject=subject)
        neighbour = decided(ruleset.rules, mail(subject="Devis", body=Body("Bonjour")))
        assert "after" in draft_of(neighbour).tags
        decision = judge(ruleset, message, body=subject)
        assert "after" in draft_of(decision).tags
        (cut,) = steps(decision, "rules looked at")
        assert cut == ("the first 100000 characters", "of the subject, of the text")
    assert time.process_time() - start < 5
