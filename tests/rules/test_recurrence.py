"""How a follow-up repeats: what is understood, and what is told to be wrong."""

import pytest

from rules import recurrence


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=1MO"),
        ("rrule:byday=1mo; freq=monthly", "FREQ=MONTHLY;BYDAY=1MO"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;INTERVAL=2", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR"),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=12", "FREQ=MONTHLY;COUNT=12;BYDAY=-1FR"),
        ("FREQ=DAILY;UNTIL=20271231T230000Z", "FREQ=DAILY;UNTIL=20271231T230000Z"),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        ),
    ],
)
def test_rules(text, rule):
    assert recurrence.parse(text) == rule
    assert recurrence.parse(rule) == rule


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        ("BYDAY=MO", "FREQ=…"),
        ("FREQ=SECONDLY", "FREQ=SECONDLY"),
        ("FREQ=HOURLY", "FREQ=HOURLY"),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ=WEEKLY"),
        ("FREQ=DAILY;COUNT=0", "COUNT=0"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "COUNT, UNTIL"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY=1MO"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS=1"),
        ("FREQ=MONTHLY;BYDAY=9MO", "BYDAY=9MO"),
        ("FREQ=DAILY;X-A=1", "X-A=1"),
        ("FREQ=DAILY\r\nATTENDEE:mailto:a@b.example", "FREQ=DAILYATTENDEE:MAILTO:A@B.EXAMPLE"),
        ("FREQ=YEARLY;BYMONTHDAY=" + "1," * 200 + "1", None),
    ],
)
def test_what_is_no_rule(text, part):
    with pytest.raises(recurrence.NoRule) as refused:
        recurrence.parse(text)
    assert part is None or refused.value.part == part
