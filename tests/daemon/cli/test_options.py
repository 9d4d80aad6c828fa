"""`suivi option`: set for all, an entity or a user; read back with the reason; kept as history."""

import json
from pathlib import Path

from tests.daemon.cli.conftest import CONFIG, Suivi

ROOT = Path(__file__).parents[3]


def test_the_reference_says_what_the_table_says(suivi: Suivi) -> None:
    assert suivi("option", "manual").stdout == (ROOT / "docs/reference/options.md").read_text()


def test_the_nearest_to_the_user_is_in_force(suivi: Suivi, place: Path) -> None:
    (place / "suivi.toml").write_text(
        CONFIG.format(place=place) + "\n[reminders]\ndefault_minutes = 45\n"
    )
    alice = ("--user", "alice@atelier.example")

    def value(*whose: str) -> tuple[str, str]:
        told = json.loads(suivi("option", "get", "reminder_before", "--json", *whose).stdout)
        return told["value"], told["set"]

    done = suivi("option", "set", "reminder_before", "2 heures", "--entity", "main")
    assert (done.stdout, done.stderr) == ("reminder_before is 2 h.\n", "")
    assert value() == ("45 min", "configuration")
    assert value("--entity", "main") == value(*alice) == ("2 h", "entity")
    suivi("option", "set", "reminder_before", "1 d", *alice)
    assert value(*alice) == ("1 d", "user")
    suivi("option", "set", "reminder_before", "30")
    assert value() == ("30 min", "all")
    assert value(*alice) == ("1 d", "user")
    suivi("option", "unset", "reminder_before", *alice)
    assert value(*alice) == ("2 h", "entity")
    told = json.loads(suivi("option", "history", "--json").stdout)
    assert [change["value"] for change in told] == [None, 30, 1440, 120]


def test_who_may_set_what(suivi: Suivi) -> None:
    suivi("db", "upgrade")
    alice = ("--by", "alice@atelier.example")
    done = suivi("option", "set", "digest", "yes", *alice, SUIVI_LANGUAGE="en")
    assert (done.returncode, done.stdout) == (1, "")
    assert "for themselves only" in done.stderr
    done = suivi("option", "set", "digest", "oui", "--user", "alice@atelier.example", *alice)
    assert done.stdout == "digest is yes.\n"
    assert "alice@atelier.example" in suivi("option", "history", "digest").stdout


def test_mistakes_are_told_in_one_line(suivi: Suivi) -> None:
    suivi("db", "upgrade")
    for arguments, why in (
        (("set", "reminder_befor", "5"), "did you mean 'reminder_before'?"),
        (("set", "all_day_at", "soon"), "all_day_at: takes a time of day"),
        (("set", "holidays", "FR-99"), "FR has no region '99'"),
        (("set", "digest", "yes", "--entity", "mars"), "there is no entity 'mars': main"),
        (("get", "digest", "--user", "x@y.example"), "nobody of us has the address"),
        (("set", "digest", "yes", "--entity", "main", "--user", "alice@atelier.example"), "both"),
    ):
        done = suivi("option", *arguments)
        assert done.returncode == 1, arguments
        assert why in done.stderr
        assert done.stderr.count("\n") == 1
    done = suivi("option", "set", "all_day_at", "soon", SUIVI_LANGUAGE="fr")
    assert "attend une heure" in done.stderr


def test_the_list_explains_itself_in_french(suivi: Suivi) -> None:
    suivi("db", "upgrade")
    done = suivi("option", "list", SUIVI_LANGUAGE="fr")
    assert "Si les relances sont rappelées par courriel." in done.stdout
