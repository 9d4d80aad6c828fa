"""The HTML of mails in a real browser: it fits, narrow and wide, light and dark, and runs nothing.

Skipped where Chromium is not installed; it is too big for `./run` to fetch.
"""

import html
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from daemon.reminders.mails import SORTS, Sort
from daemon.reminders.sheets import Sheets
from daemon.reminders.vocabulary import REMINDER, full, hostile, sparse

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

WIDTHS = (320, 375, 700)
ATTACK = '<img src=x onerror="top.ran=1"><script>top.ran=1</script>"onmouseover=top.ran=1 \u202e'
WORD = "Donaudampfschiff" * 40


def _html(sort: Sort, values: Mapping[str, Any]) -> str:
    return Sheets(None).print(sort.name, "fr", {**values, "language": "fr"}).html


MAILS: dict[str, str] = {
    **{name: _html(sort, full(sort.variables)) for name, sort in SORTS.items()},
    **{
        f"hostile {name}": _html(sort, hostile(sort.variables, f"{ATTACK * 3} {WORD}"))
        for name, sort in SORTS.items()
    },
    "sparse": _html(SORTS["reminder"], sparse(REMINDER)),
}
BUTTONS = {"reminder": 5, "closed": 1, "away": 1, "digest": 0, "sparse": 0}

# Each mail in a frame of each width; what the browser made of it is written into the page.
JUDGE = """
<script>
onload = () => {
  const seen = {ran: window.ran === 1, dark: matchMedia('(prefers-color-scheme: dark)').matches};
  for (const frame of document.querySelectorAll('iframe')) {
    const page = frame.contentDocument, card = page.querySelector('.card');
    const acts = [...page.querySelectorAll('.act')].map(a => a.getBoundingClientRect());
    const style = frame.contentWindow.getComputedStyle(card);
    seen[frame.name] = {
      over: page.documentElement.scrollWidth - page.documentElement.clientWidth,
      background: style.backgroundColor, color: style.color,
      low: acts.filter(a => a.height < 32).length, acts: acts.length,
      fetched: frame.contentWindow.performance.getEntriesByType('resource').length,
    };
  }
  document.body.innerHTML = '<pre>' + JSON.stringify(seen) + '</pre>';
};
</script>
"""


@pytest.fixture(scope="module", params=["light", "dark"])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What Chromium says of each mail at each width."""
    folder = tmp_path_factory.mktemp("mails")
    frames = [
        f'<iframe name="{name} {width}" srcdoc="{html.escape(mail)}" '
        f'style="border: 0; width: {width}px; height: 900px"></iframe>'
        for name, mail in MAILS.items()
        for width in WIDTHS
    ]
    page = folder / "page.html"
    page.write_text(f"<!doctype html><body>{''.join(frames)}{JUDGE}", "utf-8")
    return {"scheme": request.param, **_judged(page, dark=request.param == "dark")}


def _judged(page: Path, *, dark: bool) -> dict[str, Any]:
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={page.parent / 'profile'}",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--virtual-time-budget=10000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    found = re.search(r"<pre>(.*?)</pre>", done.stdout.decode(), re.DOTALL)
    assert found is not None, done.stdout[-2000:]
    judged: dict[str, Any] = json.loads(html.unescape(found[1]))
    return judged


def test_nothing_runs_and_nothing_is_fetched(seen: Any) -> None:
    assert not seen["ran"]
    assert {_of(seen, name, width)["fetched"] for name in MAILS for width in WIDTHS} == {0}


def test_it_fits_every_width(seen: Any) -> None:
    assert {(n, w): _of(seen, n, w)["over"] for n in MAILS for w in WIDTHS} == dict.fromkeys(
        ((n, w) for n in MAILS for w in WIDTHS), 0
    )


def test_buttons_are_there_and_large_enough_for_a_thumb(seen: Any) -> None:
    for width in WIDTHS:
        for name, number in BUTTONS.items():
            one = _of(seen, name, width)
            assert (one["acts"], one["low"]) == (number, 0)


def test_it_is_as_dark_as_its_reader_likes(seen: Any) -> None:
    assert seen["dark"] == (seen["scheme"] == "dark")
    for name in MAILS:
        one = _of(seen, name, 700)
        paper, ink = _light(one["background"]), _light(one["color"])
        assert (paper < 60 and ink > 200) if seen["dark"] else (paper > 240 and ink < 60)


def _of(seen: Any, name: str, width: int) -> Any:
    return seen[f"{name} {width}"]


def _light(color: str) -> float:
    numbers = [int(n) for n in re.findall(r"\d+", color)[:3]]
    return sum(numbers) / 3
