"""Templates: what they may contain, what happens when they are broken, and that none hangs."""

import contextlib
import html
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.i18n import LANGUAGES
from daemon.reminders import grammar, sheets
from daemon.reminders.mails import SORTS, Sort
from daemon.reminders.sheets import Misprint, Printed, Sheets
from daemon.reminders.vocabulary import REMINDER, full, hostile, kinds, sparse

FULL, SPARSE = full(REMINDER), sparse(REMINDER)
ENVIRONMENT = sheets._environment("en")


def faults(source: str) -> list[tuple[int, str]]:
    found = grammar.check(ENVIRONMENT, source, kinds(REMINDER))
    return [(fault.line, fault.said(str)) for fault in found]


def own(folder: Path, **files: str) -> Sheets:
    """Templates with one of the admin's own, `short`."""
    (folder / "short").mkdir(exist_ok=True)
    for name, source in files.items():
        (folder / "short" / f"{name.replace('_', '.')}.j2").write_text(source, "utf-8")
    return Sheets(folder)


def printed_by(it: Sheets, name: str | None, language: str, values: Any) -> Printed:
    """A reminder by this template."""
    return it.print("reminder", language, values, name=name)


def said(found: tuple[Misprint, ...]) -> list[str]:
    return [misprint.said("en") for misprint in found]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ title }} {{ party.name|upper }} {{ links['done'] }}", []),
        ("{% for e in past if e.inbound %}{{ loop.index }}{{ e.ref }}{% else %}–{% endfor %}", []),
        ("{% for p in contact.phones %}{{ p }}{% if not loop.last %}, {% endif %}{% endfor %}", []),
        ("{% trans name=party.name %}For {{ name }}{% endtrans %}{{ _('Done') }}", []),
        ("{{ 'late' if late else 'on time' }}{# a remark #}{{ title|truncate(40) }}", []),
        ("\n{{ titel }}", [(2, "unknown variable 'titel'; did you mean 'title'?")]),
        ("{{ party.nmae }}", [(1, "unknown variable 'party.nmae'; did you mean 'party.name'?")]),
        (
            "{{ zzz }}\n{{ yyy.x }}",
            [(1, "unknown variable 'zzz'"), (2, "unknown variable 'yyy.x'")],
        ),
        ("{{ party }}", [(1, "'party' can't be written as it is: write what is in it")]),
        ("{{ past }}", [(1, "'past' can't be written as it is: write what is in it")]),
        ("{% for c in title %}{% endfor %}", [(1, "'title' is not a list: a loop needs one")]),
        ("{{ title|safe }}", "filter 'safe'"),
        ("{{ title|format(1) }}", "filter 'format'"),
        ("{{ title.upper() }}", "'()()' can't be used"),
        ("{{ range(10) }}", "'range()' can't be used"),
        ("{{ title.__class__.__mro__ }}", "unknown variable 'title.__class__"),
        ("{{ ''.__class__ }}", "'[]' can't be used"),
        ("{{ self.__init__.__globals__ }}", "unknown variable"),
        ("{{ cycler }}", "unknown variable"),
        ("{{ _('%(a)1000000000s', a=title) }}", "'%' in a phrase"),
        ("{{ _(title) }}", "'_()' can't be used"),
        ("{% set a = title %}", "'assign' can't be used"),
        ("{% macro a() %}{{ a() }}{% endmacro %}", "'macro' can't be used"),
        ("{% include '/etc/passwd' %}", "'include' can't be used"),
        ("{% extends 'x' %}", "'extends' can't be used"),
        ("{% import 'x' as y %}", "'import' can't be used"),
        ("{% with a = 1 %}{% endwith %}", "'with' can't be used"),
        ("{{ 'x' * 1000000 }}", "'mul' can't be used"),
        ("{{ 2 ** 9 }}", "'pow' can't be used"),
        ("{{ 'a' + 'b' }}", "'add' can't be used"),
        ("{{ '%s' % title }}", "'mod' can't be used"),
        ("{{ [1, 2] }}", "'list' can't be used"),
        ("{{ title|truncate(100000) }}", "'100000' is too big"),
        ("{{ title[::-1] }}", "'[]' can't be used"),
        ("{% for a in past recursive %}{% endfor %}", "'for' can't be used"),
        ("{% for a, b in past %}{% endfor %}", "'for' can't be used"),
        ("{% for a in past %}{% for b in past %}{% endfor %}{% endfor %}", "a loop in a loop"),
        ("{% if late %}", "not a template: "),
        ("{{ title", "not a template: "),
        ("{{ " + "(" * 5_000 + "title" + ")" * 5_000 + " }}", "nested too deep"),
        ("{% if late %}" * 500 + "{% endif %}" * 500, "nested too deep"),
        ("x" * 70_000, "longer than 65536 characters"),
    ],
)
def test_what_a_template_may_contain(source: str, expected: list[tuple[int, str]] | str) -> None:
    found = faults(source)
    if isinstance(expected, list):
        assert found == expected
    else:
        assert any(expected in what for _, what in found), found


def test_every_mistake_is_told_in_the_readers_language() -> None:
    misprint = Misprint(
        "a/text.j2", grammar.check(ENVIRONMENT, "\n{{ titel }}", kinds(REMINDER))[0]
    )
    assert misprint.said("en") == "a/text.j2:2: unknown variable 'titel'; did you mean 'title'?"
    assert misprint.said("fr").startswith("a/text.j2:2: variable inconnue « titel »")


@pytest.mark.parametrize("name", SORTS)
def test_the_built_in_ones_are_without_a_mistake(name: str) -> None:
    assert said(Sheets(None).faults(name)) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sample", [FULL, SPARSE])
def test_the_built_in_one_says_the_same_in_both_parts(sample: Any, language: str) -> None:
    printed = printed_by(Sheets(None), None, language, sample)
    assert printed.faults == ()
    for text in ("CU-1", "EXC-12", "suivi.example/l/d") if sample is FULL else ():
        assert text in printed.text
        assert text in printed.html
    assert "<" not in printed.text
    assert "\n\n\n" not in printed.text


def test_an_admins_template_is_used_by_language_and_read_again_when_it_changes(
    tmp_path: Path,
) -> None:
    mine = own(tmp_path, subject_fr="Rappel : {{ title }}", text_en="Hello {{ reader }}")
    assert mine.names() == (*SORTS, "short")
    french, english = (printed_by(mine, "short", language, FULL) for language in ("fr", "en"))
    assert french.subject == "Rappel : Relance devis PR2303-0107"
    # A part that it lacks is the built-in one's.
    assert "Brasserie Mistral" in french.text
    assert english.text == "Hello Alice Martin"
    own(tmp_path, subject_fr="Autre : {{ title }}")
    assert printed_by(mine, "short", "fr", FULL).subject.startswith("Autre : ")
    # One for every language, and the built-in name, can be given too.
    (tmp_path / "reminder").mkdir()
    (tmp_path / "reminder" / "subject.j2").write_text("Mine")
    assert {printed_by(mine, None, language, FULL).subject for language in LANGUAGES} == {"Mine"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"subject": "{{ titel }}"}, "short/subject.j2:1: unknown variable 'titel'"),
        ({"text": "{% if %}"}, "short/text.j2:1: not a template"),
        ({"html_fr": "{{ party.name"}, "short/html.fr.j2:1: not a template"),
        ({"subject": "{{ description }}" * 800}, "makes more than 10000 characters"),
    ],
)
def test_a_broken_one_is_the_built_in_one_and_told(
    tmp_path: Path, files: dict[str, str], told: str
) -> None:
    mine = own(tmp_path, **files)
    calm = {**FULL, "late": False}
    printed = printed_by(mine, "short", "fr", calm)
    assert printed.subject == printed_by(Sheets(None), None, "fr", calm).subject
    assert any(told in line for line in said(printed.faults))
    assert any(told in line for line in said(mine.faults("short")))


def test_an_empty_subject_shows_in_a_check(tmp_path: Path) -> None:
    mine = own(tmp_path, subject="{% if late %}x{% endif %}")
    assert said(mine.faults("short")) == ["short/subject: makes nothing"]


def test_what_is_missing_shows_in_a_check(tmp_path: Path) -> None:
    mine = own(tmp_path, text="{{ party.name }}")
    assert printed_by(mine, "short", "en", FULL).faults == ()
    assert "can't be filled in" in said(mine.faults("short"))[0]


@pytest.mark.parametrize("name", ["none", "../short", "/etc", "short/", "", "a\nb", "x" * 5_000])
def test_a_name_that_is_none_is_told(tmp_path: Path, name: str) -> None:
    printed = printed_by(own(tmp_path, text="x"), name, "en", FULL)
    assert bool(printed.faults) == bool(name)
    assert "Relance" in printed.subject


def test_strange_files_harm_nobody(tmp_path: Path) -> None:
    mine = own(tmp_path, text="x")
    for make in (
        lambda path: os.mkfifo(path),
        lambda path: path.mkdir(),
        lambda path: path.symlink_to(path),
        lambda path: path.write_bytes(b"\xff\xfe\x00"),
        lambda path: path.symlink_to("/dev/zero"),
    ):
        path = tmp_path / "short" / "html.j2"
        make(path)
        assert "Relance" in printed_by(mine, "short", "en", FULL).subject
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


@pytest.mark.parametrize("sort", SORTS.values(), ids=SORTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_says_the_same_in_text_and_html(sort: Sort, language: str) -> None:
    for sample in (full(sort.variables), sparse(sort.variables)):
        printed = Sheets(None).print(sort.name, language, {**sample, "language": language})
        assert printed.faults == ()
        assert "<" not in printed.text and "\n\n\n" not in printed.text
        assert not printed.text.startswith("\n")
        assert printed.html.count("<html") == printed.html.count("</html>") == 1
        shown = html.unescape(printed.html)
        for word in re.findall(r"[A-Z]{2,3}-?[0-9-]+|https?://\S+", printed.text):
            assert word in shown


@pytest.mark.parametrize("name", sorted(set(SORTS) - {"reminder"}))
def test_every_other_mail_can_have_a_template_of_ones_own(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "text.fr.j2").write_text("Bonjour de {{ company }}", "utf-8")
    mine, values = Sheets(tmp_path), full(SORTS[name].variables)
    assert mine.print(name, "fr", values).text == "Bonjour de Dupont & Fils"
    assert mine.print(name, "en", values) == Sheets(None).print(name, "en", values)
    # What another mail may say, this one may not.
    (folder / "text.fr.j2").write_text("{{ contact.name }}", "utf-8")
    broken = mine.print(name, "fr", values)
    assert broken.text == Sheets(None).print(name, "fr", values).text
    assert said(broken.faults)[0].startswith(f"{name}/text.fr.j2:1: unknown variable")
    # And no reminder is written with it.
    assert "there is no template" in said(printed_by(mine, name, "fr", FULL).faults)[0]


def test_html_gets_our_frame_unless_it_is_a_page(tmp_path: Path) -> None:
    mine = own(tmp_path, html="<p>{{ title }}</p>", subject="{{ title }}!")
    framed = printed_by(mine, "short", "en", {**FULL, "title": "<b>"}).html
    assert "prefers-color-scheme: dark" in framed and "<p>&lt;b&gt;</p>" in framed
    assert "<title>&lt;b&gt;!</title>" in framed
    own(tmp_path, html="<HTML><p>{{ title }}</p>")
    assert printed_by(mine, "short", "en", FULL).html == f"<HTML><p>{FULL['title']}</p>"
    own(tmp_path, html=" \n")
    assert printed_by(mine, "short", "en", FULL).html == ""


def test_an_entity_has_templates_of_its_own(tmp_path: Path) -> None:
    for folder, source in (("digest", "All"), ("digest/lumen", "Lumen"), ("only/lumen", "Only")):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "subject.j2").write_text(source, "utf-8")
    mine, values = Sheets(tmp_path), full(SORTS["digest"].variables)

    def subject(entity: str | None) -> str:
        return mine.print("digest", "fr", values, entity=entity).subject

    assert subject("lumen") == "Lumen"
    assert subject("other") == subject(None) == subject("../digest") == subject("") == "All"
    # A part that it lacks is the general one's.
    (tmp_path / "digest/lumen/subject.j2").rename(tmp_path / "digest/lumen/text.j2")
    assert subject("lumen") == "All"
    assert mine.print("digest", "fr", values, entity="lumen").text == "Lumen"
    # One that only an entity has is none for the others.
    only = mine.print("reminder", "fr", FULL, name="only", entity="lumen")
    assert (only.subject, only.faults) == ("Only", ())
    assert "no template" in said(mine.print("reminder", "fr", FULL, name="only").faults)[0]
    assert said(mine.faults("only")) == said(mine.faults("digest")) == []
    # Mistakes in it are told with their place.
    (tmp_path / "only/lumen/text.fr.j2").write_text("{{ titel }}", "utf-8")
    assert said(mine.faults("only"))[0].startswith("only/lumen/text.fr.j2:1: unknown variable")
    assert [path.name for path in mine.files("only")] == ["subject.j2", "text.fr.j2"]


WORDS = st.sampled_from(
    ["{{ ", " }}", "{% ", " %}", "for x in past", "endfor", "if late", "endif", "else", "title",
     "party.name", "x.ref", "~", "|upper", "|", "(", ")", "_('a %(b)s', b=title)", "range(9**9)",
     "not ", " and ", "'", '"', "%", "loop.index", "\n", "é", "[0]", ".__class__", "9" * 9, "*",
     "set a = ", "{#", "#}", "macro m()", "endmacro", "trans", "endtrans", " "]
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(WORDS, max_size=40).map("".join))
def test_whatever_is_written_ends_soon_and_small(source: str) -> None:
    before = time.perf_counter()
    if grammar.check(ENVIRONMENT, source, kinds(REMINDER)):
        return
    template = ENVIRONMENT.from_string(source)
    big = sheets._tame(hostile(REMINDER, "x" * 1_000_000), 20)
    with contextlib.suppress(sheets.TemplateError):
        assert sum(map(len, sheets._bounded(template, big, 1_000_000))) <= 1_000_000
    assert time.perf_counter() - before < 2


def test_the_most_that_passes_ends_soon() -> None:
    body = "{% if a.ref|upper == title %}{{ title ~ title }}{% endif %}" * 900
    source = f"{{% for a in past %}}{body}{{% endfor %}}"
    assert faults(source) == []
    values = sheets._tame({**FULL, "title": "x" * 1_000_000, "past": FULL["past"] * 50}, 20)
    before = time.perf_counter()
    assert "".join(sheets._bounded(ENVIRONMENT.from_string(source), values, 10**6)) == ""
    assert time.perf_counter() - before < 10
