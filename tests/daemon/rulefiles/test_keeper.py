"""Which rules are in force: whole good sets, the last good one where the saved one is bad."""

import os
import threading
import time

import pytest

from daemon.rulefiles import look as looking
from daemon.rulefiles.mistake import lines
from daemon.rulefiles.reading import Bad, Source
from daemon.rulefiles.standing import NoRules
from daemon.store import people, rule_sets
from rules.ruleset import builtin
from tests.daemon.rulefiles.conftest import NOW, Desk, rule, rules_file

HR = rules_file(rule("hr"))
BAD = rules_file(rule("hr", when="sujet: rh"))


def said(bad: Bad | None) -> list[str]:
    assert bad is not None
    return list(lines(bad.mistakes, "en"))


def test_without_a_directory_the_built_in_rules_hold(desk: Desk) -> None:
    keeper = desk.start()
    assert keeper.standing.ruleset == builtin()
    assert keeper.standing.mistakes == ()


def test_a_saved_file_comes_into_force_and_has_a_fingerprint_of_its_own(desk: Desk) -> None:
    keeper = desk.start()
    desk.save("10.yaml", HR)
    assert keeper.has_moved()
    assert keeper.refresh() is None
    assert not keeper.has_moved()
    assert desk.names() == ["hr"]
    book = keeper.rulebook.in_force()
    assert book.ruleset.fingerprint == keeper.standing.ruleset.fingerprint != builtin().fingerprint
    with desk.store.read() as tx:
        kept = rule_sets.of(tx, book.ruleset.fingerprint)
    assert kept is not None and kept.files == (("10.yaml", HR),)


def test_a_set_with_one_mistake_is_refused_whole_and_says_all_of_them(desk: Desk) -> None:
    desk.save("10.yaml", HR)
    keeper = desk.start()
    fingerprint = keeper.standing.ruleset.fingerprint
    desk.save("20.yaml", rules_file(rule("fine")))
    desk.save("30.yaml", BAD)
    desk.save("40.yaml", "version: 2\n")
    found = said(keeper.refresh())
    assert [line.partition(":")[0] for line in found] == ["30.yaml", "40.yaml"]
    assert found[0].startswith("30.yaml:4:12: rule 'hr': unknown condition 'sujet'")
    assert desk.names() == ["hr"]
    assert keeper.standing.ruleset.fingerprint == fingerprint
    # Mended: all three files at once.
    desk.save("30.yaml", rules_file(rule("mended")))
    desk.save("40.yaml", rules_file())
    assert keeper.refresh() is None
    assert desk.names() == ["hr", "fine", "mended"]
    assert keeper.standing.mistakes == ()


def test_a_restart_with_bad_rules_keeps_the_last_good_set(desk: Desk) -> None:
    desk.save("10.yaml", HR)
    first = desk.start().standing
    desk.save("10.yaml", BAD)
    again = desk.start().standing
    assert desk.names() == ["hr"]
    assert again.ruleset.fingerprint == first.ruleset.fingerprint
    assert (again.since, again.files) == (first.since, first.files)
    assert len(again.mistakes) == 1


def test_the_first_start_with_bad_rules_is_refused_with_every_mistake(desk: Desk) -> None:
    desk.save("10.yaml", BAD)
    desk.save("20.yaml", "version: 2\n")
    with pytest.raises(NoRules) as refused:
        desk.start("fr")
    assert len(str(refused.value).splitlines()) == 2
    assert "condition" in str(refused.value)
    with desk.store.read() as tx:
        assert rule_sets.last(tx) is None


def test_a_kept_set_that_this_version_can_not_read_is_no_way_out(desk: Desk) -> None:
    with desk.store.write() as tx:
        rule_sets.put(tx, "old", (("10.yaml", "version: 0\n"),), NOW)
    desk.save("10.yaml", BAD)
    with pytest.raises(NoRules, match="can't be read by this version"):
        desk.start()


@pytest.mark.parametrize("leave_directory", [True, False])
def test_rules_that_vanish_stay_in_force(desk: Desk, *, leave_directory: bool) -> None:
    """A disk that was not mounted must not end what the admin keeps out."""
    desk.save("10.yaml", HR)
    keeper = desk.start()
    (desk.directory / "10.yaml").unlink()
    if not leave_directory:
        desk.directory.rmdir()
    assert "leave" in said(keeper.refresh())[0]
    assert desk.names() == ["hr"]
    assert desk.start().standing.mistakes != ()
    assert desk.names() == ["hr"]
    desk.save("00.yaml", rules_file())
    assert desk.keeper.refresh() is None
    assert desk.names() == []


def test_an_empty_file_is_half_a_save_not_a_wish(desk: Desk) -> None:
    desk.save("10.yaml", HR)
    keeper = desk.start()
    desk.save("10.yaml", b"\n")
    assert said(keeper.refresh()) == ["10.yaml: is empty: a file without rules says `version: 1`"]
    assert desk.names() == ["hr"]


def test_rules_that_name_a_user_who_was_deleted_are_told_and_stay(desk: Desk) -> None:
    desk.save("10.yaml", rules_file(rule("hr", then="author: ann@we.example")))
    keeper = desk.start()
    keeper.refresh()
    assert not keeper.has_moved(names_too=True)
    with desk.store.write() as tx:
        people.put_user(tx, name="Ann", email="ann@we.example", active=False)
    assert keeper.has_moved(names_too=True)
    assert "ann@we.example" in said(keeper.refresh())[0]
    assert desk.names() == ["hr"]
    assert not keeper.has_moved(names_too=True)
    # Also over a restart.
    desk.start()
    assert desk.names() == ["hr"]


def test_comments_change_neither_fingerprint_nor_since(desk: Desk) -> None:
    desk.save("10.yaml", HR)
    before = desk.start().standing
    desk.save("10.yaml", f"# why\n{HR}")
    assert desk.keeper.refresh() is None
    after = desk.keeper.standing
    assert (after.ruleset.fingerprint, after.since) == (before.ruleset.fingerprint, before.since)
    # Places moved with the comment, and explanations name them.
    assert after.ruleset.rules[0].place.line == before.ruleset.rules[0].place.line + 1
    assert after.since == NOW


def test_another_configuration_is_taken_with_good_rules_only(desk: Desk) -> None:
    desk.save("10.yaml", HR)
    keeper = desk.start()
    elsewhere = desk.directory.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "10.yaml").write_text(BAD)
    other = Source(elsewhere, builtin(), frozenset({"we.example"}))
    assert keeper.refresh(other) is not None
    assert keeper.source == desk.source
    assert keeper.standing.mistakes == ()
    (elsewhere / "10.yaml").write_text(rules_file(rule("other")))
    assert keeper.refresh(other) is None
    assert (keeper.source, desk.names()) == (other, ["other"])
    assert "we.example" in keeper.rulebook.in_force().directory.own_domains


def test_files_that_never_rest_are_not_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.save("10.yaml", HR)
    keeper = desk.start()
    number = iter(range(10**6))
    gather = looking.gather

    def gather_while_written(directory):  # type: ignore[no-untyped-def]
        desk.save("10.yaml", rules_file(rule(f"hr{next(number)}")))
        return gather(directory)

    monkeypatch.setattr(looking, "gather", gather_while_written)
    monkeypatch.setattr(looking, "_PAUSE", 0.001)
    assert "is being written" in said(keeper.refresh())[0]
    assert desk.names() == ["hr"]


def test_of_many_files_none_is_read_before_the_last_is_saved(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them alone is a good set: whoever asks for a reload in between gets all."""
    desk.save("10.yaml", HR)
    keeper = desk.start()
    monkeypatch.setattr(looking, "STILL", 0.3)

    def save() -> None:
        for number in range(20, 40):
            desk.save(f"{number}.yaml", rules_file(rule(f"r{number}")))
            time.sleep(0.02)

    saving = threading.Thread(target=save)
    saving.start()
    time.sleep(0.1)
    assert keeper.refresh() is None
    assert len(desk.names()) == 21
    saving.join()


def test_a_checkout_in_hand_is_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.save("10.yaml", HR)
    keeper = desk.start()
    (desk.directory.parent / ".git").mkdir()
    (desk.directory.parent / ".git" / "index.lock").touch()
    monkeypatch.setattr(looking, "_PAUSE", 0.001)
    desk.save("10.yaml", rules_file())
    assert "is being written" in said(keeper.refresh())[0]
    (desk.directory.parent / ".git" / "index.lock").unlink()
    assert keeper.refresh() is None
    assert desk.names() == []


def test_each_bad_set_is_logged_once_a_line_a_mistake(
    desk: Desk, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.save("10.yaml", HR)
    keeper = desk.start()
    desk.save("20.yaml", rules_file(*(rule(f"r{n}", when="sujet: x") for n in range(30))))
    keeper.refresh()
    keeper.refresh()
    told = capsys.readouterr().out + caplog.text
    assert told.count("rules refused") == 21
    assert "and 10 more" in told
    assert told.count("stay in force") == 1


def test_what_is_odd_is_told_and_hinders_nothing(desk: Desk) -> None:
    desk.save("10.yaml", HR)
    desk.save("20.yaml.txt", "notes")
    keeper = desk.start()
    (line,) = lines(keeper.standing.warnings, "fr")
    assert line.startswith("20.yaml.txt: n’est pas lu")
    os.truncate(desk.directory / "20.yaml.txt", 0)
    assert not keeper.has_moved() or keeper.refresh() is None


def test_since_is_when_it_came_not_when_it_was_read_again(desk: Desk) -> None:
    desk.save("10.yaml", HR)
    keeper = desk.start()
    assert keeper.refresh() is None
    assert keeper.standing.since == NOW
    desk.save("10.yaml", rules_file(rule("new")))
    assert keeper.refresh() is None
    assert keeper.standing.since != NOW
