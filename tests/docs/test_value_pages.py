from __future__ import annotations

from typing import TYPE_CHECKING

from docs.pages import ROOT, blocks
from vitalfew.decide.effects import BIAS
from vitalfew.decide.utility import curves_of
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"


def test_the_utilities_of_the_page_are_taken_as_they_stand(tmp_path: Path) -> None:
    (block,) = blocks(DOCS / "how-to" / "say-how-much-more-is-worth.md", "yaml")
    (tmp_path / "w.yaml").write_text(block.code, encoding="utf-8")
    found = curves_of(load(tmp_path).definitions)
    assert (found["load_time"].worst, found["load_time"].best) == (6, 1)
    assert all(curve.start is not None for curve in found.values())
    assert found["retention"].loss == 2


def test_the_page_says_by_how_much_each_grade_widens() -> None:
    page = (DOCS / "explanation" / "how-value-is-made.md").read_text(encoding="utf-8")
    for grade in ("staged", "dated", "correlated"):
        assert f"*{grade}* {100 * BIAS[grade]:.0f} %" in page.replace("\n  ", " ")
