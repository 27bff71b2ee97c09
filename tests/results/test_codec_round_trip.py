from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from vitalfew.results.codec import from_table, to_table
from vitalfew.results.rows import Cost, EffectRow, Estimate, FactorPart, Interval, ShippedLine, Value
from vitalfew.results.tables import ROW_CLASSES

EFFECT = EffectRow(
    experiment="gate",
    metric="retention",
    metric_version=2,
    segment=None,
    arm="new",
    control="old",
    estimate=-0.0082,
    se=None,
    intervals=(Interval(0.8, -0.01, 0.0), Interval(0.95, -0.02, 0.01)),
    p_value=0.0016,
    relative=Estimate(-0.04),
    n={"old": 44_700, "new": 45_489},
    mean={"old": 0.19, "new": 0.182},
    method="Welch",
    mode="fixed",
    grade="tested",
    notes=("a note",),
)
LINE = ShippedLine(
    line="x",
    title="X",
    kind="initiative",
    team=None,
    promised=None,
    measured=None,
    value=Value(1.0, 0.5, 1.5, 0.99),
    parts=(FactorPart("retention", 1.0, 0.5, 1.5),),
    upkeep=None,
    use=None,
    verdict="kept",
    recommendation="keep",
    p_vital=0.5,
    grade="tested",
)


@pytest.mark.parametrize("row", [EFFECT, LINE])
def test_a_row_comes_back_from_arrow_as_it_went(row: Any) -> None:
    assert from_table(type(row), to_table(type(row), [row])) == (row,)


@pytest.mark.parametrize("name", list(ROW_CLASSES))
def test_every_table_has_a_column_per_field_even_when_empty(name: str) -> None:
    table = to_table(ROW_CLASSES[name], [])
    assert table.column_names == [field.name for field in fields(ROW_CLASSES[name])]
    assert from_table(ROW_CLASSES[name], table) == ()


def test_nested_rows_keep_their_class() -> None:
    (line,) = from_table(ShippedLine, to_table(ShippedLine, [LINE]))
    assert isinstance(line.value, Value)
    assert isinstance(line.parts[0], FactorPart)
    assert from_table(Cost, to_table(Cost, [Cost(1, 2, 3)]))[0].p90 == 3
