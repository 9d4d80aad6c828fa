"""Whatever stands in a rules file, reading it raises nothing and says where it is wrong."""

import random
import time
from collections import Counter

import pytest

from daemon.i18n import translator
from rules.language import Severity, read, say
from tests.rules.language.known import KNOWN
from tests.rules.language.mutants import mutant, seeds

FRENCH = translator("fr")


def check(number: int, seed: int) -> Counter[str]:
    """Reads so many mutants, half of them in pairs; what came out is counted."""
    chance = random.Random(seed)
    texts = seeds()
    outcome: Counter[str] = Counter()
    for i in range(number):
        files = [(f"{name}.yaml", mutant(chance, texts)) for name in "ab"[: 1 + i % 2]]
        start = time.monotonic()
        try:
            loaded = read(files, None if i % 3 else KNOWN)
            told = [(say(p), say(p, FRENCH)) for p in loaded.problems]
        except Exception as error:
            raise AssertionError(f"mutant {i} of seed {seed}: {files!r}") from error
        assert time.monotonic() - start < 10, files
        for problem, lines in zip(loaded.problems, told, strict=True):
            for line in lines:
                assert line.startswith(f"{problem.file}:{problem.line}:{problem.column}: ")
                assert line.isprintable()
            content = dict(files)[problem.file]
            lines_there = content.count(b"\n" if isinstance(content, bytes) else "\n") + 2
            # CR and the like end lines too.
            assert problem.line <= lines_there + len(content.split()) and problem.column >= 1
            outcome[problem.code] += 1
        outcome["refused" if not loaded.is_good else "taken"] += 1
        assert loaded.is_good or not loaded.rules
        assert loaded.is_good or any(p.severity is Severity.ERROR for p in loaded.problems)
    return outcome


def test_no_mutant_raises() -> None:
    outcome = check(2000, seed=1)
    assert outcome["taken"] > 30
    assert outcome["refused"] > 500
    # The mutations reach every part of the reader, not only YAML's.
    assert len(outcome) > 60


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10, 20))
def test_no_mutant_of_a_hundred_thousand_raises(seed: int) -> None:
    outcome = check(10_000, seed)
    print(seed, dict(outcome.most_common(20)))
    assert outcome["taken"] > 0
