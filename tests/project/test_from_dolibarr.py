"""Every promise of the ancestor's manual names what shows it: a test that is there, or pages."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs/reference/from-dolibarr.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[list[str]]:
    lines = (line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("|"))
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [row for row in cells if row[0] not in ("the manual says", "the picture shows", "---")]


def named_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_promise_has_a_place_and_what_shows_it() -> None:
    assert len(rows()) > 40
    for promise, place, shown in rows():
        assert promise
        assert place
        assert shown == "*pages*" or _TEST.fullmatch(shown), shown


def test_each_named_test_is_there() -> None:
    for promise, _place, shown in rows():
        if (named := _TEST.fullmatch(shown)) is not None:
            assert named[2] in named_in(ROOT / named[1]), promise


def test_what_is_left_to_the_pages_is_what_only_a_screen_shows() -> None:
    assert [row[0] for row in rows() if row[2] == "*pages*"] == [
        "« ajouter un contact depuis un bouton présent à côté des boutons classiques… ou un bouton"
        " présent sur toutes les pages »",
        "« soit un bouton intégré…, soit un bouton flottant »",
        "« limiter la taille visible des descriptions uniquement sur la liste »",
        "« Une box sur la page d'accueil… prochaines relances à réaliser »",
    ]
