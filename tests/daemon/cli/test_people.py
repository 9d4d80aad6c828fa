"""Importing third parties, and what the next commands find of them."""

import json
from pathlib import Path

from tests.daemon.cli.conftest import Suivi

CSV = """code;raison sociale;type;domaine;contact;courriel;téléphone
DUP;Dupont & Fils;client;dupont.example;Jeanne Dupont;jeanne@dupont.example;+33 1 23
DUP;Dupont & Fils;client;dupont.example;Luc Petit;luc@dupont.example;
;Café Élan;prospect;elan.example;;;
BAD;Mauvais;martian;;;;
LEF;Lefèvre;fournisseur;;Max;not an address;
"""


def write(place: Path) -> str:
    (place / "tiers.csv").write_text(CSV, encoding="cp1252")
    return str(place / "tiers.csv")


def test_import_takes_the_good_lines_and_names_the_bad(suivi: Suivi, place: Path) -> None:
    done = suivi("import", "third-parties", write(place))
    assert done.stdout == "Imported: 2 third parties (2 new), 2 contacts.\n"
    lines = done.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["tiers.csv:5", "tiers.csv:6"]
    assert done.returncode == 1


def test_importing_again_changes_nothing(suivi: Suivi, place: Path) -> None:
    file = write(place)
    suivi("import", "third-parties", file)
    done = suivi("import", "third-parties", file, "--json")
    result = json.loads(done.stdout)
    assert (result["third_parties"], result["new"], result["contacts"]) == (2, 0, 2)


def test_a_dry_run_stores_nothing(suivi: Suivi, place: Path) -> None:
    done = suivi("import", "third-parties", write(place), "--dry-run")
    assert done.stdout.startswith("Would be imported: 2 third parties (2 new)")
    done = suivi("history", "DUP")
    assert done.returncode == 1
    assert "no third party is called 'DUP'" in done.stderr


def test_a_third_party_is_found_by_code_and_name(suivi: Suivi, place: Path) -> None:
    suivi("import", "third-parties", write(place))
    for text in ("dup", "Dupont & Fils", "café elan", "CAFE-ELAN"):
        assert suivi("history", text).returncode == 0
    done = suivi("history", "a")
    assert done.returncode == 0 or "give the code" in done.stderr


def test_people_are_put_in_and_merged_and_rights_say_where_they_come_from(suivi: Suivi) -> None:
    """Few commands, for each is a process: what they do is tested with the API."""

    def does(*arguments: str) -> str:
        done = suivi(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    does(
        "group", "put", "Sales", "--right", "see_confidential", "--member", "alice@atelier.example"
    )
    does("user", "grant", "alice@atelier.example", "manage_users")
    told = does("user", "rights", "alice@atelier.example")
    rows = {line.split()[0]: line.split(None, 1)[1] for line in told.splitlines() if "_" in line}
    assert rows["see_confidential"].strip() == "from group Sales"
    assert rows["manage_users"].strip() == "given"
    refused = suivi("user", "withdraw", "alice@atelier.example", "manage_users")
    assert "nobody could manage users any more" in refused.stderr
    for code in ("OLD", "NEW"):
        does("third-party", "put", code, "--kind", "customer", "--domain", f"{code}.example")
    does("contact", "put", "OLD", "Max", "--email", "max@old.example", "--phone", "06")
    assert does("third-party", "merge", "OLD", "NEW", "--dry-run") == "NEW: 1 contact\n"
    does("third-party", "merge", "OLD", "NEW")
    # By its old code it is found still.
    (contact,) = json.loads(does("contact", "list", "OLD", "--json"))
    assert contact["emails"] == ["max@old.example"]
    gone = does("contact", "drop-address", str(contact["id"]), "max@old.example", "--unlink")
    assert gone.startswith("0 exchanges came by it")
    bad = suivi("third-party", "put", "X", "--kind", "martian", "--by", "nobody@atelier.example")
    assert bad.returncode == 1
    assert "'martian' is none of" in bad.stderr
