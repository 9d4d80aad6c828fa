"""suivi.toml: what it may say, and how each mistake in it is told."""

import re
from pathlib import Path

import pytest

from daemon.config import ConfigError, Settings, load
from rules.model.people import Level

GOOD = """
[company]
name = "Dupont SARL"
domains = ["dupont.example"]
language = "fr"
timezone = "Europe/Paris"

[smtp]
host = "smtp.dupont.example"
from = "suivi@dupont.example"
user = "suivi"
password_file = "smtp-password"

[[users]]
name = "Alice"
email = "Alice@dupont.example"
admin = true

[[mailboxes]]
name = "alice"
owner = "alice@dupont.example"
host = "imap.dupont.example"
user = "alice"
password_credential = "alice-mail"
level = "subject"
folders = [
  "Clients", # a comment with a ]
  "Devis",
]

[[calendars]]
name = "alice"
owner = "alice@dupont.example"
url = "https://cal.dupont.example/alice/"
user = "alice"
password = "s3cret-in-clear"
"""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for variable in os.environ:
        if variable.startswith("SUIVI_") or variable.endswith("_DIRECTORY"):
            monkeypatch.delenv(variable)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "smtp-password").write_text("p@ss word\n")
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "alice-mail").write_text("from systemd")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(place: Path, text: str) -> Settings:
    (place / "suivi.toml").write_text(text)
    return load(Path("suivi.toml"))


def mistakes(place: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(place, text)
    return str(caught.value).splitlines()


def test_a_good_file(place: Path) -> None:
    settings = read(place, GOOD)
    assert settings.company.timezone == "Europe/Paris"
    assert settings.smtp is not None and settings.smtp.sender == "suivi@dupont.example"
    assert settings.mailboxes[0].level is Level.SUBJECT
    assert settings.mailboxes[0].folders == ("Clients", "Devis")
    assert settings.reminders.default_minutes == 60
    assert settings.database_url == "sqlite:////var/lib/suivi/suivi.sqlite3"
    assert str(settings.control_socket) == "/run/suivi/control.sock"


@pytest.mark.parametrize(
    "address",
    [
        "a,b@dupont.example",
        "a;b@dupont.example",
        "a(b)@dupont.example",
        r"a\\b@dupont.example",
        "a" * 65 + "@dupont.example",
        "a@dupont..example",
        "a@" + "é" * 80 + ".example",
    ],
)
def test_an_address_that_cannot_stand_in_a_mail_is_a_mistake(place: Path, address: str) -> None:
    said = mistakes(place, GOOD.replace("suivi@dupont.example", address))
    assert any("from should be an email address" in line for line in said)


def test_the_three_ways_to_give_a_secret(place: Path) -> None:
    settings = read(place, GOOD)
    assert settings.smtp is not None and settings.smtp.password is not None
    assert settings.smtp.password.get_secret_value() == "p@ss word"
    assert settings.mailboxes[0].password.get_secret_value() == "from systemd"
    assert settings.calendars[0].password.get_secret_value() == "s3cret-in-clear"
    assert len(settings.warnings) == 1
    assert settings.warnings[0].startswith("suivi.toml:36:1: [[calendars]] the password stands in")


def test_no_repr_shows_a_secret(place: Path) -> None:
    shown = repr(read(place, GOOD))
    assert all(secret not in shown for secret in ("p@ss", "from systemd", "s3cret"))


def test_the_environment_wins_over_the_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUIVI_SMTP__PORT", "2525")
    monkeypatch.setenv("SUIVI_STATE_DIR", str(place / "state"))
    monkeypatch.setenv("SUIVI_HTTP__LISTEN", "[::1]:0")
    settings = read(place, GOOD)
    assert settings.smtp is not None and settings.smtp.port == 2525
    assert settings.smtp.host == "smtp.dupont.example"
    assert settings.database_url == f"sqlite:///{place}/state/suivi.sqlite3"
    assert (settings.http.host, settings.http.port) == ("::1", 0)


def test_a_secret_from_the_environment_needs_no_warning(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUIVI_SMTP__PASSWORD", "from the environment")
    settings = read(place, GOOD.replace('password_file = "smtp-password"\n', ""))
    assert settings.smtp is not None and settings.smtp.password is not None
    assert settings.smtp.password.get_secret_value() == "from the environment"
    assert not any("smtp" in warning for warning in settings.warnings)


def test_a_variable_that_nearly_names_an_option_is_warned_of(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUIVI_STATEDIR", "/x")
    warnings = read(place, GOOD).warnings
    assert "SUIVI_STATEDIR: unknown; did you mean SUIVI_STATE_DIR?" in warnings


def test_a_mistake_in_the_environment_names_the_variable(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUIVI_SMTP__PORT", "many")
    (line,) = mistakes(place, GOOD)
    assert line.startswith("SUIVI_SMTP__PORT: port should be a valid integer")


def test_the_database_password_goes_into_the_address(place: Path) -> None:
    settings = read(
        place,
        GOOD + '[database]\nurl = "postgresql+psycopg://suivi@db:5432/suivi"\n'
        'password_file = "smtp-password"\n',
    )
    assert settings.database_url == "postgresql+psycopg://suivi:p%40ss%20word@db:5432/suivi"


def test_all_mistakes_at_once_each_with_its_place(place: Path) -> None:
    text = """statedir = "/x"
[company]
name = "ACME"
language = "de"
timezone = "Europe/Pariss"

[smtp]
  hots = "x"
  port = 99999
  from = "bogus"
  password = "hunter2"
  password_file = "nope"

[[users]]
name = "Alice"
email = "alice@acme.example"
[[users]]
name = "Alice again"
email = "ALICE@acme.example"

[[mailboxes]]
name = "a"
owner = "alicia@acme.example"
host = "h"
user = "u"
level = "all"
password_credential = "unheard-of"
note = \"\"\"
port = "not an option: text"
\"\"\"
folders = [
  "a",
  3,
]

[[mailboxes]]
name = "a"
host = "h"
user = "u"
purpose = "commands"
"""
    said = mistakes(place, text)
    expected = [
        "suivi.toml:1:1: unknown option 'statedir'; did you mean 'state_dir'?",
        "suivi.toml:4:1: [company] language should be 'en' or 'fr'",
        "suivi.toml:5:1: [company] timezone should be an IANA time zone such as Europe/Paris",
        "suivi.toml:7:1: [smtp] option 'host' is missing",
        "suivi.toml:8:3: [smtp] unknown option 'hots'; did you mean 'host'?",
        "suivi.toml:9:3: [smtp] port should be less than or equal to 65535",
        "suivi.toml:10:3: [smtp] from should be an email address such as alice@example.org",
        "suivi.toml:12:3: [smtp] give only one of password and password_file",
        "suivi.toml:19:1: [[users]] there is already one with email 'ALICE@acme.example'",
        "suivi.toml:23:1: [[mailboxes]] unknown owner 'alicia@acme.example'; "
        "did you mean 'alice@acme.example'?",
        "suivi.toml:26:1: [[mailboxes]] level should be "
        "'nothing', 'happened', 'subject' or 'everything'",
        "suivi.toml:27:1: [[mailboxes]] ",
        "suivi.toml:28:1: [[mailboxes]] unknown option 'note'; ",
        "suivi.toml:31:1: [[mailboxes]] folders[1] should be a valid string",
        "suivi.toml:36:1: [[mailboxes]] a password is missing: "
        "password, password_file, password_credential",
        "suivi.toml:36:1: [[mailboxes]] a mailbox for commands needs the address "
        "that replies go to",
        "suivi.toml:37:1: [[mailboxes]] there is already one with name 'a'",
    ]
    assert len(said) == len(expected)
    for line, start in zip(sorted(said), sorted(expected), strict=True):
        assert line.startswith(start)
    assert not any("hunter2" in line for line in said)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("[company]\nname = \n", "suivi.toml:2:8: not TOML: "),
        ('[company]\nname = "x"\nname = "y"\n', "suivi.toml:3:11: not TOML: "),
        ("[company\n", "suivi.toml:1:9: not TOML: "),
        ('[company]\nname = "x', "suivi.toml:2:"),
    ],
)
def test_malformed_toml_has_its_place(place: Path, text: str, start: str) -> None:
    (line,) = mistakes(place, text)
    assert line.startswith(start)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ('password_file = "gone"', "gone can't be read: No such file or directory"),
        ('password_credential = "../x"', "a credential's name has no slash"),
        ('password_credential = "x"', "credentials/x can't be read"),
        ("password_file = 3", "should be a text that is not empty"),
    ],
)
def test_a_secret_that_is_not_there(place: Path, change: str, line: str) -> None:
    (said,) = mistakes(place, GOOD.replace('password_file = "smtp-password"', change))
    assert said.startswith("suivi.toml:12:1: [smtp] ")
    assert line in said


def test_a_missing_section_and_an_unknown_one(place: Path) -> None:
    assert mistakes(place, "[mailbox]\nname = 'x'\n") == [
        "suivi.toml: section 'company' is missing",
        "suivi.toml:1:1: unknown option 'mailbox'; did you mean 'mailboxes'?",
    ]


def test_an_address_with_a_password_in_it_is_refused_and_not_shown(place: Path) -> None:
    (line,) = mistakes(place, GOOD.replace("https://cal", "https://alice:hunter2@cal"))
    assert "should hold no password" in line
    assert "hunter2" not in line


@pytest.mark.parametrize("name", ["missing.toml", "binary.toml", "."])
def test_a_file_that_cannot_be_read(place: Path, name: str) -> None:
    (place / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=re.escape(name)):
        load(Path(name))


def test_the_file_is_named_by_the_environment(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "elsewhere.toml").write_text(GOOD)
    monkeypatch.setenv("SUIVI_CONFIG", str(place / "elsewhere.toml"))
    assert load().path == place / "elsewhere.toml"


def test_a_command_without_servers_may_lack_their_passwords(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "suivi.toml").write_text(GOOD)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    # Root, where no daemon runs, finds the files that the unit loads them from.
    assert load(Path("suivi.toml")).mailboxes[0].password.get_secret_value() == "from systemd"
    (place / "credentials").rename(place / "elsewhere")
    with pytest.raises(ConfigError, match="alice-mail"):
        load(Path("suivi.toml"))
    settings = load(Path("suivi.toml"), servers=False)
    assert settings.mailboxes[0].password.get_secret_value() == ""


def test_but_never_the_databases(place: Path) -> None:
    text = GOOD + '[database]\nurl = "postgresql://a@b/c"\npassword_credential = "gone"\n'
    (place / "suivi.toml").write_text(text)
    with pytest.raises(ConfigError, match="gone"):
        load(Path("suivi.toml"), servers=False)


def test_what_loading_fills_in_cannot_be_set(place: Path) -> None:
    (line,) = mistakes(place, 'warnings = ["x"]\n' + GOOD)
    assert line == "suivi.toml:1:1: unknown option 'warnings'"


def test_a_credential_of_a_whole_directory_has_a_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LoadCredential=suivi:/etc/suivi/credentials gives `suivi_smtp`; its own line comes first."""
    (tmp_path / "suivi.toml").write_text(
        '[company]\nname = "A"\n[smtp]\nhost = "h"\nfrom = "a@b.example"\n'
        'user = "a"\npassword_credential = "smtp"\n'
    )
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "suivi_smtp").write_text("of the directory\n")
    smtp = load(tmp_path / "suivi.toml").smtp
    assert smtp is not None and smtp.password is not None
    assert smtp.password.get_secret_value() == "of the directory"
    (tmp_path / "smtp").write_text("of its own line\n")
    smtp = load(tmp_path / "suivi.toml").smtp
    assert smtp is not None and smtp.password is not None
    assert smtp.password.get_secret_value() == "of its own line"
