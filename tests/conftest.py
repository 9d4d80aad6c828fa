"""What all tests share: the long ones wait to be asked for, and real mail comes from a corpus."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also run the tests that take minutes")
    parser.addoption("--suite", default="bookworm", help="the Debian that is booted, or trixie")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="takes minutes; --long runs it")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def corpus():
    """A folder of mail, calendar and address files as many programs write them."""
    place = Path(os.environ.get("SUIVI_CORPUS") or ROOT.parent / "shared" / "corpus")
    if not place.is_dir():
        pytest.skip("no corpus: set SUIVI_CORPUS to a folder with mail/, ics/ and vcf/")
    return place


def pytest_terminal_summary(terminalreporter):
    """What tests tell (the fixture `tell` of the flows); here, where the one process that prints
    looks, when the tests run in others."""
    reports = (r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, ()))
    told = [
        text
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, text in report.user_properties
        if name == "told"
    ]
    if told:
        terminalreporter.section("told by the tests", "-")
        terminalreporter.write_line("\n\n".join(told))
