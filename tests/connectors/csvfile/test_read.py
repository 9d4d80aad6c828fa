"""What people's spreadsheets hold, and what becomes of each line."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.csvfile import read
from connectors.csvfile.table import LIMIT
from connectors.errors import Unreadable


def rows(text, encoding="utf-8"):
    return read(text.encode(encoding))


def fields(text, encoding="utf-8"):
    """The fields of a file in which every row is usable."""
    found = rows(text, encoding)
    assert [it.problem for it in found if it.problem] == []
    return [dict(it.fields) for it in found]


def test_english_columns():
    assert fields(
        "Code,Name,Kind,Domains,First name,Last name,E-mail,Phone,Entity,Former names\r\n"
        "C1,Acme Ltd,customer,acme.example,Ann,Lee,ann@acme.example,+44 20 1234,UK,Old Acme\r\n"
    ) == [
        {
            "code": "C1",
            "name": "Acme Ltd",
            "kind": "customer",
            "domain": "acme.example",
            "contact": "Ann Lee",
            "email": "ann@acme.example",
            "phone": "+44 20 1234",
            "entity": "UK",
            "former": "Old Acme",
        }
    ]


def test_french_columns_as_excel_saves_them():
    text = (
        "sep=;\r\n"
        "Code client;Raison sociale;Type;Domaine(s);Nom;Prénom;Courriel;Téléphone;Entité\r\n"
        "C2;Établissements Müller;Prospect / Client;muller.example;Noël;Zoé;zoe@muller.example;"
        "01 23;Siège\r\n"
    )
    assert fields(text, "cp1252") == [
        {
            "code": "C2",
            "name": "Établissements Müller",
            "kind": "prospect;customer",
            "domain": "muller.example",
            "contact": "Zoé Noël",
            "email": "zoe@muller.example",
            "phone": "01 23",
            "entity": "Siège",
        }
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_encoding_of_a_spreadsheet(encoding):
    assert fields("nom\tcode\nÉté\tE1\n", encoding) == [{"name": "Été", "code": "E1"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end(delimiter, end):
    cells = (("code", "name"), ("A", "Alpha"), ("B", "Beta"))
    text = end.join(delimiter.join(it) for it in cells)
    assert [it.fields["code"] for it in rows(text)] == ["A", "B"]
    assert [it.line for it in rows(text)] == [2, 3]


def test_a_delimiter_within_quotes_is_text():
    assert fields('name;code\n"Dupont; fils, SA";D1\n"He said ""no""";D2\n') == [
        {"name": "Dupont; fils, SA", "code": "D1"},
        {"name": 'He said "no"', "code": "D2"},
    ]


def test_the_delimiter_is_the_one_that_makes_known_columns():
    _, row = rows("Code;Raison sociale;Notes, remarks, and more, and more\nC1;Acme, Inc.;\n")
    assert row.fields == {"code": "C1", "name": "Acme, Inc."}


def test_lines_are_those_of_the_file_though_cells_and_gaps_span_some():
    text = '\nname,code\n\n"Two\nlines",A\n,,\nThree,B\n'
    found = rows(text)
    assert [(it.line, it.fields["name"]) for it in found] == [(4, "Two lines"), (7, "Three")]


def test_unknown_columns_are_told_once_and_harm_nothing():
    first, *rest = rows("Name,Fax,,Colour\nAcme,1,2,red\nBeta,1,2,blue\n")
    assert (first.line, first.problem) == (1, "columns that are not read: Fax, Colour")
    assert [dict(it.fields) for it in rest] == [{"name": "Acme"}, {"name": "Beta"}]


def test_a_bad_line_says_all_that_is_wrong_and_its_neighbours_go_on():
    good, bad, also_good = rows(
        "name,kind,email,domain\n"
        "Alpha,supplier,a@alpha.example,\n"
        ",friend,not-an-address,nodots\n"
        "Gamma,,,\n"
    )
    assert (good.line, bad.line, also_good.line) == (2, 3, 4)
    assert bad.problem == (
        "kind: not a kind of third party: 'friend'; email: not an email address: "
        "'not-an-address'; domain: not a domain: 'nodots'; neither code nor name"
    )
    assert bad.fields == {}
    assert not good.problem and not also_good.problem


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("Client", "customer"),
        ("PROSPECTS", "prospect"),
        ("client / fournisseur", "customer;supplier"),
        ("Customer, supplier", "customer;supplier"),
        ("prospect+vendor", "prospect;supplier"),
        ("client et fournisseur", "customer;supplier"),
        ("client/customer", "customer"),
    ],
)
def test_kinds_mix(cell, kind):
    assert fields(f'name;type\nx;"{cell}"\n') == [{"name": "x", "kind": kind}]


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("email", "A@x.example; b@y.example, a@z.example", "A@x.example;b@y.example;a@z.example"),
        ("email", "Ann Lee <ann@x.example>", "ann@x.example"),
        ("email", "mailto:zoé@exämple.fr", "zoé@exämple.fr"),
        ("domain", "https://www.Acme.example/fr?x @beta.example", "acme.example;beta.example"),
        ("domain", "müller.example", "müller.example"),
        ("phone", "+33 (0)1 23 / 06 07", "+33 (0)1 23;06 07"),
        ("former names", "Dupont, SA; Durand", "Dupont, SA;Durand"),
        ("contact", "  Ann\u00a0\tLee\x07 ", "Ann Lee"),
    ],
)
def test_cells_are_cleaned(column, cell, value):
    (row,) = fields(f'code|{column}\n1|"{cell}"\n'.replace("|", ";"))
    assert list(row.values()) == ["1", value]


@pytest.mark.parametrize("cell", ["ann", "ann@", "a@b@c", "Ann Lee a@b.example", "<ann>"])
def test_what_is_no_address_is_a_problem(cell):
    (row,) = rows(f'code;email\n1;"{cell}"\n')
    assert row.problem.startswith("email: not an email address")


def test_numbered_columns_add_up():
    assert fields("name,email 1,email 2,email 3\nx,a@x.example,,b@x.example\n") == [
        {"name": "x", "email": "a@x.example;b@x.example"}
    ]


def test_a_column_that_comes_twice_counts_once():
    first, row = rows("name,code,code\nx,1,2\n")
    assert first.problem == "columns that are not read: code"
    assert row.fields == {"name": "x", "code": "1"}


def test_a_name_beside_a_company_is_the_contacts():
    assert fields("Company,Name,Code\nAcme,Ann Lee,A\n") == [
        {"name": "Acme", "contact": "Ann Lee", "code": "A"}
    ]


def test_short_rows_are_fine_and_long_ones_are_not():
    short, long = rows("name,code,email\nAcme\nBeta,B,,stray\n")
    assert short.fields == {"name": "Acme"}
    assert long.problem == "more cells than the header has"


def test_a_quote_that_is_not_closed_loses_no_line_in_silence():
    text = "name,code\nAlpha,A\n" + '"Beta,B\n' + "".join(f"N{n},{n}\n" for n in range(9))
    good, lost = rows(text)
    assert good.fields["code"] == "A"
    assert lost.problem == "a quote is not closed; lines 3 to 12 are lost"


def test_an_inch_mark_is_only_text():
    assert fields('name,code\n5" pipes,P\nBeta,B\n')[0] == {"name": '5" pipes', "code": "P"}


def test_a_novel_in_a_cell_is_a_problem_of_its_line():
    novel, huge, fine = rows(f"name,code\n{'x' * 2000},A\n{'x' * 200_000},B\nC,C\n")
    assert novel.problem == "name: longer than 1000 characters"
    assert "field limit" in huge.problem
    assert fine.fields == {"name": "C", "code": "C"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "empty"),
        (b"PK\x03\x04rest", "save it as CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not text"),
        (b"Dear all,\nhere is the list.\n", "no column 'code' or 'name'"),
        (b"email,phone\na@x.example,1\n", "no column 'code' or 'name'"),
        (b'"name,code\nAcme,A\n', "not closed"),
        (b"x" * (LIMIT + 1), "50 MiB"),
    ],
    ids=["nothing", "blank", "xlsx", "png", "prose", "no name", "open quote", "too large"],
)
def test_what_is_no_table_of_third_parties_is_unreadable(data, words):
    with pytest.raises(Unreadable, match=words) as raised:
        read(data)
    assert "\n" not in str(raised.value)


@given(st.binary(max_size=300), st.sampled_from([b",", b";", b"\t"]))
@example(b"\x81\x8d\xff", b",")
@example(b"\r\r\n\x0b\x1c\x85x", b";")
def test_no_bytes_break_it_and_lines_only_go_forward(noise, delimiter):
    data = delimiter.join([b"name", b"email", b"kind"]) + b"\n" + noise
    try:
        found = read(data)
    except Unreadable:
        assert b"\0" in noise
        return
    lines = [it.line for it in found]
    assert lines == sorted(set(lines))
    for row in found:
        assert bool(row.problem) != bool(row.fields)
        assert all(value.isprintable() for value in row.fields.values())
        assert row.problem.isprintable()
