"""What a series cannot hold is told at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vitalfew.errors import DefinitionError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

BASE = """sources:
  kpi: {{table: kpi.csv, shape: series, time: date{source}}}
metrics:
  orders: {{source: kpi{orders}}}
  visits: {{source: kpi}}
{more}
"""

WRONG = [
    ({"orders": ", kind: retention, window: {length: 7}"}, "'kpi' holds one number a day, of which no retention", 4),
    ({"orders": ", kind: quantile, quantile: 0.9, column: ms"}, "of which no quantile is made", 4),
    ({"orders": ", cap: {absolute: 9}"}, "'cap' is about single units, and 'kpi' is a series", 4),
    ({"orders": ", events: [buy]"}, "'events' needs a source of events", 4),
    ({"source": ", metric: name"}, "'metric' names the metric of each row, and no column holds its 'value'", 2),
    (
        {"more": "releases:\n  r: {date: 2026-01-01, metrics: [orders], controls: [orders, visits]}"},
        "'orders' is where an effect is looked for, and a control that shows none",
        7,
    ),
    (
        {"more": "releases:\n  r: {date: 2026-01-01, rollout: {units: {DK: 2026-01-05, DE: 2026-01-05}}}"},
        "all units of 'r' got it on 2026-01-05",
        7,
    ),
    ({"more": "experiments:\n  e: {source: kpi}"}, "a source of shape series does not say which unit got which", 7),
]


@pytest.mark.parametrize(("parts", "message", "line"), WRONG)
def test_what_a_series_cannot_hold_is_told_at_its_line(
    tmp_path: Path, parts: dict[str, str], message: str, line: int
) -> None:
    (tmp_path / "w.yaml").write_text(BASE.format(**({"source": "", "orders": "", "more": ""} | parts)))
    with pytest.raises(DefinitionError) as told:
        load(tmp_path)
    assert message in str(told.value)
    assert f"w.yaml:{line}" in str(told.value)


def test_means_shares_and_ratios_are_taken_without_a_column(tmp_path: Path) -> None:
    text = BASE.format(
        source="", orders=", kind: proportion", more="  rate: {source: kpi, kind: ratio, column: orders,"
    )
    (tmp_path / "w.yaml").write_text(f"{text.rstrip()} denominator: {{source: kpi, column: visits}}}}\n")
    assert set(load(tmp_path).definitions.metrics) == {"orders", "visits", "rate"}
