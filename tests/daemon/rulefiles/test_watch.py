"""Saved files are noticed, whoever saves them and however; the admin is told once a bad set."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from daemon.admin import Admin
from daemon.reminders.sheets import Sheets
from daemon.rulefiles.telling import GRACE, tell
from daemon.rulefiles.watch import Watch
from daemon.store import Tx, post
from daemon.store.errors import Unavailable
from tests.daemon.rulefiles.conftest import NOW, Desk, rule, rules_file

ANN = Admin("ann@we.example", "en", "Europe/Paris", "suivi@we.example", "We", Sheets(None))
BAD = rules_file(rule("hr", when="sujet: x"))


def seen(look: Callable[[], object], *, within: float = 5.0) -> float:
    """How long it took until `look` was true."""
    start = time.monotonic()
    while not look():
        assert time.monotonic() - start < within
        time.sleep(0.01)
    return time.monotonic() - start


@pytest.fixture
def watched(desk: Desk) -> Iterator[Desk]:
    desk.start()
    watch = Watch(desk.keeper, lambda: None)
    watch.start()
    yield desk
    watch.stop()


def test_a_save_is_in_force_within_two_seconds(watched: Desk) -> None:
    """The directory itself appears with the first file."""
    took = []
    for number in range(3):
        watched.save("10.yaml", rules_file(rule(f"r{number}")))
        took.append(seen(lambda n=number: watched.names() == [f"r{n}"]))  # type: ignore[misc]
    print(f"in force after {', '.join(f'{seconds:.2f} s' for seconds in took)}")


def test_a_link_turned_to_another_directory_is_followed(watched: Desk) -> None:
    parent = watched.directory.parent
    for name in ("v1", "v2"):
        (parent / name).mkdir()
        (parent / name / "10.yaml").write_text(rules_file(rule(name)))
    watched.directory.symlink_to("v1")
    seen(lambda: watched.names() == ["v1"])
    (parent / "next").symlink_to("v2")
    (parent / "next").replace(watched.directory)
    seen(lambda: watched.names() == ["v2"])


def test_many_files_written_one_by_one_come_into_force_together(watched: Desk) -> None:
    """Each set that was in force is all of one kind, though writing takes longer than a look."""
    in_force: set[tuple[str, ...]] = set()
    for version in ("a", "b"):
        for number in range(12):
            watched.save(f"{number:02}.yaml", rules_file(rule(f"{version}{number}")))
            time.sleep(0.06)
            in_force.add(tuple(watched.names()))
        seen(lambda v=version: watched.names() == [f"{v}{n}" for n in range(12)])  # type: ignore[misc]
    whole = {tuple(f"{v}{n}" for n in range(12)) for v in "ab"}
    assert in_force <= {(), *whole}


def test_the_watch_outlives_a_database_that_does_not_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = desk.start()
    fails = [Unavailable("busy"), RuntimeError("a bug")]
    refresh = keeper.refresh

    def failing() -> object:
        if fails:
            raise fails.pop()
        return refresh()

    monkeypatch.setattr(keeper, "refresh", failing)
    monkeypatch.setattr("daemon.rulefiles.watch.REST", 0.01)
    watch = Watch(keeper, lambda: None)
    watch.start()
    desk.save("10.yaml", rules_file(rule("hr")))
    seen(lambda: desk.names() == ["hr"])
    watch.stop()


def letters(tx: Tx) -> list[EmailMessage]:
    return [
        message_from_bytes(one.mail or b"", policy=policy.default)  # type: ignore[misc]
        for one in post.waiting(tx)
    ]


def told(desk: Desk, after: timedelta = GRACE, admin: Admin = ANN) -> bool:
    """As the daemon does from time to time; `after` counts from the refusal."""
    standing = desk.keeper.standing
    now = (standing.refused.since if standing.refused else NOW) + after
    with desk.store.write() as tx:
        return tell(tx, admin, standing, now)


def test_one_mail_a_bad_set_and_an_all_clear(desk: Desk) -> None:
    desk.save("10.yaml", rules_file(rule("hr")))
    desk.start()
    assert not told(desk)
    desk.save("10.yaml", BAD)
    desk.keeper.refresh()
    assert not told(desk, timedelta(0))
    assert told(desk)
    assert not told(desk)
    # Known already, over a restart too.
    desk.start()
    assert not told(desk)
    desk.save("10.yaml", rules_file(rule("hr", when="objet: x")))
    desk.keeper.refresh()
    assert told(desk)
    # The first one again: told before, and nothing is mended yet.
    desk.save("10.yaml", BAD)
    desk.keeper.refresh()
    assert not told(desk)
    desk.save("10.yaml", rules_file(rule("hr")))
    desk.keeper.refresh()
    assert told(desk)
    assert not told(desk)
    # After the all-clear it is news again.
    desk.save("10.yaml", BAD)
    desk.keeper.refresh()
    assert told(desk)
    with desk.store.read() as tx:
        subjects = [letter["Subject"] for letter in letters(tx)]
    refused = "suivi: the saved rules are refused: 1 mistake"
    assert subjects == [refused, refused, "suivi: the rules are mended", refused]


def test_what_was_mended_before_anybody_was_told_is_not_told(desk: Desk) -> None:
    desk.save("10.yaml", rules_file(rule("hr")))
    desk.start()
    desk.save("10.yaml", BAD)
    desk.keeper.refresh()
    assert not told(desk, timedelta(seconds=1))
    desk.save("10.yaml", rules_file(rule("hr")))
    desk.keeper.refresh()
    assert not told(desk)


def test_the_mail_names_every_mistake_in_the_language_of_the_admin(desk: Desk) -> None:
    desk.save("10.yaml", rules_file(rule("hr")))
    desk.start()
    desk.save("10.yaml", BAD)
    desk.save("20.yaml", "version: 2\n")
    desk.keeper.refresh()
    french = Admin("ann@we.example", "fr", "Europe/Paris", "suivi@we.example", "We", Sheets(None))
    assert told(desk, admin=french)
    with desk.store.read() as tx:
        (letter,) = letters(tx)
    assert letter["To"] == "ann@we.example"
    assert letter["X-Suivi"] == "notice"
    assert letter["Subject"] == "suivi : les règles enregistrées sont refusées : 2 erreurs"
    text = letter.get_body(("plain",)).get_content()
    assert "10.yaml:4:12: règle" in text
    assert "20.yaml:1" in text
    assert "reste en vigueur" in text
