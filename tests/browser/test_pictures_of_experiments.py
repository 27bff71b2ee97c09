"""The band, the spread of the units and for whom effects differ, in a browser: a real run of the made-up shop."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal

import pytest

import vitalfew as vf
from docs.shop import tables

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

YAML = """
sources:
  users: {table: users.csv, unit: user_id}
  shown: {table: shown.csv, unit: user_id, experiment: experiment, variant: variant, time: shown_at}
  log: {table: log.csv, unit: user_id, time: at, event: name, arrived: stored_at}
metrics:
  orders: {title: Orders, kind: count, source: log, events: [paid], covariate_days: 28}
  top: {title: Ninth decile, kind: quantile, quantile: 0.9, source: log, events: [paid], column: amount, unit: EUR}
segments:
  mobile: {title: Phones, source: users, filter: device == 'mobile'}
  desktop: {title: Desktops, source: users, filter: device == 'desktop'}
guardrails:
  orders: {margin: 0.05}
experiments:
  checkout: {title: One page, source: shown, control: old, metrics: [orders, top], start: 2026-03-02}
"""
SMALLEST = 10.0
"""Height in pixels below which letters are not read."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("shop")
    (folder / "workspace.yaml").write_text(YAML, encoding="utf-8")
    results = vf.run(vf.load(folder), frames=tables(), as_of=date(2026, 3, 29))
    assert results.tables.bands
    assert results.tables.heterogeneity
    assert results.tables.quantiles
    path = folder / "report.html"
    results.to_html(path)
    return path.as_uri()


def opened(page: Page, address: str, width: int, scheme: Literal["light", "dark"] = "light") -> Page:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(drawer => drawer.open = true)")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 390, 1280])
def test_pictures_and_tables_of_an_experiment_fit_the_page(
    page: Page, address: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    opened(page, address, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = "[...document.querySelectorAll('.exp figure, .exp table')].filter(x => x.scrollWidth > x.clientWidth + 1)"
    assert page.locator(".exp figure").count() >= 2
    assert page.evaluate(f"{beyond}.length") == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_letters_in_pictures_can_be_read_and_none_is_cut(page: Page, address: str, width: int) -> None:
    opened(page, address, width)
    letters = page.evaluate(
        """[...document.querySelectorAll('.exp figure svg text')].map(x => {
          const box = x.getBoundingClientRect(), frame = x.ownerSVGElement.getBoundingClientRect();
          const scale = frame.width / x.ownerSVGElement.viewBox.baseVal.width;
          const cut = box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
          return [x.textContent, parseFloat(getComputedStyle(x).fontSize) * scale, cut];
        })"""
    )
    assert letters
    assert [text for text, size, _ in letters if size < SMALLEST] == []
    assert [text for text, _, cut in letters if cut] == []


def test_the_health_of_a_running_experiment_says_which_days_may_change(page: Page, address: str) -> None:
    opened(page, address, 390)
    assert page.get_by_text("Complete to 2026-03-27; later days may still change.").first.is_visible()
