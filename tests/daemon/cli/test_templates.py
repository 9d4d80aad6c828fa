"""`suivi template`: what there is, what is wrong with it, and how it looks."""

import json
from pathlib import Path

from daemon.cli.context import Trouble
from daemon.config.templates import PARTS
from daemon.reminders.mails import SORTS
from daemon.reminders.manual import manual
from daemon.reminders.vocabulary import OF_A_LOOP
from tests.daemon.cli.conftest import Suivi
from tests.daemon.cli.test_follow_ups import BY, Ran, Run, add, invoke, ok, run

__all__ = ["run"]

MANUAL = Path(__file__).parents[3] / "docs/reference/templates.md"


def template(place: Path, name: str, **files: str) -> None:
    (place / "templates" / name).mkdir(parents=True, exist_ok=True)
    for part, source in files.items():
        (place / "templates" / name / f"{part.replace('_', '.')}.j2").write_text(source, "utf-8")


def test_the_built_in_one_alone(run: Run) -> None:
    assert "reminder" in ok(run("template", "list"))
    assert ok(run("template", "check")) == "Every template is in order.\n"


def test_every_mistake_of_ones_own_is_told_with_its_place(
    run: Run, place: Path, suivi: Suivi
) -> None:
    template(place, "short", subject_fr="Rappel : {{ titel }}", text="{{ x }}\n{% for a in b %}")
    template(place, "fine", subject="{{ title }}!")
    listed = {row["name"]: row for row in json.loads(ok(run("template", "list", "--json")))}
    assert listed["fine"]["mistakes"] == 0
    assert [Path(path).name for path in listed["short"]["files"]] == ["subject.fr.j2", "text.j2"]
    said = said_by(run("template", "check"))
    assert "short/subject.fr.j2:1: unknown variable 'titel'; did you mean 'title'?" in said
    assert "short/text.j2:2: not a template" in said
    assert ok(run("template", "check", "fine")) == "Every template is in order.\n"
    assert suivi("template", "check").returncode == 1
    assert suivi("template", "check", "fine").returncode == 0
    assert "there is no template 'none'" in said_by(run("template", "check", "none"))


def test_a_preview_shows_the_mail_and_signs_nothing(run: Run, place: Path) -> None:
    config = place / "suivi.toml"
    url = '[http]\npublic_url = "https://suivi.example"\n'
    config.write_text(config.read_text().replace("[http]\n", url))
    ok(run("exchange", "add", "Allô, votre devis ?", "--with", "DUP", "--in", *BY))
    ref = add(run, "Relance <devis>", "+3d")["ref"]
    file = place / "mail.html"
    said = said_by(run("template", "preview", ref, "--html", str(file)))
    assert "Subject: Relance <devis> · Dupont & Fils" in said
    assert "EXC-1" in said
    assert "Allô, votre devis ?" in said
    assert "Relance &lt;devis&gt;" in file.read_text("utf-8")
    template(place, "short", subject="{{ reader }} / {{ language }}")
    words = ("template", "preview", ref, "--template", "short", "--language", "en")
    assert "Alice Martin / en" in ok(run(*words))
    template(place, "short", subject="{{ titel }}")
    broken = run(*words)
    assert "unknown variable 'titel'" in broken.stderr
    assert "Relance <devis>" in broken.stdout
    assert isinstance(run("template", "preview", "FU-99").error, Trouble)
    assert isinstance(run(*words[:3], "--language", "de").error, Trouble)


def test_every_mail_can_be_previewed_with_the_examples_of_the_manual(run: Run, place: Path) -> None:
    for name in SORTS:
        assert "Subject: " in ok(run("template", "preview", "--template", name))
    template(place, "digest", subject_fr="Le {{ day }}")
    template(place, "digest/main", subject="Main: {{ day }}", text="{{ titel }}")
    words = ("template", "preview", "--template", "digest", "--language", "fr")
    assert "Subject: Le mardi 24 novembre 2026" in ok(run(*words))
    assert "digest/main/text.j2:1: unknown variable" in said_by(run("template", "check"))
    listed = ok(run("template", "list"))
    assert "main/subject.j2" in listed and "The daily digest." in listed
    ref = add(run)["ref"]
    error = run("template", "preview", ref, "--template", "digest").error
    assert isinstance(error, Trouble) and "no template of reminders" in str(error)


def test_a_built_in_one_is_a_start_for_ones_own(run: Run, place: Path) -> None:
    for name in SORTS:
        own = {part: ok(run("template", "source", name, part)) for part in PARTS}
        before = ok(run("template", "preview", "--template", name))
        template(place, name, **own)
        assert ok(run("template", "preview", "--template", name)) == before
    assert ok(run("template", "check")) == "Every template is in order.\n"
    assert run("template", "source", "digest", "body").error is not None


def said_by(ran: Ran) -> str:
    """What was said, where something was said beside it too."""
    if ran.error is not None:
        raise ran.error
    return ran.stdout


def test_the_manual_is_what_the_table_says() -> None:
    assert MANUAL.read_text("utf-8") == manual("en")
    assert ok(invoke("template", "variables")) == manual("en")
    of_all = [variable for sort in SORTS.values() for variable in sort.variables]
    for variable in (*of_all, *OF_A_LOOP):
        assert f"| `{variable.name}` |" in manual("fr")
