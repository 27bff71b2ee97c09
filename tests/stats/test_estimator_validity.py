"""Adjusted estimators over 10,000 simulated experiments each, inside exact binomial bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from aa import ADJUSTED, RUNS, SEED, adjusted_rates, correlated, rates, regressions

if TYPE_CHECKING:
    from aa import Floats

pytestmark = pytest.mark.prove


@pytest.mark.parametrize("what", list(ADJUSTED))
def test_adjusted_experiments_without_an_effect_err_as_rarely_as_promised(what: str) -> None:
    assert [rate for rate in adjusted_rates(what) if not rate.holds] == []


@pytest.mark.parametrize("covariates", [("past",), ("past", "other")])
@pytest.mark.parametrize("sizes", [(100, 100), (60, 240)])
def test_intervals_cover_an_effect_that_differs_between_units(
    sizes: tuple[int, int], covariates: tuple[str, ...]
) -> None:
    """The slope of the past is 1 in control and 2 in treatment: units with more past gain more."""
    rng = np.random.default_rng([SEED, 50, *sizes, len(covariates)])
    control, treatment = correlated(rng, (RUNS, sizes[0])), correlated(rng, (RUNS, sizes[1]), effect=1.0, slope=2.0)
    found, _ = regressions(control, treatment, covariates)
    missed: Floats = np.where((found.low[0] <= 1) & (found.high[0] >= 1), 1.0, 0.0)
    assert rates("coverage", missed, levels=(0.05,))[0].holds


def test_covariates_take_away_the_share_of_variance_that_they_explain() -> None:
    rng = np.random.default_rng([SEED, 60])
    _, reduction = regressions(correlated(rng, (500, 400)), correlated(rng, (500, 400)), ("past", "other"))
    assert reduction.mean() == pytest.approx((1 + 0.49) / (2 + 0.49), abs=0.01)
