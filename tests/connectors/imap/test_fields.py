"""The sweep asks for every header field that decides: one not asked for would decide nothing."""

from connectors.imap.fetch import FIELDS
from rules import mailkind, ruleset


def test_every_field_that_the_core_reads_is_fetched() -> None:
    rules = ruleset.builtin()
    read = {*mailkind.HEADERS, *rules.keep_out_headers, rules.own_marker.lower(), "list-id"}
    assert read <= set(FIELDS.lower().split())
