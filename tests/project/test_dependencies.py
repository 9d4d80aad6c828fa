"""Every dependency has a reason and a licence that ours (Apache-2.0) allows, both written down.

The table is docs/decisions/0002-dependencies.md; the licences are what the installed packages
themselves declare.
"""

import ast
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DECISION = ROOT / "docs/decisions/0002-dependencies.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
DEV = PROJECT["dependency-groups"]["dev"]

PERMISSIVE = {
    *("MIT", "MIT-0", "ISC", "0BSD", "Unlicense", "PSF-2.0"),
    *("BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"),
}
# Theirs stays theirs, file by file or library by library: fine to depend on, not to copy from.
AS_DEPENDENCY = {"MPL-2.0", "LGPL-3.0-only", "LGPL-3.0-or-later"}
# Programs that are started, never imported; and never with a plain `pip install suivi`.
AS_PROGRAM = {"radicale", "xandikos"}

# What packages write where an SPDX expression should stand.
SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "GNU GPL v3": "GPL-3.0-or-later",
    "GNU GPLv3 or later": "GPL-3.0-or-later",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
}


def closure(requirements):
    """The installed packages that these lead to, by canonical name."""
    found, seen = {}, set()
    todo = [Requirement(it) for it in requirements]
    while todo:
        wanted = todo.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        found[key[0]] = metadata.distribution(wanted.name)
        for line in found[key[0]].requires or []:
            needed = Requirement(line)
            extras = [{"extra": it} for it in ("", *wanted.extras)]
            if needed.marker is None or any(needed.marker.evaluate(it) for it in extras):
                todo.append(needed)
    return found


def licence(package):
    """What a package declares, as an SPDX expression where one can be made of it."""
    said = package.metadata.get("License-Expression") or package.metadata.get("License") or ""
    first = said.strip().partition("\n")[0].strip("# ")
    if not first:
        classifiers = package.metadata.get_all("Classifier") or []
        named = [it.rpartition(" :: ")[2] for it in classifiers if it.startswith("License ::")]
        first = named[-1] if named else _from_file(package)
    return SPELLINGS.get(first, first)


def _from_file(package):
    texts = [it.read_text() for it in package.files or [] if "licenses" in it.parts]
    is_bsd = any("Redistribution and use in source and binary forms" in it for it in texts)
    return "BSD-3-Clause" if is_bsd and any("Neither the name" in it for it in texts) else ""


def is_allowed(expression, allowed):
    """Whether one alternative is allowed in all its parts."""
    return any(
        all(part.strip("() ") in allowed for part in alternative.split(" AND "))
        for alternative in expression.split(" OR ")
    )


def table():
    """Name → licence, from the rows of the decision."""
    rows = re.findall(r"^\| `([\w.-]+)` \|(.*)\|$", DECISION.read_text(), re.MULTILINE)
    return {name: [it.strip() for it in cells.split("|")] for name, cells in rows}


def names(requirements):
    return {canonicalize_name(Requirement(it).name) for it in requirements}


def extras(*without):
    return [it for extra, listed in EXTRAS.items() if extra not in without for it in listed]


DIRECT = names([*RUNTIME, *extras(), *DEV])
INSTALLED = closure([*RUNTIME, *extras(), *DEV])


def test_every_package_is_written_down_with_the_licence_it_declares():
    declared = {name: licence(package) for name, package in INSTALLED.items()}
    written = {name: cells[0] for name, cells in table().items()}
    assert {name: written.get(name) for name in declared} == declared


def test_what_we_depend_on_has_a_purpose_and_a_reason():
    full = {name for name, cells in table().items() if len(cells) == 3 and all(cells)}
    assert full >= DIRECT


def test_what_is_installed_with_suivi_may_be_used_under_our_licence():
    plain = closure([*RUNTIME, *extras("demo")])
    assert len(plain) > len(RUNTIME)
    assert not_allowed(plain) == {}


def test_the_demo_and_our_tools_are_as_free_but_for_programs():
    assert not_allowed(closure([*extras(), *DEV])).keys() == AS_PROGRAM


def not_allowed(packages):
    declared = {name: licence(package) for name, package in packages.items()}
    allowed = PERMISSIVE | AS_DEPENDENCY
    return {name: it for name, it in declared.items() if not is_allowed(it, allowed)}


def test_gpl_comes_only_with_the_demo_and_the_tests():
    assert not AS_PROGRAM & closure([*RUNTIME, *extras("demo")]).keys()


def test_gpl_programs_are_started_and_never_imported():
    importers = [
        path.relative_to(ROOT)
        for package in ("rules", "connectors", "daemon")
        for path in (ROOT / package).rglob("*.py")
        if AS_PROGRAM & _imported(path)
    ]
    assert importers == []


def _imported(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {it.name.partition(".")[0] for it in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


def test_the_table_names_nothing_that_is_gone():
    lock = (ROOT / "requirements.lock").read_text()
    locked = {canonicalize_name(it) for it in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert table().keys() <= locked


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-or-later OR Apache-2.0", True),
        ("Apache-2.0 AND MIT", True),
        ("Apache-2.0 AND GPL-3.0-only", False),
        ("GPL-3.0-or-later", False),
        ("", False),
    ],
)
def test_how_a_licence_is_judged(expression, allowed):
    assert is_allowed(expression, PERMISSIVE) is allowed
