"""The dashboard and the alert rules of docs/monitoring: well-formed, and about metrics that are."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.servers.metrics import BUILT_IN, asked_for, dashboard, rules

DOCS = Path(__file__).parents[2] / "docs" / "monitoring"
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "monitoring.md"

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)"
)


@needs_promtool
def test_the_alert_rules_are_good() -> None:
    command = ["promtool", "check", "rules", str(DOCS / "alerts.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"SUCCESS: {len(rules())} rules found" in done.stdout


@needs_promtool
def test_alerts_fire_when_they_must_and_rest_otherwise(tmp_path: Path) -> None:
    for file in (DOCS / "alerts.yaml", Path(__file__).parent / "alerts.test.yaml"):
        shutil.copy(file, tmp_path)
    command = ["promtool", "test", "rules", str(tmp_path / "alerts.test.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_every_expression_of_the_dashboard_can_be_parsed(tmp_path: Path) -> None:
    expressions = [re.sub(r'=~"\$\w+"', '=~".*"', text) for text in dashboard()]
    records = [{"record": f"a:{n}", "expr": text} for n, text in enumerate(expressions)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "a", "rules": records}]}))
    command = ["promtool", "check", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_alert_says_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), rule["alert"]
        assert {"summary", "description"} <= rule["annotations"].keys(), rule["alert"]


def test_the_manual_tells_of_every_alert_and_every_metric_of_ours() -> None:
    text = HOW_TO.read_text("utf-8")
    assert [rule["alert"] for rule in rules() if rule["alert"] not in text] == []
    ours = {name for name in asked_for() - BUILT_IN if name.startswith("suivi_")}
    bare = {re.sub(r"_(bucket|count|sum)$", "", name) for name in ours}
    assert sorted(name for name in bare if name not in text) == []


def test_the_panels_of_the_dashboard_have_numbers_of_their_own() -> None:
    panels = json.loads((DOCS / "grafana.json").read_text("utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] for panel in panels)
