"""Quantiles from a few order statistics: right in continuous data, honest in thin tails and coarse data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats import Moments
from vitalfew.stats.arrays import Fault, differences, lifts
from vitalfew.stats.quantiles import (
    design_effect,
    probabilities,
    quantile_interval,
    quantile_sample,
)


@dataclass
class Read:
    """What was read of an arm."""

    n: int
    probabilities: tuple[float, ...]
    values: tuple[float, ...]
    design_effect: float = 1.0


def read(values: np.ndarray, quantile: float, effect: float = 1.0) -> Read:
    asked = probabilities(quantile, [len(values)], design_effect=effect)
    return Read(len(values), asked, tuple(np.quantile(values, asked)), effect)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.99])
def test_the_standard_error_is_near_the_asymptotic_one(quantile: float) -> None:
    values = np.random.default_rng(7).normal(10, 2, 200_000)
    found = quantile_sample([read(values, quantile)], [quantile]).sample
    z = {0.5: 0.0, 0.9: 1.2815515655446004, 0.99: 2.3263478740408408}[quantile]
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) / 2
    expected = np.sqrt(quantile * (1 - quantile) / len(values)) / density
    assert np.sqrt(found.variance / found.n)[0] == pytest.approx(expected, rel=0.15)
    assert found.level[0] == pytest.approx(np.quantile(values, quantile), rel=1e-12)


def test_a_difference_of_quantiles_takes_the_path_of_all_differences() -> None:
    rng = np.random.default_rng(1)
    control, treatment = rng.lognormal(0, 1, 2000), rng.lognormal(0.1, 1, 3000)
    arms = [quantile_sample([read(values, 0.9)], [0.9]).sample for values in (control, treatment)]
    found = differences(arms[0], arms[1], (0.8, 0.95))
    assert found.estimate[0] == pytest.approx(np.quantile(treatment, 0.9) - np.quantile(control, 0.9), rel=1e-12)
    assert found.low[1, 0] < found.low[0, 0] < found.estimate[0] < found.high[0, 0] < found.high[1, 0]
    relative = lifts(arms[0], arms[1], found)
    assert (relative.low[0] < 0 < relative.high[0]) == (found.p_value[0] > 0.05)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_moving_and_stretching_the_values_moves_and_stretches_the_answer(shift: float, scale: float) -> None:
    values = np.random.default_rng(2).exponential(1, 500)
    plain = quantile_sample([read(values, 0.5)], [0.5]).sample
    moved = quantile_sample([read(shift + scale * values, 0.5)], [0.5]).sample
    assert moved.level[0] == pytest.approx(shift + scale * plain.level[0], rel=1e-9, abs=1e-9)
    assert moved.variance[0] == pytest.approx(scale**2 * plain.variance[0], rel=1e-4, abs=1e-9 * scale)
    assert moved.freedom[0] == plain.freedom[0]


@pytest.mark.parametrize(("n", "quantile"), [(200, 0.99), (50, 0.9), (19, 0.5), (0, 0.5), (1, 0.5)])
def test_a_tail_that_is_too_thin_has_no_answer_and_says_how_many_are_needed(n: int, quantile: float) -> None:
    values = np.random.default_rng(3).normal(size=n)
    arm = read(values, quantile) if n else Read(0, (), ())
    found = quantile_sample([arm], [quantile])
    assert found.sample.fault[0] == Fault.TOO_FEW
    wanted = {0.99: "1,000", 0.9: "100", 0.5: "20"}[quantile]
    assert found.reasons[0] is not None
    assert found.reasons[0].startswith(f"not enough data for the {quantile} quantile: {n} values")
    assert f"{wanted} values are needed" in found.reasons[0]
    with pytest.raises(NotEnoughData):
        quantile_interval(arm, quantile)


@pytest.mark.parametrize("values", [np.repeat(4.0, 500), np.random.default_rng(4).poisson(3, 5000).astype(float)])
def test_coarse_values_have_no_standard_error_and_say_what_to_compare_instead(values: np.ndarray) -> None:
    arm = read(values, 0.5)
    found = quantile_sample([arm], [0.5])
    assert found.sample.fault[0] == Fault.CONSTANT
    assert "many values are the same" in str(found.reasons[0])
    assert "kind: proportion" in str(found.reasons[0])


def test_fine_rounding_does_no_harm() -> None:
    values = np.random.default_rng(5).normal(100, 15, 2000)
    plain, rounded = (quantile_sample([read(x, 0.5)], [0.5]) for x in (values, np.round(values, 1)))
    assert rounded.reasons == (None,)
    assert rounded.sample.variance[0] == pytest.approx(plain.sample.variance[0], rel=0.3)


def test_wide_ladders_serve_arms_of_very_different_size() -> None:
    rng = np.random.default_rng(6)
    asked = probabilities(0.9, [400, 40_000], picture=False)
    assert len(asked) < 60
    for n in (400, 4000, 40_000):
        values = rng.exponential(1, n)
        shared = Read(n, asked, tuple(np.quantile(values, asked)))
        own = quantile_sample([read(values, 0.9)], [0.9]).sample.variance[0]
        assert quantile_sample([shared], [0.9]).sample.variance[0] == pytest.approx(own, rel=0.15)


def test_alike_events_of_a_unit_widen_the_interval() -> None:
    rng = np.random.default_rng(8)
    users = rng.normal(0, 1, 500)
    values = np.concatenate([rng.normal(user, 1, 20) for user in users])
    unit = np.repeat(np.arange(500), 20)
    below = np.bincount(unit, values <= np.median(values))
    moments = Moments.of({"below": below, "events": np.full(500, 20.0)})
    effect = design_effect(moments, "below", "events")
    # Twenty events of a user with intraclass correlation r of being below: 1 + 19 r; here r is (2/pi) asin(1/2) = 1/3.
    assert effect == pytest.approx(1 + 19 / 3, rel=0.15)
    alike, independent = (quantile_sample([read(values, 0.5, x)], [0.5]).sample for x in (effect, 1.0))
    ratio = (alike.variance / alike.n)[0] / (independent.variance / independent.n)[0]
    assert ratio == pytest.approx(effect, rel=0.3)
    assert alike.freedom[0] < independent.freedom[0]
    assert alike.n[0] == independent.n[0] == 10_000


@pytest.mark.parametrize("moments", [Moments.of({"b": [1.0], "e": [2.0]}), Moments.of({"b": [2.0, 3], "e": [2.0, 3]})])
def test_a_design_effect_that_cannot_be_known_is_one(moments: Moments) -> None:
    assert design_effect(moments, "b", "e") == 1.0


@given(st.floats(0.001, 0.999), st.lists(st.integers(0, 10**7), max_size=5), st.floats(0.5, 50))
def test_probabilities_are_ascending_and_hold_the_quantile(quantile: float, counts: list[int], effect: float) -> None:
    asked = probabilities(quantile, counts, design_effect=effect)
    assert list(asked) == sorted(set(asked))
    assert round(quantile, 12) in asked
    assert 0 < asked[0] <= asked[-1] < 1


@pytest.mark.parametrize("quantile", [0.0, 1.0, 90.0])
def test_a_quantile_is_a_share(quantile: float) -> None:
    with pytest.raises(UsageError, match="is no quantile"):
        probabilities(quantile, [100])


def test_a_tail_of_few_clusters_asks_for_more_clusters() -> None:
    values = np.random.default_rng(3).normal(size=1_000)
    arm = read(values, 0.9)
    few = quantile_sample([Read(arm.n, arm.probabilities, arm.values, 20.0)], [0.9]).reasons[0]
    assert few is not None
    assert few.endswith("2,000 values are needed from more clusters or units: values of one are alike")
    assert "clusters" not in str(quantile_sample([read(values[:50], 0.9)], [0.9]).reasons[0])
