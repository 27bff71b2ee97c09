"""Utilities whose levels lie outside of their factor's range, or whose worth falls towards the good end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vitalfew.errors import DefinitionError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

WORKSPACE = """
sources: {players: {table: players.csv, unit: id}}
metrics: {wait: {source: players, column: w, direction: down}}
factors: {wait: {range: [0, 10], baseline: 6, utility: %s}}
"""


@pytest.mark.parametrize(
    ("utility", "said"),
    [
        ("{form: saturating, half: 12}", "'half' is 12"),
        ("{form: saturating, half: 10}", "'half' is 10"),
        ("{form: threshold, target: -1}", "'target' is -1"),
        ("{form: piecewise, points: [[0, 0.5]]}", "0 is no level inside"),
        ("{form: piecewise, points: [[3, 0.2], [6, 0.5]]}", "worth falls towards the good end"),
    ],
)
def test_a_utility_that_does_not_fit_its_range_is_refused(tmp_path: Path, utility: str, said: str) -> None:
    (tmp_path / "all.yaml").write_text(WORKSPACE % utility, encoding="utf-8")
    with pytest.raises(DefinitionError, match=said):
        load(tmp_path)


def test_a_utility_that_fits_is_taken(tmp_path: Path) -> None:
    utility = "{form: piecewise, points: [[3, 0.8], [6, 0.5]], loss: 2}"
    (tmp_path / "all.yaml").write_text(WORKSPACE % utility, encoding="utf-8")
    assert load(tmp_path).definitions.factors["wait"].utility.loss == 2
