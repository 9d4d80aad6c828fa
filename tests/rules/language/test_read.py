"""A set of rules files becomes rules in the order of file names; with one mistake it has none."""

from datetime import time

from rules.language import Loaded, Severity, read, say
from rules.model.exchanges import Direction
from rules.model.people import Level
from rules.model.rules import (
    All,
    AnyOf,
    DayKind,
    Ignore,
    KeepPrivate,
    Known,
    Later,
    Link,
    LinkField,
    Not,
    OpenFollowUp,
    OpenWhenNoReply,
    Phase,
    Place,
    Range,
    SetPurpose,
    Test,
    Thing,
    Who,
    WhoKind,
)

QUOTES = r"""
version: 1
rules:
  - name: quotes
    when:
      kind: mail
      from: {third_party: any}
      any:
        - size: over 5 MB
        - not: {weekday: [saturday, sunday]}
    then:
      purpose: other
      link: {type: quote, pattern: 'PR\d{4}-\d{4,}', in: [subject, text]}
      open_follow_up: +3 working days at 09:00
      stop: true
"""


def rule(when: str, then: str = "purpose: other") -> str:
    """A file with one rule, on known lines: `when` on 4, `then` on 5."""
    return f"version: 1\nrules:\n- name: it\n  when: {{{when}}}\n  then: {{{then}}}\n"


def told(text: str | bytes, known: Known | None = None) -> list[str]:
    return [say(problem) for problem in read([("a.yaml", text)], known).problems]


def test_a_rule_is_read_with_its_places() -> None:
    loaded = read([("10.yaml", QUOTES)])
    assert loaded.problems == ()
    (it,) = loaded.rules
    assert (it.name, it.place, it.stop, it.phase) == (
        "quotes",
        Place("10.yaml", 4, 5),
        True,
        Phase.HEADERS,
    )
    place = Place("", 0, 0)
    assert it.when == All(
        (
            Test("kind", frozenset({Thing.MAIL}), place),
            Test("from", (Who(WhoKind.THIRD_PARTY),), place),
            AnyOf(
                (
                    Test("size", Range(least=5_000_001), place),
                    Not(Test("weekday", frozenset({5, 6}), place)),
                )
            ),
        )
    )
    assert it.then[0] == SetPurpose("other")
    assert it.then[1] == Link("quote", r"PR\d{4}-\d{4,}", (LinkField.SUBJECT, LinkField.TEXT))
    assert isinstance(it.then[2], OpenFollowUp)
    assert it.then[2].plan.when == Later(3, DayKind.WORKING_DAYS, at=time(9))


def test_files_come_in_the_order_of_their_names() -> None:
    def named(name: str) -> str:
        return f"version: 1\nrules:\n- name: {name}\n  when: always\n  then: {{ignore: true}}\n"

    loaded = read([("20.yaml", named("b")), ("10.yaml", named("a"))])
    assert [it.name for it in loaded.rules] == ["a", "b"]


def test_a_set_with_one_mistake_has_no_rules() -> None:
    loaded = read([("10.yaml", QUOTES), ("20.yaml", "version: 1\nrules:\n- nam: x\n")])
    assert loaded.rules == ()
    assert not loaded.is_good


def test_a_warning_refuses_nothing() -> None:
    loaded = read([("10.yaml", QUOTES), ("20.yaml", "# nothing yet\n")])
    assert loaded.is_good
    assert [p.severity for p in loaded.problems] == [Severity.WARNING]
    assert len(loaded.rules) == 1


def test_nothing_is_nothing() -> None:
    assert read([]) == Loaded()


def test_a_rule_that_reads_the_text_is_decided_later() -> None:
    (it,) = read([("a.yaml", rule("not: {text: order}, direction: inbound"))]).rules
    assert it.phase is Phase.TEXT
    (it,) = read([("a.yaml", rule("direction: inbound"))]).rules
    assert it.when == Test("direction", frozenset({Direction.INBOUND}), it.place)
    assert it.phase is Phase.HEADERS


def test_yaml_types_nothing() -> None:
    (it,) = read([("a.yaml", rule("subject: [no, 010, 12:30, ~, 1e3]"))]).rules
    assert isinstance(it.when, Test)
    assert isinstance(it.when.argument, tuple)
    assert [match.text for match in it.when.argument] == ["no", "010", "12:30", "~", "1e3"]


def test_a_rule_that_waits_for_a_reply_opens_its_follow_up_then() -> None:
    text = rule("subject: quote, no_reply_for: 5 working days", "open_follow_up: +2h")
    (it,) = read([("a.yaml", text)]).rules
    (action,) = it.then
    assert isinstance(action, OpenWhenNoReply)
    assert action.within == 5
    assert isinstance(it.when, Test)
    assert it.when.word == "subject"


def test_bytes_are_utf8_and_a_byte_order_mark_is_nothing() -> None:
    text = rule("subject: été", "keep_private: subject")
    (it,) = read([("a.yaml", b"\xef\xbb\xbf" + text.encode())]).rules
    assert it.then == (KeepPrivate(Level.SUBJECT),)
    assert read([("a.yaml", text.replace("\n", "\r\n"))]).rules == (it,)


def test_names_are_held_against_what_is_known() -> None:
    text = rule("from: {user: emma@we.example}", "purpose: quots")
    assert told(text) == []
    known = Known(users=frozenset({"emma@we.example"}), purposes=frozenset({"quotes", "other"}))
    assert told(text, known) == [
        "a.yaml:5:19: rule 'it': there is no purpose 'quots'; did you mean 'quotes'?"
    ]


def test_ignore_is_ignore() -> None:
    (it,) = read([("a.yaml", rule("mail_kind: newsletter", "ignore: true"))]).rules
    assert it.then == (Ignore(),)
