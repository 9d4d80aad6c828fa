"""The JSON Schema of rules files, derived from the tables: for editors, which complete and check
while one writes (`# yaml-language-server: $schema=rules.schema.json`).

What it can't say (names that the store knows, patterns, phases), `suivi rules check` says.
"""

from typing import Any

from rules.language import samples, texts
from rules.language.actions import ACTIONS
from rules.language.conditions import CONDITIONS
from rules.language.parse import ALWAYS, LONGEST_NAME
from rules.language.samples import EXAMPLE_SCHEMA

FILE_NAME = "rules.schema.json"
"""What the modeline of the starter set calls it."""

# The last one that editors know well.
_DRAFT = "http://json-schema.org/draft-07/schema#"


def schema() -> dict[str, Any]:
    """The schema, as values that `json` can write."""
    return {
        "$schema": _DRAFT,
        "title": "suivi rules",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": 1, "description": "The version of the language."},
            "rules": {
                "type": ["array", "null"],
                "description": "Rules run in this order, after those of files before.",
                "items": {"$ref": "#/definitions/rule"},
            },
        },
        "definitions": {
            "rule": _rule(),
            "conditions": _conditions(),
            "actions": _actions(),
            "example": EXAMPLE_SCHEMA,
            **texts.DEFINITIONS,
            **samples.DEFINITIONS,
        },
    }


def _rule() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["name", "when", "then"],
        "additionalProperties": False,
        "properties": {
            "name": {
                "type": ["string", "number"],
                "minLength": 1,
                "maxLength": LONGEST_NAME,
                "description": "Its name, once in the whole set: it stands in every reason.",
            },
            "when": {
                "anyOf": [{"const": ALWAYS}, {"$ref": "#/definitions/conditions"}],
                "description": "Its conditions; each word must hold.",
            },
            "then": {"$ref": "#/definitions/actions"},
            "examples": {
                "type": "array",
                "description": "Mail and events, and what the rules up to this one make of them.",
                "items": {"$ref": "#/definitions/example"},
            },
        },
    }


def _conditions() -> dict[str, Any]:
    several = {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/conditions"}}
    groups = {
        "all": {**several, "description": "Each of these holds."},
        "any": {**several, "description": "One of these holds."},
        "not": {
            "anyOf": [{"$ref": "#/definitions/conditions"}, several],
            "description": "None of these holds.",
        },
    }
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": groups
        | {
            name: {**word.reader.schema, "description": f"{word.help}\n\n{word.example}"}
            for name, word in CONDITIONS.items()
        },
    }


def _actions() -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "description": "What is done with what it fires on.",
        "properties": {
            name: {**word.reader.schema, "description": f"{word.help}\n\n{word.example}"}
            for name, word in ACTIONS.items()
        },
    }
