"""Proxies: formulas against simulated experiments, their limits, and scores by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import UsageError
from vitalfew.stats.proxy import (
    front,
    proxy_quality,
    proxy_slope,
    proxy_weights,
    sensitivity_and_agreement,
    standardised,
)

SPREAD = np.array([[1.0, 0.3, 0.6], [0.3, 2.0, 0.9], [0.6, 0.9, 1.5]])
NOISE = np.array([[0.8, 0.3, 0.4], [0.3, 1.0, 0.5], [0.4, 0.5, 3.0]])
PROXIES, TARGET = [0, 1], 2


def test_quality_is_the_correlation_that_simulated_experiments_show() -> None:
    rng = np.random.default_rng(1)
    truth = rng.multivariate_normal(np.zeros(3), SPREAD, 400_000)
    seen = truth + rng.multivariate_normal(np.zeros(3), NOISE, 400_000)
    weights = proxy_weights(SPREAD, NOISE, PROXIES, TARGET)
    shown = np.corrcoef(seen[:, PROXIES] @ weights, truth[:, TARGET])[0, 1]
    assert proxy_quality(SPREAD, NOISE, PROXIES, TARGET) == pytest.approx(shown, abs=0.005)
    best = np.linalg.lstsq(seen[:, PROXIES], truth[:, TARGET], rcond=None)[0]
    assert weights == pytest.approx(best, abs=0.01)


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=2).filter(lambda w: abs(w[0]) + abs(w[1]) > 0.1))
def test_no_other_weights_are_better(weights: list[float]) -> None:
    best = proxy_quality(SPREAD, NOISE, PROXIES, TARGET)
    assert proxy_quality(SPREAD, NOISE, PROXIES, TARGET, np.array(weights)) <= best + 1e-12


def test_quality_grows_with_the_size_of_the_experiment_up_to_what_effects_share() -> None:
    sizes = [proxy_quality(SPREAD, NOISE / size, PROXIES, TARGET) for size in (0.1, 1.0, 10.0, 1e9)]
    block = SPREAD[:2, :2]
    limit = (SPREAD[2, :2] @ np.linalg.solve(block, SPREAD[:2, 2]) / SPREAD[2, 2]) ** 0.5
    assert np.all(np.diff(sizes) > 0)
    assert sizes[-1] == pytest.approx(limit, abs=1e-6)


def test_the_blend_is_a_row_of_the_best_estimate_and_moves_to_the_target_with_power() -> None:
    row = (SPREAD @ np.linalg.inv(SPREAD + NOISE))[TARGET]
    assert proxy_weights(SPREAD, NOISE, [0, 1, 2], TARGET) == pytest.approx(row)
    assert proxy_weights(SPREAD, NOISE / 1e9, [0, 1, 2], TARGET) == pytest.approx([0, 0, 1], abs=1e-6)
    assert proxy_quality(SPREAD, NOISE, [0, 1, 2], TARGET) > proxy_quality(SPREAD, NOISE, PROXIES, TARGET)


def test_a_proxy_that_is_always_wrong_has_a_quality_below_zero_when_it_is_trusted() -> None:
    wrong = np.array([[1.0, -0.8], [-0.8, 1.0]])
    assert proxy_quality(wrong, np.eye(2), [0], 1, np.ones(1)) < 0
    assert proxy_quality(wrong, np.eye(2), [0], 1) > 0  # turned round it is a good one
    assert proxy_slope(wrong, [0], 1, np.ones(1)) == pytest.approx(-0.8)


def test_what_never_moves_has_no_slope_and_no_quality() -> None:
    still = np.zeros((2, 2))
    assert np.isnan(proxy_slope(still, [0], 1, np.ones(1)))
    assert proxy_quality(still, np.eye(2), [0], 1) == 0.0


def test_scores_of_a_proxy_by_hand() -> None:
    effects = np.array([[3.0, 1.0], [0.0, 0.0], [np.nan, 1.0]])
    noise = np.tile(np.array([[1.0, 0.5], [0.5, 1.0]]), (3, 1, 1))
    told = standardised(effects, noise, np.array([1.0, 1.0]))
    assert told[:2] == pytest.approx([4 / 3**0.5, 0.0])
    assert np.isnan(told[2])
    alone = standardised(effects, noise, np.array([0.0, 2.0]))
    assert alone == pytest.approx([1.0, 0.0, 1.0])


def test_nothing_told_is_no_agreement() -> None:
    assert sensitivity_and_agreement(np.array([3.0, 1.0]), np.array([0.1, 0.2])) == (0.5, None)
    assert sensitivity_and_agreement(np.array([np.nan]), np.array([3.0])) == (None, None)


def test_equals_are_both_on_the_front() -> None:
    assert front(np.array([[0.5, 0.5], [0.5, 0.5], [0.6, 0.4]])).all()


def test_proxies_outside_the_metrics_are_refused() -> None:
    for proxies in ([], [3], [-1]):
        with pytest.raises(UsageError):
            proxy_weights(SPREAD, NOISE, proxies, TARGET)
