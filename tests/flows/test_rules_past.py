"""Changed rules leave the past alone until they are applied: on Dovecot, by the commands."""

from collections.abc import Callable

from tests.flows.house import House, mail
from tests.flows.inside import inside

RULES = """\
version: 1
rules:
  - name: HR
    when:
      subject: payslip
    then:
      ignore: true
  - name: quotes
    when:
      subject: quote
      text: PR2303
    then:
      purpose: prospecting
      tags: [quote]
  - name: the accountant
    when:
      from: anna@accounts.example
    then:
      third_party: SU-1
"""

LETTERS = (
    ("jean@mistral.example", "Your payslip question", "Hello"),
    ("jean@mistral.example", "Quote", "PR2303-0107"),
    ("jean@mistral.example", "Lunch", "Tuesday?"),
    ("anna@accounts.example", "Balance", "Please find"),
)


def save(house: House, text: str) -> None:
    (house.folder / "rules").mkdir(exist_ok=True)
    (house.folder / "rules" / "10-all.yaml").write_text(text)


def subjects(house: House) -> dict[str, str | None]:
    with inside(house) as look:
        found = [e for party in ("CU-1", "SU-1") for e in look.exchanges(party)]
    return {e.subject: e.purpose for e in found}


def test_changed_rules_judge_the_past_when_they_are_applied(
    make_house: Callable[..., House], postgresql: str
) -> None:
    # On PostgreSQL; on SQLite a thousand others do it, in tests/daemon/history.
    house = make_house(postgresql, users=("ann",))
    for number, (sender, subject, text) in enumerate(LETTERS):
        raw = mail(sender, "ann@lumen.example", subject, text, message_id=f"m{number}@x.example")
        house.dovecot.deliver("ann", "INBOX", raw)
    house.prepare()
    house.suivi("sync")
    before = {"Your payslip question": None, "Quote": None, "Lunch": None}
    assert subjects(house) == before

    save(house, RULES)
    house.suivi("sync")
    told = house.suivi("rules", "diff").stdout
    assert "+1 recorded, −1 hidden, 1 re-classified" in told
    assert "by 'HR'" in told
    assert "purpose – → prospecting" in told
    assert "payslip" not in told
    assert subjects(house) == before

    tried = house.suivi("rules", "test", "m1@x.example").stdout
    assert "as in INBOX of ann (Ann Lumen)" in tried
    assert "✓ 'quotes' (10-all.yaml:8:5): fires" in tried

    refused = house.suivi("rules", "apply", check=False)
    assert (refused.returncode, "--yes" in refused.stderr) == (1, True)
    house.suivi("rules", "apply", "--only", "hidden", "--yes")
    assert subjects(house) == {"Quote": None, "Lunch": None}
    house.suivi("rules", "apply", "--yes")
    assert subjects(house) == {"Quote": "prospecting", "Lunch": None, "Balance": None}
    found = house.json("rules", "diff")
    assert (found["findings"], found["counts"], found["troubles"]) == ([], {}, [])

    save(house, "version: 1\n")
    house.suivi("rules", "apply", "--yes")
    assert subjects(house) == before
    assert list((house.folder / "state").glob("past-*")) == []


def test_a_mailbox_that_does_not_answer_is_said_and_the_rest_goes_on(house: House) -> None:
    for user in ("ann", "bob"):
        raw = mail(
            "jean@mistral.example",
            f"{user}@lumen.example",
            f"payslip {user}",
            message_id=f"{user}@x.example",
        )
        house.dovecot.deliver(user, "INBOX", raw)
    house.prepare()
    house.suivi("sync")
    save(house, RULES)
    text = (house.folder / "suivi.toml").read_text().replace("bob-secret", "wrong")
    (house.folder / "suivi.toml").write_text(text)
    done = house.suivi("rules", "diff", check=False)
    assert done.returncode == 1
    assert "−1 hidden" in done.stdout
    assert "for its account could not be read" in done.stdout
    assert "bob" in done.stderr and "wrong" not in done.stderr


def test_mistakes_in_the_rules_are_told_all_at_once(house: House) -> None:
    house.prepare()
    save(house, "version: 1\nrules:\n  - name: a\n    whn: {}\n    then: {tag: x}\n")
    done = house.suivi("rules", "diff", check=False)
    assert done.returncode == 1
    assert "10-all.yaml:4" in done.stderr and "10-all.yaml:5" in done.stderr
    assert "Traceback" not in done.stderr
