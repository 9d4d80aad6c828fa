"""No file is over 400 lines, unless its docstring says why ("Longer than …, for …")."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMIT = 400
REASON = re.compile(r"\blong(er)?\b.*\b(because|for|since|so that)\b", re.IGNORECASE | re.DOTALL)


def sources():
    for folder in ("rules", "connectors", "daemon", "tests", "bench"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def is_long(source):
    return len(source.splitlines()) > LIMIT


def says_why(source):
    return REASON.search(ast.get_docstring(ast.parse(source)) or "") is not None


def test_files_are_short_or_say_why_not():
    texts = {path.relative_to(ROOT): path.read_text() for path in sources()}
    assert len(texts) > 50
    assert [path for path, it in texts.items() if is_long(it) and not says_why(it)] == []


def test_run_is_short_too():
    assert not is_long((ROOT / "run").read_text())


def test_what_counts_as_a_reason():
    long = "x = 1\n" * 500
    assert is_long(long) and not says_why(long)
    assert says_why(f'"""Tables.\n\nLonger than usual, for it is one table."""\n{long}')
    assert not says_why(f'"""Tables."""\n# long because\n{long}')
