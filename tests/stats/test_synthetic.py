"""Synthetic difference-in-differences and synthetic control, against referees and known answers."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from diff_diff import SyntheticDiD

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.synthetic import simplex, synthetic_difference


def panel(seed: int, units: int = 20, treated: int = 1, days: int = 30, before: int = 20) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factors = np.cumsum(rng.normal(size=(days, 2)), axis=0)
    made = rng.normal(size=(units, 2)) @ factors.T + 0.5 * rng.normal(size=(units, days))
    made[:treated, before:] += 2
    return made


@pytest.mark.parametrize("treated", [1, 3, 5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_estimates_equal_those_of_diff_diff_up_to_where_its_search_stops(seed: int, treated: int) -> None:
    made = panel(seed, treated=treated)
    rows = [(unit, day, made[unit, day], int(unit < treated)) for unit in range(20) for day in range(30)]
    frame = pd.DataFrame(rows, columns=["unit", "day", "y", "treated"])
    referee = SyntheticDiD(variance_method="jackknife" if treated > 1 else "placebo", n_bootstrap=50, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = referee.fit(
            frame, outcome="y", treatment="treated", unit="unit", time="day", post_periods=list(range(20, 30))
        )
    found = synthetic_difference(made[:treated], made[treated:], 20, variance="jackknife" if treated > 1 else "placebo")
    # Its Frank-Wolfe search ends early; ours is the exact minimum.
    assert found.estimate == pytest.approx(told.att, abs=0.02)
    if treated > 1:
        assert found.se == pytest.approx(told.se, rel=0.02)


def test_california_tobacco_is_as_published() -> None:
    datasets = pytest.importorskip("synthdid.datasets", reason="the panel comes with the package synthdid-py")
    sold = datasets.load_california_prop99().pivot_table(index="State", columns="Year", values="PacksPerCapita")
    treated, donors = sold.loc[["California"]].to_numpy(), sold.drop("California").to_numpy()
    assert synthetic_difference(treated, donors, 19).estimate == pytest.approx(-15.604, abs=0.005)
    assert synthetic_difference(treated, donors, 19, kind="control").estimate == pytest.approx(-19.62, abs=0.15)


@pytest.mark.parametrize("ridge", [0.0, 0.3, 5.0])
@pytest.mark.parametrize("intercept", [True, False])
def test_weights_are_the_minimum_under_their_conditions(ridge: float, *, intercept: bool) -> None:
    rng = np.random.default_rng(5)
    parts, whole = rng.normal(size=(30, 8)), rng.normal(size=30)

    found = simplex(parts, whole, ridge, intercept=intercept)
    left = parts @ found - whole
    left = left - left.mean() if intercept else left
    slope = parts.T @ left + ridge**2 * found
    assert found.sum() == pytest.approx(1)
    assert found.min() >= 0
    # Moving weight from one unit to another helps nowhere (Karush, Kuhn and Tucker).
    assert slope[found > 0] == pytest.approx(slope.min(), abs=1e-8)


def test_an_effect_on_one_of_many_units_is_found_among_placebos() -> None:
    made = panel(7, days=84, before=56)
    made[0, 56:] += 2
    found = synthetic_difference(made[:1], made[1:], 56)
    assert found.p is not None
    assert found.p < 0.05
    assert len(found.placebos) == 19
    _, low, high = found.intervals[1]
    assert low < 4 < high
    gap = found.treated - found.synthetic
    assert gap[56:].mean() == pytest.approx(found.estimate)


def test_with_fewer_than_ten_donors_nothing_is_said_of_chance() -> None:
    made = panel(7, units=10)
    found = synthetic_difference(made[:1], made[1:], 20)
    assert (found.se, found.p, found.intervals, len(found.placebos)) == (None, None, (), 0)
    assert synthetic_difference(made[:1], panel(7, units=11)[1:], 20).p is not None


def test_days_and_units_that_all_share_change_nothing() -> None:
    made = panel(9)
    shared = made + np.arange(30) ** 1.5 + np.arange(20)[:, None] * 7
    plain, moved = (synthetic_difference(one[:1], one[1:], 20, variance="jackknife") for one in (made, shared))
    assert plain.estimate == pytest.approx(synthetic_difference(made[:1] + 5, made[1:] + 5, 20).estimate, abs=1e-6)
    assert abs(moved.estimate - plain.estimate) < 1


def test_gaps_and_too_short_series_are_refused() -> None:
    made = panel(1)
    with pytest.raises(UsageError, match="gaps"):
        synthetic_difference(np.where(made > 0, made, np.nan)[:1], made[1:], 20)
    with pytest.raises(NotEnoughData):
        synthetic_difference(made[:1], made[1:], 2)
