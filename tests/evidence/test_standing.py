"""Where metrics stand: by the control of the newest experiment, by a series, and nowhere when nothing tells."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from vitalfew.evidence.standing import by_day, mean_and_se, of_series, standings, weeks
from vitalfew.results.rows import SeriesRow, Tables
from vitalfew.stats.moments import Moments
from vitalfew.workspace.definitions import Definitions

FIRST = date(2026, 1, 1)


def days(values: list[float]) -> dict[date, float]:
    return {FIRST + timedelta(days=at): value for at, value in enumerate(values)}


def test_weeks_are_counted_back_from_the_last_day_and_cancel_the_weekly_rhythm() -> None:
    rhythm = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    found = weeks(days(rhythm * 5))
    assert [week.value for week in found] == [4.0] * 5
    assert found[-1].last == FIRST + timedelta(days=34)
    assert {week.days for week in found} == {7}


def test_a_series_stands_at_its_last_four_weeks_with_an_interval_from_how_they_scatter() -> None:
    found = of_series("kpi", days([100.0] * 14 + [9.0] * 7 + [10.0] * 7 + [11.0] * 7 + [10.0] * 7))
    assert found.value == pytest.approx(10.0)
    se = float(np.std([9, 10, 11, 10], ddof=1)) / 2
    assert found.sure is not None
    assert found.sure[1] - found.value == pytest.approx(3.182446 * se)


def test_three_weeks_are_too_few_for_an_interval() -> None:
    assert of_series("kpi", days([1.0] * 21)).sure is None


def test_units_of_a_series_are_averaged_unless_all_of_them_have_one_together() -> None:
    rows = [SeriesRow("s", "kpi", unit, "2026-01-01", value) for unit, value in (("north", 1.0), ("south", 3.0))]
    assert by_day(rows) == {FIRST: 2.0}
    assert by_day([*rows, SeriesRow("s", "kpi", None, "2026-01-01", 9.0)]) == {FIRST: 9.0}


def test_the_standard_error_of_a_ratio_is_that_of_its_residuals() -> None:
    random = np.random.default_rng(7)
    under = random.poisson(5, 4_000) + 1.0
    over = 3 * under + random.normal(0, 2, 4_000)
    ratio, se = mean_and_se("kpi", Moments.of({"kpi": over, "kpi/denominator": under}))
    residual = over - ratio * under
    assert ratio == pytest.approx(over.mean() / under.mean())
    assert se == pytest.approx(residual.std(ddof=1) / under.mean() / np.sqrt(4_000), rel=1e-3)


def test_values_whose_squares_are_no_numbers_have_no_error_and_stop_nothing() -> None:
    over, under = np.array([1e300, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 1.0, 2.0])
    assert mean_and_se("kpi", Moments.of({"kpi": over, "kpi/denominator": under}))[1] is None


def test_a_metric_that_nothing_measured_stands_nowhere() -> None:
    metrics = {"kpi": {"source": "units", "column": "kpi"}}
    definitions = Definitions.model_validate({"sources": {"units": {"table": "units.csv"}}, "metrics": metrics})
    assert standings(definitions, Tables()) == {}
