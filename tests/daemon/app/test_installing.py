"""What `suivi init` writes: TOML that says what was answered, and files with the right modes."""

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from daemon.app.installing import installing
from daemon.config import ConfigError, load
from daemon.config.answers import read
from daemon.config.written import MORE, written

ANSWERS = """
state_dir = "{place}/state"
[company]
name = "Dupont & Fils \\"SA\\""
domains = ["dupont.example"]
[[users]]
name = "Alice Martin"
email = "alice@dupont.example"
[[mailboxes]]
name = "Alice Martin"
host = "imap.example"
user = "alice"
password = "geheim 1"
[[mailboxes]]
name = "alice-martin"
host = "imap.example"
user = "bob"
password_file = "bob"
[smtp]
host = "smtp.example"
user = "suivi"
password = "geheim 3"
from = "suivi@dupont.example"
"""


def answers(place: Path, text: str = ANSWERS) -> Path:
    (place / "bob").write_text("geheim 2\n")
    file = place / "answers.toml"
    file.write_text(text.replace("{place}", str(place)), "utf-8")
    return file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_password_is_a_file_of_its_own_for_its_owner_alone(tmp_path: Path) -> None:
    told = read(answers(tmp_path))
    path = tmp_path / "etc" / "suivi.toml"
    files = installing(told.tables, path, "en")
    assert files.in_the_way() == ()
    files.put(tmp_path / "state")
    folder = tmp_path / "etc" / "credentials"
    assert (mode(folder), mode(path)) == (0o700, 0o640)
    passwords = {p.name: p.read_text() for p in folder.iterdir() if p.name != "master-key"}
    assert passwords == {
        "alice-martin-mail": "geheim 1\n",
        "alice-martin-mail-2": "geheim 2\n",
        "smtp": "geheim 3\n",
    }
    assert {mode(p) for p in folder.iterdir()} == {0o600}
    assert len((folder / "master-key").read_bytes()) == 32
    assert "geheim" not in path.read_text("utf-8")
    loaded = load(path)
    assert loaded.company.name == 'Dupont & Fils "SA"'
    assert [m.password.get_secret_value() for m in loaded.mailboxes] == ["geheim 1", "geheim 2"]
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("given", "url", "password"),
    [
        ('url = "postgresql://u:ge%40heim@db/s"', "postgresql://u@db/s", "ge@heim"),
        ('url = "postgresql://u@db/s?password=geheim"', "postgresql://u@db/s", "geheim"),
        ('url = "postgresql://u@db/s"\npassword = "geheim"', "postgresql://u@db/s", "geheim"),
        ('url = "postgresql://u:x@db/s"\npassword = "geheim"', "postgresql://u@db/s", "geheim"),
        ('url = "postgresql:///s?host=/run/pg"', "postgresql:///s?host=/run/pg", None),
    ],
)
def test_the_password_of_the_database_is_never_in_the_file(
    tmp_path: Path, given: str, url: str, password: str | None
) -> None:
    """Wherever it was given; and the address that is used has it."""
    file = answers(tmp_path, ANSWERS.replace("[company]", f"[database]\n{given}\n[company]"))
    path = tmp_path / "etc" / "suivi.toml"
    for _again in range(2):
        files = installing(read(file).tables, path, "en")
        assert files.in_the_way() == ()
        files.put(tmp_path / "state")
    assert tomllib.loads(path.read_text("utf-8"))["database"]["url"] == url
    credential = tmp_path / "etc" / "credentials" / "database"
    loaded = load(path)
    if password is None:
        assert not credential.exists()
        assert loaded.database_url == url
        return
    assert (credential.read_text(), mode(credential)) == (f"{password}\n", 0o600)
    assert password not in path.read_text("utf-8")
    assert sa.make_url(loaded.database_url).password == password


def test_twice_is_as_good_as_once_and_the_key_stays(tmp_path: Path) -> None:
    told = read(answers(tmp_path))
    path = tmp_path / "etc" / "suivi.toml"
    installing(told.tables, path, "en").put(tmp_path / "state")
    key = (tmp_path / "etc/credentials/master-key").read_bytes()
    again = installing(told.tables, path, "en")
    assert again.in_the_way() == ()
    again.put(tmp_path / "state")
    assert (tmp_path / "etc/credentials/master-key").read_bytes() == key
    assert not again.before.exists()


def test_the_key_of_a_suivi_that_ran_before_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "master-key").write_bytes(b"k" * 32)
    path = tmp_path / "etc" / "suivi.toml"
    installing(read(answers(tmp_path)).tables, path, "en").put(tmp_path / "state")
    assert (tmp_path / "etc/credentials/master-key").read_bytes() == b"k" * 32


def test_what_is_in_the_way_is_named_and_kept_when_replaced(tmp_path: Path) -> None:
    told = read(answers(tmp_path))
    path = tmp_path / "etc" / "suivi.toml"
    (tmp_path / "etc" / "credentials").mkdir(parents=True)
    (tmp_path / "etc" / "credentials" / "smtp").write_text("other\n")
    path.write_text("# mine\n")
    files = installing(told.tables, path, "en")
    assert files.in_the_way() == (tmp_path / "etc" / "credentials" / "smtp", path)
    files.put(tmp_path / "state")
    assert files.before.read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (("[smtp]", "[smpt]"), "unknown option 'smpt'; did you mean 'smtp'?"),
        (("password_file", "pasword_file"), "a password is missing"),
        (('user = "bob"', "user = 3"), "should be"),
        (("[company]", '[directory]\nfile = "x"\n[company]'), "third_parties"),
        (
            ("[company]", '[directory]\nthird_parties = "none.csv"\n[company]'),
            "none.csv: there is no such file",
        ),
    ],
)
def test_mistakes_in_answers_are_told_with_their_place(
    tmp_path: Path, changed: tuple[str, str], told: str
) -> None:
    file = answers(tmp_path, ANSWERS.replace(*changed))
    with pytest.raises(ConfigError) as refused:
        read(file)
    assert told in str(refused.value)
    assert f"{file}:" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_what_stands_in_comments_are_options_with_good_values(tmp_path: Path) -> None:
    """Each line, without its #, gives a configuration that loads."""
    told = read(answers(tmp_path))
    path = tmp_path / "suivi.toml"
    files = installing(told.tables, path, "fr")
    files.put(tmp_path / "state")
    lines = [(section, line) for section, several in MORE.items() for line, _ in several]
    text = path.read_text("utf-8")
    for section, line in lines:
        if section == "calendars":
            continue
        assert f"# {line}" in text, section
    uncommented = text.replace("# [", "[").replace("# follow_ups", "follow_ups")
    tomllib.loads(uncommented)


scalars = st.text(min_size=1) | st.integers(-(10**9), 10**9) | st.booleans()
values = scalars | st.lists(scalars, min_size=1).filter(
    lambda row: len({type(v) for v in row}) == 1
)
tables = st.dictionaries(st.text(min_size=1), values)


@given(company=tables, users=st.lists(tables, min_size=1), other=tables)
def test_whatever_is_answered_is_what_is_read(
    company: dict[str, Any], users: list[dict[str, Any]], other: dict[str, Any]
) -> None:
    whole = {"company": company, "users": users, "log": other}
    assert tomllib.loads(written(whole, "fr")) == whole
