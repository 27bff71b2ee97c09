"""What the pages on experiments define can be run on the made-up shop, and the run says what they quote."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from docs.pages import ROOT, blocks
from docs.shop import tables
from docs.shop_designs import designs, strange
from vitalfew.report.html_horizons import horizon_sentences

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

PAGES: dict[str, Callable[[], dict[str, pa.Table]]] = {
    "run-other-designs": designs,
    "keep-strange-data-out": strange,
    "narrow-intervals": tables,
    "effects-for-whom": designs,
    "choose-how-often-to-look": tables,
    "roll-out-safely": tables,
}


def _page(name: str) -> Path:
    return ROOT / "docs" / "how-to" / f"{name}.md"


@pytest.mark.parametrize("name", PAGES)
def test_a_run_of_what_the_page_defines_says_what_the_page_quotes(name: str, tmp_path: Path) -> None:
    for number, block in enumerate(blocks(_page(name), "yaml")):
        (tmp_path / f"{number}.yaml").write_text(block.code, encoding="utf-8")
    run = vf.run(vf.load(tmp_path), frames=PAGES[name](), as_of=date(2026, 3, 29))
    found = run.tables
    assert found.failed == ()
    said = [row.message for row in found.health] + [row.message for row in found.heterogeneity]
    said += [row.reason for row in found.experiments] + [note for row in found.effects for note in row.notes]
    said += list(horizon_sentences(run.view))
    quoted = [line for block in blocks(_page(name), "text") for line in block.code.splitlines()]
    assert quoted
    assert [line for line in quoted if not any(line.casefold() in text.casefold() for text in said)] == []


def test_the_gain_of_covariates_on_the_page_is_that_of_the_run(tmp_path: Path) -> None:
    (definitions,) = blocks(_page("narrow-intervals"), "yaml")
    (tmp_path / "w.yaml").write_text(definitions.code, encoding="utf-8")
    effects = vf.run(vf.load(tmp_path), frames=tables(), as_of=date(2026, 3, 29)).tables.effects
    gain = next(row.variance_reduction for row in effects if row.metric == "orders")
    assert gain is not None
    assert f"{gain:.0%}".replace("%", " %") + " for orders" in _page("narrow-intervals").read_text(encoding="utf-8")
