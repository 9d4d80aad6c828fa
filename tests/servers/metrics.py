"""What docs/monitoring asks of a Prometheus, and what suivi's `/metrics` gives it."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).parents[2] / "docs" / "monitoring"

BUILT_IN = frozenset({"up"})
"""Prometheus makes these itself."""

_NAME = re.compile(r"\b(?:suivi|process)_[a-z_]+\b|\bup\b")
_TYPE = re.compile(r"^# TYPE (\w+) (\w+)$", re.MULTILINE)


def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    whole = yaml.safe_load((DOCS / "alerts.yaml").read_text("utf-8"))
    return [rule for group in whole["groups"] for rule in group["rules"]]


def dashboard() -> list[str]:
    """Every expression of the dashboard."""
    whole = json.loads((DOCS / "grafana.json").read_text("utf-8"))
    panels = [t["expr"] for panel in whole["panels"] for t in panel.get("targets", ())]
    return [*panels, *(a["expr"] for a in whole["annotations"]["list"])]


def asked_for() -> frozenset[str]:
    """The series that both name."""
    texts = [*dashboard(), *(rule["expr"] for rule in rules())]
    return frozenset(name for text in texts for name in _NAME.findall(text))


def series(shown: str) -> frozenset[str]:
    """The series that an exposition has, or will have once something is counted."""
    found = set[str]()
    for name, kind in _TYPE.findall(shown):
        found.add(name)
        if kind == "histogram":
            found |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"}
    return frozenset(found)
