"""The rules directory: which files are read, and what each strange thing in it is called."""

import os
import time
from pathlib import Path

import pytest

from daemon.rulefiles import folder
from daemon.rulefiles.folder import gather, is_rules_file
from daemon.rulefiles.look import is_being_written, look
from daemon.rulefiles.mistake import Trouble, lines

ROOT = os.geteuid() == 0


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    made = tmp_path / "rules"
    made.mkdir()
    return made


def said(directory: Path) -> list[str]:
    return list(lines(gather(directory).troubles, "en"))


def test_files_come_in_the_order_of_their_names_whatever_the_locale(rules: Path) -> None:
    for name in ("20-b.yaml", "10-é.yaml", "10-B.yml", "10-a.YAML"):
        (rules / name).write_bytes(name.encode())
    names = [name for name, _ in gather(rules).files]
    assert names == ["10-B.yml", "10-a.YAML", "10-é.yaml", "20-b.yaml"]
    assert gather(rules).files[0] == ("10-B.yml", b"10-B.yml")


@pytest.mark.parametrize(
    "name",
    [
        ".#10.yaml",
        "#10.yaml#",
        "10.yaml~",
        ".10.yaml.swp",
        "4913",
        ".yaml",
        "10.yaml.bak",
        "10.yam",
    ],
)
def test_what_editors_leave_is_not_read(rules: Path, name: str) -> None:
    (rules / name).write_text("half a rule")
    assert not is_rules_file(name)
    assert gather(rules).files == ()
    assert gather(rules).troubles == ()


def test_a_name_that_is_nearly_right_is_told_but_not_one_that_comes_and_goes(rules: Path) -> None:
    for name in (
        "10-clients.yaml.txt",
        "README.md",
        "4913",
        "10.yaml~",
        ".git",
        "rules.schema.json",
    ):
        (rules / name).write_text("")
    assert gather(rules).strange == ("10-clients.yaml.txt", "README.md")


def test_no_directory_is_no_trouble_and_is_told_from_an_empty_one(rules: Path) -> None:
    assert gather(rules) == folder.Gathered(there=True)
    assert gather(rules / "none") == folder.Gathered(there=False)


def test_each_thing_that_is_no_file_is_named(rules: Path) -> None:
    (rules / "10.yaml").mkdir()
    os.mkfifo(rules / "20.yaml")
    (rules / "30.yaml").symlink_to("30.yaml")
    (rules / "40.yaml").symlink_to("nowhere")
    (rules / "50.yaml").write_bytes(b"fine")
    (rules / "60.yaml").symlink_to("50.yaml")
    found = gather(rules)
    assert [name for name, _ in found.files] == ["50.yaml", "60.yaml"]
    assert said(rules) == [
        "10.yaml: the file can't be read: Is a directory",
        "20.yaml: is not a file: rules files stand in no sub-directory",
        "30.yaml: is a link that leads to itself",
        "40.yaml: is a link to something that is not there",
    ]


def test_a_directory_that_is_a_file_or_a_loop_or_a_dead_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dead").symlink_to("nowhere")
    assert said(tmp_path / "file")[0].endswith("can't be read: Not a directory")
    assert "symbolic links" in said(tmp_path / "loop")[0]
    assert said(tmp_path / "dead")[0].endswith("is a link to something that is not there")


@pytest.mark.skipif(ROOT, reason="root may read everything")
def test_what_may_not_be_read_is_named(rules: Path) -> None:
    (rules / "10.yaml").touch(mode=0)
    assert said(rules) == ["10.yaml: the file can't be read: Permission denied"]
    rules.chmod(0)
    assert said(rules)[0].endswith("the rules directory can't be read: Permission denied")
    rules.chmod(0o700)


def test_too_large_and_too_many_are_mistakes_not_a_stop(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (rules / "10.yaml").open("wb") as sparse:
        sparse.truncate(10**12)
    assert said(rules) == ["10.yaml: is larger than 1024 KiB"]
    (rules / "10.yaml").write_bytes(b"x" * 600)
    (rules / "20.yaml").write_bytes(b"x" * 600)
    monkeypatch.setattr(folder, "LARGEST_ALTOGETHER", 1000)
    assert "together are larger" in said(rules)[0]
    monkeypatch.setattr(folder, "MOST_FILES", 1)
    assert "2 rules files are too many: at most 1 are read" in said(rules)[0]


def test_a_hostile_name_can_not_drive_a_terminal(rules: Path) -> None:
    (rules / "10\x1b[2J\u202e.yaml").write_text("")
    (rules / os.fsdecode(b"20\xff.yaml")).write_text("")
    assert said(rules) == [
        "10\\x1b[2J\\u202e.yaml: a file's name may hold printable text only",
        "20\\udcff.yaml: a file's name may hold printable text only",
    ]


def test_lines_are_bounded_and_one_each() -> None:
    many = [Trouble(f"{n}.yaml", "the file can't be read", {}, "a\nb") for n in range(5)]
    assert lines(many, "fr", most=1) == (
        "0.yaml: le fichier est illisible: a b",
        "… et 4 autres : `suivi rules check` les montre toutes",
    )


def test_a_look_changes_with_each_way_of_saving(rules: Path) -> None:
    file = rules / "10.yaml"
    seen = [look(rules)]

    def changed() -> bool:
        seen.append(look(rules))
        return seen[-1] != seen[-2]

    file.write_text("one")
    assert changed()
    assert not changed()
    (rules / "new").write_text("two")
    (rules / "new").replace(file)
    assert changed()
    times = file.stat()
    time.sleep(0.02)
    file.write_text("ten")
    # As some tools do: same size, same time.
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert changed()
    file.unlink()
    assert changed()


def test_a_look_ignores_what_editors_do_beside(rules: Path) -> None:
    before = look(rules)
    (rules / ".10.yaml.swp").write_text("")
    (rules / "4913").write_text("")
    assert look(rules) == before


def test_a_link_turned_to_another_directory_is_a_change(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "10.yaml").write_text("same")
    (tmp_path / "rules").symlink_to("a")
    before = look(tmp_path / "rules")
    (tmp_path / "next").symlink_to("b")
    (tmp_path / "next").replace(tmp_path / "rules")
    assert look(tmp_path / "rules") != before


def test_a_directory_appears_and_vanishes(tmp_path: Path) -> None:
    absent = look(tmp_path / "rules")
    (tmp_path / "rules").mkdir()
    there = look(tmp_path / "rules")
    assert there != absent
    (tmp_path / "rules").rmdir()
    assert look(tmp_path / "rules") == absent


def test_git_at_work_is_seen_from_below_its_work_tree(tmp_path: Path) -> None:
    rules = tmp_path / "etc" / "rules"
    rules.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    assert not is_being_written(rules)
    (tmp_path / ".git" / "index.lock").touch()
    assert is_being_written(rules)
