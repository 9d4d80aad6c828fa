"""Examples inside rules are tried when the set is read; one that fails refuses the set."""

import pytest

from rules.language import read, say

QUOTES = r"""version: 1
rules:
- name: quotes
  when: {kind: mail, subject: {regex: 'PR\d{4}-\d{4,}'}}
  then:
    purpose: other
    link: {type: quote, pattern: 'PR\d{4}-\d{4,}', in: [subject, text]}
    stop: true
  examples:
  - EXAMPLE
- name: orders
  when: {text: order}
  then: {tags: [order], open_follow_up: {when: +1 day, title: Thank them}}
"""


def told(example: str, text: str = QUOTES) -> list[str]:
    loaded = read([("a.yaml", text.replace("EXAMPLE", example))])
    assert loaded.is_good is (loaded.problems == ())
    return [say(problem).removeprefix("a.yaml:") for problem in loaded.problems]


@pytest.mark.parametrize(
    "example",
    [
        "mail: {subject: Your PR2303-0107}",
        "{mail: {subject: PR2303-0107}, fires: true, gives: {purpose: other, link: true}}",
        "{mail: {subject: pr2303-0107}, gives: {purpose: other, link: quote PR2303-0107}}",
        "{mail: {subject: Hello}, fires: false}",
        "{event: {subject: PR2303-0107}, fires: false, gives: {purpose: none}}",
        "{mail: {subject: PR1111-0001, text: and PR1111-0002}, "
        "gives: {link: [quote PR1111-0002, quote PR1111-0001]}}",
        "{mail: {subject: PR1111-0001, text: my order}, gives: {tags: none, link: true}}",
    ],
)
def test_examples_that_hold(example: str) -> None:
    assert told(example) == []


@pytest.mark.parametrize(
    ("example", "said"),
    [
        (
            "mail: {subject: Hello}",
            "10:5: rule 'quotes': the rule does not fire for this example: "
            "'subject' in line 4 does not hold",
        ),
        (
            "{mail: {subject: PR1111-0001}, fires: false}",
            "10:43: rule 'quotes': the rule fires for this example, and should not",
        ),
        (
            "{mail: {subject: PR1111-0001}, gives: {link: quote PR1111-0002}}",
            "10:50: rule 'quotes': this example gives link: quote PR1111-0001",
        ),
        (
            "{mail: {subject: PR1111-0001}, gives: {tags: order}}",
            "10:50: rule 'quotes': this example gives tags: none",
        ),
        (
            "{mail: {sbject: x}, event: {}}",
            "10:5: rule 'quotes': an example has 'mail' or 'event', and maybe 'fires' and 'gives'",
        ),
        (
            "mail: {sbject: x, date: tomorrow}",
            "10:12: rule 'quotes': unknown word 'sbject'; did you mean 'subject'?",
        ),
    ],
)
def test_examples_that_do_not(example: str, said: str) -> None:
    assert told(example)[0] == said


def test_an_example_sees_the_rules_before_its_own() -> None:
    """…and a rule that stops before is named."""
    example = "- mail: {subject: PR1111-0001, text: order}"
    alone = QUOTES.replace("  examples:\n  - EXAMPLE\n", "")
    assert told("", alone + f"  examples:\n  {example}\n") == [
        "13:5: rule 'orders': the rule does not fire for this example: rule 'quotes' stops before"
    ]
    gives = "{mail: {subject: x, text: My Ordér}, gives: {open_follow_up: Thank them, tags: order}}"
    assert told("", alone + f"  examples:\n  - {gives}\n") == []


WHO = """version: 1
rules:
- name: it
  when:
    from: {user: emma@we.example}
    to: [{third_party: ACME}, '@globex.example']
    cc: {group: sales}
    direction: outbound
    third_party_kind: prospect
    third_party_tag: VIP
    weekday: wednesday
    age: over 30 days
    holiday: true
    attachment: {name: '*.pdf', size: under 1 MB}
  then: {tags: x}
  examples:
  - mail:
      from: {user: emma@we.example}
      to: jean@acme.example
      cc: {user: paul@we.example, groups: sales}
      third_party: {code: ACME, kind: [prospect, customer], tags: vip}
      age: 31 days
      holiday: true
      attachments: quote.pdf
"""


@pytest.mark.parametrize(
    ("one", "other", "condition"),
    [
        ("x", "x", ""),
        ("groups: sales", "groups: hr", "'cc' in line 7"),
        ("[prospect, customer]", "supplier", "'third_party_kind' in line 9"),
        ("31 days", "30 days", "'age' in line 12"),
        ("quote.pdf", "quote.doc", "'attachment' in line 14"),
        ("code: ACME", "code: ACNE", "'to' in line 6"),
    ],
)
def test_who_takes_part_can_be_said(one: str, other: str, condition: str) -> None:
    found = told("", WHO.replace(one, other))
    assert len(found) == bool(condition)
    assert all(condition in line for line in found)


TITLES = r"""version: 1
rules:
- name: whose
  when: {subject: lamps}
  then: {third_party: LUX, author: paul@we.example}
- name: hidden
  when: {text: secret}
  then: {confidential: true}
- name: call
  when: {kind: mail}
  then:
    link: {type: quote, pattern: 'PR\d+', in: [text, subject]}
    open_follow_up: {when: +1 day, title: '{author}: {third_party} {reference}'}
  examples:
  - mail: {to: {user: emma@we.example}, SAMPLE}
    gives: {open_follow_up: 'TITLE'}
"""


@pytest.mark.parametrize(
    ("sample", "title"),
    [
        ("subject: for PR2, text: see PR1", "emma@we.example: Example PR2"),
        ("text: see PR1", "emma@we.example: Example PR1"),
        ("text: the secret PR1", "emma@we.example: Example "),
        ("subject: lamps PR3", "paul@we.example: LUX PR3"),
    ],
)
def test_titles_name_what_the_rules_make_known(sample: str, title: str) -> None:
    assert told("", TITLES.replace("SAMPLE", sample).replace("TITLE", title)) == []
