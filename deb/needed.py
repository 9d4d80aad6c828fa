"""Prints the part of requirements.lock that an installation needs: what `suivi[postgres]` imports,
directly or through others, without the tools of developers. Run in the environment of `./run`.

    python deb/needed.py requirements.lock [EXTRA …] >requirements.txt
"""

import re
import sys
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_BLOCK = re.compile(r"^([\w.-]+)==.*(?:\n .*)*", re.MULTILINE)


def needed(extras: tuple[str, ...]) -> set[str]:
    """Names of all packages that suivi with these extras brings along on this Python."""
    found: set[str] = set()
    asked = [Requirement(f"suivi[{','.join(extras)}]")]
    seen: set[tuple[str, frozenset[str]]] = set()
    while asked:
        one = asked.pop()
        key = (canonicalize_name(one.name), frozenset(one.extras))
        if key in seen:
            continue
        seen.add(key)
        found.add(key[0])
        for text in requires(one.name) or ():
            further = Requirement(text)
            wanted = [{"extra": extra} for extra in (*one.extras, "")]
            if further.marker is None or any(further.marker.evaluate(w) for w in wanted):
                asked.append(further)
    return found - {"suivi"}


def main(lock: str, *extras: str) -> None:
    """Fails when something that is needed is not in the lock."""
    blocks = {canonicalize_name(m[1]): m[0] for m in _BLOCK.finditer(Path(lock).read_text())}
    names = needed(extras or ("postgres",))
    if missing := names - blocks.keys():
        sys.exit(f"not in {lock}: {', '.join(sorted(missing))}")
    sys.stdout.write("\n".join(blocks[name] for name in sorted(names)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
