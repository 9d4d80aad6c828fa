"""vCards of the wild become rows: an organisation a third party, a person its contact."""

import contextlib
from pathlib import Path

import pytest

from connectors import vcard
from connectors.errors import Unreadable
from rules.model.wire import ImportRow


def card(*lines: str) -> str:
    return "\r\n".join(("BEGIN:VCARD", "VERSION:4.0", *lines, "END:VCARD", ""))


def fields(*lines: str) -> dict[str, str]:
    (row,) = vcard.read(card(*lines).encode())
    assert not row.problem, row.problem
    return dict(row.fields)


def test_a_person_of_an_organisation() -> None:
    assert fields(
        "N:Toleri;Sylvie;;;",
        "FN:Sylvie TOLERI",
        "ORG:Agence\\, de Tourisme;Ventes",
        "item1.EMAIL;TYPE=work:sylvie@agence.example",
        "EMAIL;PREF=1:mailto:s.toleri@agence.example",
        'TEL;VALUE=uri;TYPE="work,voice:x":tel:+33-1-23;ext=102',
        "TEL:06 12",
        "CATEGORIES:key,v\\,ip",
        "PHOTO;BASE64: /9j/4AAQ",
    ) == {
        "name": "Agence, de Tourisme",
        "contact": "Sylvie TOLERI",
        "email": "sylvie@agence.example;s.toleri@agence.example",
        "phone": "+33-1-23 ext. 102;06 12",
        "tags": "key;v,ip",
    }


def test_an_organisation_has_no_person() -> None:
    company = {"name": "Acme", "email": "info@acme.example"}
    for kind in ("KIND:org", "X-ABShowAs:COMPANY"):
        assert fields(kind, "FN:Acme", "EMAIL:info@acme.example") == company


def test_a_name_without_its_formatted_form_is_put_together() -> None:
    assert fields("N:Public;John;Q.;Mr.;", "ORG:X")["contact"] == "John Public"


def test_lines_are_unfolded_and_control_characters_go() -> None:
    assert fields("FN:Zo", " é\\nMar", "\ttin\x07", "ORG:X")["contact"] == "Zoé Martin"


def test_a_card_without_organisation_names_a_person_only() -> None:
    assert fields("FN:Max", "EMAIL:max@x.example") == {"contact": "Max", "email": "max@x.example"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (card("ORG:X", "EMAIL:no address"), "email: not an email address: 'no address'"),
        (card("NOTE:nothing"), "the card names nobody"),
        (card("FN:" + "x" * 2000, "ORG:X"), "longer than 1000 characters"),
        (card("FN;ENCODING=QUOTED-PRINTABLE:=C3=91"), "this is vCard 2.1: export it as 3.0 or 4.0"),
        ("BEGIN:VCARD\nFN:Cut", "the card has no end"),
    ],
)
def test_a_bad_card_says_why_and_stops_no_other(content: str, problem: str) -> None:
    first, second = vcard.read((content + "\n" + card("FN:Max", "ORG:X")).encode())
    assert (first.problem, first.fields) == (problem, {})
    assert second.fields["contact"] == "Max"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encodings_of_address_books(encoding: str) -> None:
    (row,) = vcard.read(card("FN:Léa", "ORG:Hôtel").encode(encoding))
    assert row.fields == {"name": "Hôtel", "contact": "Léa"}


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04\x00", b"code,name\n1,2\n", b"x" * (51 << 20)])
def test_what_is_no_cards_at_all(data: bytes) -> None:
    with pytest.raises(Unreadable):
        vcard.read(data)


def test_every_card_of_the_corpus_is_read_or_told(corpus: Path) -> None:
    rows: list[ImportRow] = []
    for file in sorted((corpus / "vcf").rglob("*")):
        if file.is_file():
            with contextlib.suppress(Unreadable):
                rows += vcard.read(file.read_bytes())
    assert len(rows) > 150
    assert sum(1 for row in rows if row.fields) > 120
    assert all(bool(row.fields) != bool(row.problem) for row in rows)
