"""Cookie Cats, a published experiment: the numbers that everything else must agree with."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vitalfew.evidence import effects, health, summaries
from vitalfew.results.moments import moments_row
from vitalfew.results.rows import AssignmentRow
from vitalfew.stats import Moments
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.results.rows import EffectRow, MomentsRow

METRICS = ("retention_1", "retention_7", "sum_gamerounds")
DEFINITIONS = Definitions.model_validate(
    {
        "sources": {"players": {"table": "cookie_cats.csv", "unit": "userid"}},
        "metrics": {
            "retention_1": {
                "source": "players",
                "kind": "proportion",
                "column": "retention_1",
                "title": "retention at day 1",
            },
            "retention_7": {
                "source": "players",
                "kind": "proportion",
                "column": "retention_7",
                "title": "retention at day 7",
            },
            "sum_gamerounds": {"source": "players", "column": "sum_gamerounds"},
        },
        "factors": {"retention_7": {"range": [0.15, 0.25]}},
        "guardrails": {"retention_1": {"margin": 0.005}},
        "experiments": {
            "gate_40": {"source": "players", "variant": "version", "control": "gate_30", "metrics": list(METRICS)}
        },
    }
)


@pytest.fixture(scope="module")
def rows(data_dir: Path) -> tuple[MomentsRow, ...]:
    by_arm: dict[str, list[list[float]]] = {}
    with (data_dir / "cookie_cats" / "cookie_cats.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            values = [row["retention_1"] == "TRUE", row["retention_7"] == "TRUE", float(row["sum_gamerounds"])]
            by_arm.setdefault(row["version"], []).append([float(value) for value in values])
    return tuple(
        moments_row("players", "gate_40", arm, None, Moments.of(dict(zip(METRICS, np.array(values).T, strict=True))))
        for arm, values in by_arm.items()
    )


@pytest.fixture(scope="module")
def found(rows: tuple[MomentsRow, ...]) -> dict[str, EffectRow]:
    computed, failed = effects(DEFINITIONS, rows, ())
    assert failed == ()
    return {row.metric: row for row in computed}


def test_day_7_retention_fell_by_point_82(found: dict[str, EffectRow]) -> None:
    row = found["retention_7"]
    wide = row.intervals[1]
    assert row.estimate == pytest.approx(-0.0082, abs=5e-5)
    assert (wide.confidence, round(wide.low, 4), round(wide.high, 4)) == (0.95, -0.0133, -0.0031)
    assert row.p_value == pytest.approx(0.0016, abs=5e-5)
    assert row.n == {"gate_30": 44_700, "gate_40": 45_489}
    assert row.grade == "tested"
    assert row.relative is not None
    assert row.relative.estimate == pytest.approx(-0.0431, abs=5e-5)


def test_day_1_retention_and_game_rounds_show_no_clear_change(found: dict[str, EffectRow]) -> None:
    assert found["retention_1"].estimate == pytest.approx(-0.0059, abs=5e-5)
    assert found["retention_1"].p_value == pytest.approx(0.074, abs=5e-4)
    assert found["sum_gamerounds"].p_value == pytest.approx(0.38, abs=5e-3)


def test_the_sample_ratio_is_a_warning(rows: tuple[MomentsRow, ...]) -> None:
    assigned = tuple(AssignmentRow("gate_40", row.arm, row.units) for row in rows)
    tests = {row.test: row for row in health(DEFINITIONS, assigned, rows)}
    assert tests["sample_ratio"].p == pytest.approx(0.0086, abs=5e-5)
    assert tests["sample_ratio"].status == "warning"
    assert "gate_30 49.56 %" in tests["sample_ratio"].message
    assert {tests[name].status for name in ("crossed", "missing_share")} == {"ok"}


def test_the_recommendation_says_what_fell_in_plain_words(found: dict[str, EffectRow]) -> None:
    (row,) = summaries(DEFINITIONS, found.values(), ())
    assert row.action == "do_not_ship"
    assert "Retention at day 7 fell by 0.82 percentage points (0.31 to 1.33)" in row.reason
