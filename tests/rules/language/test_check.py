"""What the checker lets pass: rules that look as if they contradicted each other, and do not."""

import pytest

from rules.language import read, say
from rules.model.rules import Phase


def told(*rules: tuple[str, str]) -> list[str]:
    text = "version: 1\nrules:\n" + "".join(
        f"- name: r{i}\n  when: {when}\n  then: {then}\n" for i, (when, then) in enumerate(rules)
    )
    return [say(problem) for problem in read([("a.yaml", text)]).problems]


@pytest.mark.parametrize(
    "when",
    [
        "{weekday: [friday, saturday], not: {weekday: saturday}}",
        "{third_party_kind: customer, not: {third_party_kind: prospect}}",
        "{third_party_kind: customer, all: [{third_party_kind: supplier}]}",
        "{size: over 1 MB, all: [{size: under 5 MB}]}",
        "{any: [{folder: INBOX}, {place: Paris}]}",
        "{kind: [mail, event], direction: inbound, any: [{direction: [inbound, outbound]}]}",
        "{not: {kind: mail}, place: Paris}",
        "{subject: x, all: [{subject: y}], not: {subject: z}}",
        "{any: [{direction: inbound}, {direction: outbound}]}",
        "{class: [public, private]}",
        "{not: {folder: A, subject: x}, calendar: B}",
        "{matched_by: address, all: [{matched_by: domain}]}",
        "{hours: 08:00 to 12:00, all: [{hours: 11:00 to 14:00}]}",
    ],
)
def test_these_can_hold(when: str) -> None:
    assert told((when, "{tags: x}")) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{subject: x}", "{subject: y}"),
        ("{subject: x, kind: mail}", "{subject: x}"),
        ("{any: [{subject: x}, {subject: y}], kind: mail}", "{subject: x}"),
        ("{subject: {equals: x, exact: true}}", "{subject: {equals: x}}"),
        ("{text: x}", "{subject: x}"),
        ("{not: {subject: x}}", "{subject: y}"),
    ],
)
def test_these_are_reached_behind_a_stop(first: str, second: str) -> None:
    assert told((first, "{tags: x, stop: true}"), (second, "{tags: x}")) == []


@pytest.mark.parametrize(
    "then",
    [
        "{ignore: true, keep_private: nothing, stop: true}",
        "{keep_private: happened, tags: x, third_party: ACME}",
        "{third_party: ACME, link: {type: quote, pattern: PR, in: text}, confidential: true}",
        "{stop: true}",
    ],
)
def test_these_actions_go_together(then: str) -> None:
    assert told(("{subject: x}", then)) == []


@pytest.mark.parametrize("word", ["text: x", "attachment: x", "attachment_count: over 1"])
def test_a_rule_that_reads_the_text_may_do_all_that_comes_late(word: str) -> None:
    then = (
        "{mode: phone, purpose: other, products: A, tags: x, author: a@b.example, "
        "collaborators: c@b.example, link: {type: a, pattern: b}, confidential: g, "
        "open_follow_up: +1h, open_when_no_reply: 1 working day, close_follow_ups: false, "
        "reminder: 1h, stop: true}"
    )
    text = f"version: 1\nrules:\n- name: it\n  when: {{{word}}}\n  then: {then}\n"
    loaded = read([("a.yaml", text)])
    assert loaded.problems == ()
    assert loaded.rules[0].phase is Phase.TEXT
