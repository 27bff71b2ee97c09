"""Key results: what is foreseen of them holds as often as it says, and what is not known is said."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vitalfew.errors import NotEnoughData
from vitalfew.evidence.attainment import NO_DATE, NO_METRIC, attainment
from vitalfew.evidence.foreseen import NO_SERIES
from vitalfew.results.rows import KeyResultRow, SeriesRow, Tables
from vitalfew.stats.outlook import outlook
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST = date(2026, 1, 5)


def _row(result: dict[str, object], values: Iterable[float], **metric: object) -> KeyResultRow:
    raw = {
        "sources": {"kpi": {"table": "kpi.csv", "shape": "series", "time": "day"}},
        "metrics": {"m": {"source": "kpi", **metric}},
        "objectives": {"o": {"title": "O", "key_results": {"k": result}}},
    }
    days = tuple(
        SeriesRow("kpi", "m", None, (FIRST + timedelta(day)).isoformat(), value) for day, value in enumerate(values)
    )
    (row,) = attainment(Definitions.model_validate(raw), Tables(series=days))
    return row


def _goal(weeks: float, **more: object) -> dict[str, object]:
    return {"metric": "m", "baseline": 0.0, "target": 30.0, "due": FIRST + timedelta(days=round(7 * weeks))} | more


def test_a_steady_trend_that_leads_to_the_target_is_foreseen_to_reach_it() -> None:
    noise = np.random.default_rng(1).normal(0, 0.3, 140)
    row = _row(_goal(30, target=29.5), np.arange(140) / 7 + noise)
    assert row.forecast is not None
    assert row.forecast.low is not None
    assert row.forecast.high is not None
    assert row.forecast.low < 29.5 < row.forecast.high
    assert row.chance is not None
    assert 0.1 < row.chance < 0.9
    assert _row(_goal(30, target=10.0), np.arange(140) / 7 + noise).chance == pytest.approx(1, abs=0.01)
    assert _row(_goal(30, target=60.0), np.arange(140) / 7 + noise).chance == pytest.approx(0, abs=0.01)


def test_a_target_below_the_baseline_is_reached_from_above() -> None:
    falling = 40 - np.arange(140) / 7
    assert (_row(_goal(25, baseline=40.0, target=20.0), falling, direction="down").chance or 0) > 0.9


def test_once_due_it_was_reached_or_not() -> None:
    rising = np.arange(140) / 7
    assert _row(_goal(12, target=10.0), rising).reached is True
    assert _row(_goal(12, target=15.0), rising).reached is False


@pytest.mark.parametrize(
    ("result", "values", "why"),
    [
        ({"title": "Ten features"}, [1.0] * 90, NO_METRIC),
        ({"metric": "m", "target": 2.0}, [1.0] * 90, NO_DATE),
        (_goal(30), [], NO_SERIES),
        (_goal(30), [1.0] * 20, "3 weeks of its series tell no trend yet"),
    ],
)
def test_what_cannot_be_foreseen_says_why(result: dict[str, object], values: list[float], why: str) -> None:
    row = _row(result, values)
    assert (row.forecast, row.chance) == (None, None)
    assert row.notes == (why,)


def test_a_share_is_never_foreseen_beyond_all_or_nothing() -> None:
    row = _row(_goal(80, target=0.99), np.linspace(0.5, 0.97, 140), unit="share")
    assert row.forecast is not None
    assert row.forecast.high == 1


def test_few_values_tell_no_trend() -> None:
    with pytest.raises(NotEnoughData):
        outlook(np.arange(11.0), np.ones(11), 14.0)


@pytest.mark.parametrize(
    ("walk", "noise", "drift"), [(0.0, 1.0, 0.2), (1.0, 0.3, 0.0), (0.3, 1.0, -0.3), (1.0, 1.0, 1.0)]
)
@pytest.mark.parametrize("n", [12, 26])
def test_four_of_five_intervals_hold_what_came(walk: float, noise: float, drift: float, n: int) -> None:
    random = np.random.default_rng(7)
    ahead, runs, held = 8, 300, 0
    for _ in range(runs):
        level = np.cumsum(random.normal(drift, walk, n + ahead)) + random.normal(0, noise, n + ahead)
        seen = outlook(np.arange(n, dtype=float), level[:n], n + ahead - 1.0)
        held += 0.1 < seen.below(float(level[-1])) < 0.9
    assert 0.68 <= held / runs <= 0.97  # 80 % within three standard errors; wider where there is a trend and no walk
