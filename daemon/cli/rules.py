"""Rules files: the group of commands, each part in a file of its own."""

import typer

from daemon.cli import rules_check, rules_init, rules_list, rules_past, rules_test
from daemon.i18n import mark


def add(app: typer.Typer) -> None:
    """`suivi rules …`"""
    rules = typer.Typer(
        no_args_is_help=True,
        help=mark("Rules files: what is captured, hidden, classified, assigned and followed up."),
    )
    for part in (rules_init, rules_list, rules_check, rules_past, rules_test):
        part.add(rules)
    app.add_typer(rules, name="rules")
