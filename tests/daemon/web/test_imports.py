"""Files of third parties over the API: preview, apply, again; and files that mean harm."""

import httpx2
import pytest

API = "/api/v1/imports"
CSV = """code;raison sociale;type;contact;courriel;entité
DUP;Dupont & Fils;client;Jeanne Dupont;jeanne@dupont.example;
;=cmd|'/c calc'!A1;prospect;+Max;max@calc.example;
BAD;Mauvais;martian;;;
NO;Nowhere;client;;;mars
"""


def send(client: httpx2.Client, kind: str, data: bytes, query: str = "") -> httpx2.Response:
    path, media = (("csv", "text/csv"), ("vcards", "text/vcard"))[kind == "vcards"]
    return client.post(f"{API}/{path}{query}", content=data, headers={"Content-Type": media})


def became(answer: httpx2.Response) -> list[tuple[int, str, str]]:
    assert answer.status_code == 200, answer.text
    return [(x["line"], x["became"], x["third_party"]) for x in answer.json()["lines"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_preview_then_apply_then_again(admin: httpx2.Client, encoding: str) -> None:
    data = CSV.encode(encoding)
    calc = "CMD-C-CALC-A1"
    wanted = [(2, "new", "DUP"), (3, "new", calc), (4, "problem", ""), (5, "problem", "")]
    assert became(send(admin, "csv", data, "?dry_run=true")) == wanted
    assert admin.get("/api/v1/third-parties").json()["items"] == []
    done = send(admin, "csv", data)
    assert became(done) == wanted
    counts = done.json()
    assert (counts["third_parties"], counts["new"], counts["contacts"]) == (2, 2, 2)
    again = send(admin, "csv", data)
    assert [x[1] for x in became(again)] == ["same", "same", "problem", "problem"]
    more = CSV.replace("jeanne@dupont", "j.d@dupont").replace("Jeanne", "Lucie").encode(encoding)
    assert [x[1] for x in became(send(admin, "csv", more))][:2] == ["changed", "same"]
    # What looks like a formula is a name like any other; it is the export that defuses it.
    names = [p["name"] for p in admin.get("/api/v1/third-parties").json()["items"]]
    assert names == ["Dupont & Fils", "=cmd|'/c calc'!A1"]


def test_cards_go_to_the_organisation_so_called_or_to_the_one_that_is_said(
    admin: httpx2.Client,
) -> None:
    send(admin, "csv", CSV.encode())
    cards = (
        "BEGIN:VCARD\nVERSION:3.0\nFN:Luc Petit\nORG:dupont & fils\nEMAIL:luc@dupont.example\n"
        "END:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:Zoé\nTEL:06\nEND:VCARD\n"
    ).encode()
    assert became(send(admin, "vcards", cards)) == [(1, "changed", "DUP"), (7, "problem", "")]
    party = admin.get("/api/v1/third-parties?text=dupont").json()["items"][0]["id"]
    to_dupont = f"?into={party}"
    assert became(send(admin, "vcards", cards, to_dupont)) == [
        (1, "same", "DUP"),
        (7, "changed", "DUP"),
    ]
    people = admin.get(f"/api/v1/contacts?third_party={party}").json()["items"]
    assert [p["name"] for p in people] == ["Jeanne Dupont", "Luc Petit", "Zoé"]
    assert send(admin, "vcards", cards, "?into=999").status_code == 404


def test_who_does_not_configure_imports_nothing(weak: httpx2.Client) -> None:
    for query in ("", "?dry_run=true"):
        assert send(weak, "csv", CSV.encode(), query).status_code == 403


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422),
        (b"\x00\x01\x02", 422),
        (b"PK\x03\x04 spreadsheet", 422),
        (b"colour;shape\nred;round\n", 422),
        (b"name\n" + b'"' + b"x" * 100_000, 200),
        (b"name\n" + b"x\n" * 50_000, 200),
        (b"x" * (17 * 1024 * 1024), 413),
    ],
)
def test_hostile_files_are_refused_or_told_line_by_line(
    admin: httpx2.Client, data: bytes, status: int
) -> None:
    assert send(admin, "csv", data).status_code == status
