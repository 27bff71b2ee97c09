"""Far tails, hardly any spread and shares of nothing: answers that keep their digits where formulas lose them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from vitalfew.errors import NotEnoughData
from vitalfew.stats import Moments, compare
from vitalfew.stats.arrays import Fault
from vitalfew.stats.bayes import Belief, truncated
from vitalfew.stats.designs import Design
from vitalfew.stats.families import dunnett
from vitalfew.stats.group_sequential import boundaries
from vitalfew.stats.heterogeneity import heterogeneity
from vitalfew.stats.non_inferiority import conditional_power
from vitalfew.stats.outliers import influence
from vitalfew.stats.power import detectable_share, sample_size
from vitalfew.stats.sample_sizes import sample_ratio
from vitalfew.stats.stopping import stopped


@pytest.mark.parametrize("z", [3.0, 6.0, 8.0, 9.0])
def test_dunnetts_far_tails_keep_their_digits(z: float) -> None:
    def beyond(x: float) -> float:
        tails = [stats.norm.sf((z - sign * x * math.sqrt(0.5)) / math.sqrt(0.5)) for sign in (1, -1)]
        return float(sum(tails) * (2 - sum(tails)) * stats.norm.pdf(x))

    expected = integrate.quad(beyond, -20, 20, epsabs=0, epsrel=1e-10, limit=500, points=[-z * 0.7, z * 0.7])[0]
    assert float(dunnett([z, 0.0], 1.0, [1.0, 1.0], np.inf)[0]) == pytest.approx(expected, rel=1e-3)


def test_a_family_never_says_more_than_one_of_its_tests() -> None:
    for z in (1.0, 5.0, 12.0, 20.0):
        alone = 2 * stats.norm.sf(z)
        adjusted = float(dunnett([z, 0.3, 0.2], 1.0, [1.0, 2.0, 0.5], np.inf)[0])
        assert alone * (1 - 1e-9) <= adjusted <= 3 * alone


def test_an_arm_without_variation_stays_in_its_family() -> None:
    found = dunnett([2.3, 1.0], 1.0, [0.0, 1.0], 40)
    assert 2 * stats.t.sf(2.3, 40) < found[0] < 4 * stats.t.sf(2.3, 40)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_result_far_beyond_the_last_boundary_has_estimate_and_interval(sign: float) -> None:
    looks = [0.2, 0.4, 0.6, 0.8, 1.0]
    far, farther = (stopped(sign * z, 1.0, looks, boundaries(looks)) for z in (20.0, 100.0))
    assert far.estimate == pytest.approx(farther.estimate, rel=1e-6)
    assert far.low < far.estimate < far.high
    assert far.p_value == pytest.approx(farther.p_value)
    mirrored = stopped(-sign * 20.0, 1.0, looks, boundaries(looks))
    assert (mirrored.low, mirrored.high) == pytest.approx((-far.high, -far.low))


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, math.inf), (-math.inf, math.inf), (-1.0, 2.0), (5.0, 6.0), (-8.0, -7.0), (30.0, math.inf)]
)
def test_truncated_normals_agree_with_scipy(low: float, high: float) -> None:
    found = truncated(Belief(np.array(1.0), np.array(2.0)), 1 + 2 * low, 1 + 2 * high)
    referee = stats.truncnorm(low, high, loc=1, scale=2)
    assert float(found.mean) == pytest.approx(referee.mean(), rel=1e-6, abs=1e-9)
    assert float(found.sd) == pytest.approx(referee.std(), rel=1e-3)


def test_between_narrow_bounds_a_normal_is_uniform() -> None:
    found = truncated(Belief(np.array(0.0), np.array(1.0)), 3.0, 3.0 + 2.0**-30)
    assert float(found.mean) == pytest.approx(3 + 2.0**-31, rel=1e-15)
    assert float(found.sd) == pytest.approx(2.0**-30 / math.sqrt(12), rel=1e-6)


def test_very_far_out_a_normal_is_exponential() -> None:
    found = truncated(Belief(np.array(0.0), np.array(1.0)), -np.inf, -1e5)
    assert float(found.mean) == pytest.approx(-1e5 - 1e-5, rel=1e-15)
    assert float(found.sd) == pytest.approx(1e-5, rel=1e-6)


@pytest.mark.parametrize("unit", [1e-300, 1e-160, 1e160, 1e200])
def test_the_unit_of_segments_does_not_matter(unit: float) -> None:
    base, found = heterogeneity([1.0, 2.0], [0.5, 0.4]), heterogeneity([unit, 2 * unit], [0.5 * unit, 0.4 * unit])
    assert found.p_value == pytest.approx(base.p_value)
    assert found.shrunk == pytest.approx(base.shrunk * unit)


def test_without_the_only_success_nothing_varies() -> None:
    one = Moments.of({"did": [0.0] * 49 + [1.0]})
    none = Moments.of({"did": [0.0] * 50})
    assert influence([one], [none], ["did"], [None]).control_high.fault[0] == Fault.CONSTANT


def test_a_share_of_nothing_needs_units_to_rise() -> None:
    rise = float(detectable_share(1_000, 0.0, Design()))
    drift = rise / math.sqrt(rise * (1 - rise) / 500)
    assert drift == pytest.approx(2.81, abs=0.02)
    assert np.isnan(detectable_share(1_000, 1.0, Design()))


def test_no_plan_is_shorter_than_its_mode_needs_to_speak() -> None:
    assert float(sample_size(100.0, 1.0, Design("always_valid"))) == 100
    assert float(sample_size(100.0, 1.0, Design("group_sequential"))) == 4
    assert np.isnan(sample_size(1.0, 0.0, Design("always_valid")))


def test_a_confidence_next_to_one_has_ends() -> None:
    arms = [Moments.of({"y": np.arange(50.0) + step}) for step in (0, 1)]
    found = compare(arms[0], arms[1], numerator="y", confidences=[1 - 1e-16])
    assert math.isfinite(found.intervals[0].low)


def test_weights_near_the_largest_float_are_weights() -> None:
    huge = sample_ratio({"a": 510, "b": 490}, {"a": 1e308, "b": 1e308})
    assert huge.p_value == sample_ratio({"a": 510, "b": 490}).p_value


def test_chances_at_impossible_shares_are_unknown() -> None:
    found = conditional_power(1.0, [0.0, 0.5, 1.0, -0.5, math.nan], 1.96)
    assert np.isnan(found[3:]).all()
    assert np.isfinite(found[:3]).all()


def test_a_ratio_of_values_whose_squares_are_no_numbers_is_refused_as_the_mean_is() -> None:
    one = Moments.of({"y": [1e300, *range(1, 40)], "x": np.arange(40.0) % 3})
    other = Moments.of({"y": np.arange(40.0), "x": np.arange(40.0) % 3})
    for denominator in (None, "x"):
        with pytest.raises(NotEnoughData, match="too large"):
            compare(one, other, numerator="y", denominator=denominator)
