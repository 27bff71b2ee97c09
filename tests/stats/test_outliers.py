"""One unit's influence: exact, and told where it decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.stats import Moments, compare
from vitalfew.stats.arrays import differences, sample
from vitalfew.stats.outliers import Influence, influence, outlier_warnings

SEED = st.integers(0, 2**32 - 1)


def _arms(seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.round(rng.lognormal(0, 1, n) * 64) / 64 for n in (30, 40)]


def _influence(arms: list[np.ndarray]) -> Influence:
    one, two = (Moments.of({"y": arm}) for arm in arms)
    return influence([one], [two], ["y"], [None], (0.8, 0.95))


def _recomputed(arms: list[np.ndarray], side: int, place: int) -> float:
    kept = [np.delete(arm, place) if at == side else arm for at, arm in enumerate(arms)]
    return compare(*(Moments.of({"y": arm}) for arm in kept), numerator="y").p_value


@given(SEED, st.sampled_from([0.0, 1e6, 1e9]))
def test_the_comparison_without_a_unit_is_the_one_computed_without_it(seed: int, level: float) -> None:
    arms = _arms(seed)
    found = _influence([arm + level for arm in arms])
    for side, name in enumerate(("control", "treatment")):
        for end, place in (("low", arms[side].argmin()), ("high", arms[side].argmax())):
            less = getattr(found, f"{name}_{end}")
            assert less.p_value[0] == pytest.approx(_recomputed(arms, side, int(place)), rel=1e-6)


def test_extremes_survive_a_merge() -> None:
    arms = _arms(1)
    merged = [Moments.of({"y": arm[:9]}) + Moments.of({"y": arm[9:]}) for arm in arms]
    found = influence([merged[0]], [merged[1]], ["y"], [None])
    assert found.treatment_high.p_value[0] == pytest.approx(_influence(arms).treatment_high.p_value[0], rel=1e-9)


def test_a_unit_that_decides_is_named() -> None:
    rng = np.random.default_rng(2)
    control, treatment = rng.normal(0, 1, 100), np.append(rng.normal(0.35, 1, 99), -40)
    moments = [Moments.of({"y": arm}) for arm in (control, treatment)]
    found = differences(sample([moments[0]], ["y"], [None]), sample([moments[1]], ["y"], [None]), (0.95,))
    (sentence,) = outlier_warnings(found, influence([moments[0]], [moments[1]], ["y"], [None]))
    assert sentence is not None
    assert sentence.startswith("one unit decides: without the smallest value of treatment the difference is 0.")
    assert sentence.count("at one look") == 2  # both p-values: beside an effect for any look they would mislead
    assert sentence.endswith("look at that unit, or cap the metric")


def test_units_that_do_not_decide_are_not() -> None:
    arms = [Moments.of({"y": arm}) for arm in (np.arange(50.0), np.arange(50.0) + 30)]
    found = differences(sample([arms[0]], ["y"], [None]), sample([arms[1]], ["y"], [None]), (0.95,))
    assert outlier_warnings(found, influence([arms[0]], [arms[1]], ["y"], [None])) == [None]


def test_a_ratio_and_moments_without_extremes_have_no_influence() -> None:
    arm = Moments.of({"y": [1.0, 2.0, 9.0], "x": [1.0, 1.0, 2.0]})
    assert np.isnan(influence([arm], [arm], ["y"], ["x"]).control_high.p_value[0])
    given_arm = Moments.given("y", n=9, mean=1.0, variance=2.0)
    assert np.isnan(influence([given_arm], [given_arm], ["y"], [None]).control_high.p_value[0])


def test_what_one_unit_makes_significant_has_no_p_value_without_it() -> None:
    arm = [Moments.of({"y": values}) for values in ([0.0, 0.0, 0.0], [0.0, 0.0, 5.0])]
    found = influence([arm[0]], [arm[1]], ["y"], [None])
    assert np.isnan(found.treatment_high.p_value[0])
    assert found.treatment_high.estimate[0] == 0.0
