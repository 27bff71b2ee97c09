"""GrowthBook's engine and spotify-confidence against us, from tables of their answers.

What each disagreement means, and who is right, stands in docs/validation/referees.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from referees.cases import Case, cases
from vitalfew.errors import NotEnoughData
from vitalfew.stats import Moments, compare
from vitalfew.stats.always_valid import critical, half_widths, tuning
from vitalfew.stats.arrays import Differences, differences, sample
from vitalfew.stats.bayes import chance_above, expected_loss, interval, posterior
from vitalfew.stats.families import holm
from vitalfew.stats.non_inferiority import fixed
from vitalfew.stats.quantiles import probabilities, quantile_sample
from vitalfew.stats.regression import adjusted
from vitalfew.stats.walk import walk

if TYPE_CHECKING:
    from vitalfew.stats.comparison import Comparison

TABLES = Path(__file__).parent / "referees"
GROWTHBOOK = json.loads((TABLES / "gbstats.json").read_text())["answers"]
SPOTIFY = json.loads((TABLES / "spotify_confidence.json").read_text())["answers"]
PLANNED = 5000
MEANS = ("means", "means, uneven arms and variances", "skewed means", "capped", "far apart", "control near zero")
SHARES = ("proportions", "few of many")


def arms(case: Case) -> list[Moments]:
    shift = {name: values[0] if np.isfinite(values[0]) else 0.0 for name, values in case[0].items()}
    return [Moments.of(arm, shift) for arm in case]


def ours(name: str, treatment: int = 1) -> Comparison:
    both = arms(cases()[name])
    return compare(both[0], both[treatment], numerator="y", denominator="d" if name == "ratio" else None)


def adjusted_difference(name: str) -> Differences:
    control, treatment = arms(cases()[name])
    found = adjusted([control], [treatment], ["y"], [None], [("x",)])
    return differences(found.control, found.treatment, (0.95,))


# --- where both compute the same thing: to 1e-6


@pytest.mark.parametrize("name", [*MEANS, "ratio"])
def test_differences_and_ratios_are_those_of_growthbook(name: str) -> None:
    found, theirs = ours(name), GROWTHBOOK[f"{name}, absolute"]
    assert (found.estimate, found.se, *found.intervals[1][1:]) == pytest.approx(
        (theirs["estimate"], theirs["se"], theirs["low"], theirs["high"]), rel=1e-6
    )
    # Theirs is 2 (1 - cdf): below 1e-15 nothing of it is left.
    assert found.p_value == pytest.approx(theirs["p"], rel=1e-6, abs=1e-15)


@pytest.mark.parametrize("name", MEANS)
def test_differences_are_those_of_spotify(name: str) -> None:
    found, theirs = ours(name), SPOTIFY[f"{name}, absolute"]
    assert (found.estimate, found.p_value, *found.intervals[1][1:]) == pytest.approx(
        (theirs["estimate"], theirs["p"], theirs["low"], theirs["high"]), rel=1e-6
    )


@pytest.mark.parametrize("treatment", [1, 2, 3])
def test_each_of_several_treatments_is_that_of_both(treatment: int) -> None:
    found = ours("three treatments", treatment)
    assert found.p_value == pytest.approx(GROWTHBOOK[f"three treatments, {treatment}"]["p"], rel=1e-6)
    assert found.p_value == pytest.approx(SPOTIFY[f"three treatments, arm {treatment}, holm"]["p"], rel=1e-6)


def test_holm_over_several_treatments_is_that_of_spotify() -> None:
    found = holm([ours("three treatments", at).p_value for at in (1, 2, 3)])
    theirs = [SPOTIFY[f"three treatments, arm {at}, holm"]["adjusted_p"] for at in (1, 2, 3)]
    assert found == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("name", [*MEANS, "ratio"])
def test_beliefs_under_a_normal_prior_are_those_of_growthbook(name: str) -> None:
    found, theirs = ours(name), GROWTHBOOK[f"{name}, Bayesian"]
    belief = posterior(found.estimate, found.se, 0.1, 0.5)
    taken, kept = expected_loss(belief)
    expected = [theirs[key] for key in ("estimate", "sd", "low", "high", "chance")]
    assert [belief.mean, belief.sd, *interval(belief), chance_above(belief)] == pytest.approx(expected, rel=1e-6)
    losses = (theirs["loss_of_treatment"], theirs["loss_of_control"])
    assert (taken, kept) == pytest.approx(losses, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("name", [*MEANS, "ratio"])
def test_confidence_sequences_are_those_of_growthbook_at_the_same_tuning(name: str) -> None:
    found, theirs = ours(name), GROWTHBOOK[f"{name}, sequential"]
    n = found.n_control + found.n_treatment
    theirs_squared = (-2 * np.log(0.05) + np.log(1 - 2 * np.log(0.05))) / PLANNED
    half = critical(n * theirs_squared, 0.05) * found.se
    assert half == pytest.approx((theirs["high"] - theirs["low"]) / 2, rel=1e-6)
    # Their tuning is a known approximation of the best one, which we solve for: the widths differ by little.
    assert tuning(PLANNED) == pytest.approx(theirs_squared, rel=0.08)
    assert half_widths(found.se, n, PLANNED) == pytest.approx(half, rel=0.04)


def test_the_non_inferiority_of_a_guardrail_is_that_of_spotify() -> None:
    found, theirs = ours("means"), SPOTIFY["means, non-inferior"]
    kept = fixed(found.estimate, found.se, found.df, 0.02 * found.mean_control)
    assert (kept.p_value, kept.bound) == pytest.approx((theirs["p"], theirs["low"]), rel=1e-6)


def test_the_sequential_bounds_of_spotify_spend_what_they_say_in_our_integration() -> None:
    z = SPOTIFY["means, group sequential"]["z"]
    up, down = walk([0.25, 0.5, 1.0], [-bound for bound in z], z).crossing()
    assert np.cumsum(up + down) == pytest.approx([0.05 * share**2 for share in (0.25, 0.5, 1.0)], rel=1e-3)


def test_a_difference_of_medians_is_near_that_of_growthbook() -> None:
    asked = probabilities(0.5, [300])
    read = [
        SimpleNamespace(n=300, probabilities=asked, values=np.quantile(arm["y"], asked), design_effect=1.0)
        for arm in cases()["skewed means"]
    ]
    control, treatment = (quantile_sample([arm], [0.5]).sample for arm in read)
    found, theirs = differences(control, treatment, (0.95,)), GROWTHBOOK["median, absolute"]
    assert found.estimate[0] == pytest.approx(theirs["estimate"], rel=1e-6)
    # Both read the distribution around the median, they two standard errors away, we less than one.
    assert found.se[0] == pytest.approx(theirs["se"], rel=0.25)


# --- where we disagree: who is right is argued in docs/validation/referees.md


@pytest.mark.parametrize("name", SHARES)
def test_both_divide_the_variance_of_a_share_by_n_and_we_by_n_less_one(name: str) -> None:
    control, treatment = ([np.mean(arm["y"]), len(arm["y"])] for arm in cases()[name])
    found = ours(name)
    ours_squared = sum(p * (1 - p) / (n - 1) for p, n in (control, treatment))
    assert found.se**2 == pytest.approx(ours_squared, rel=1e-9)
    assert found.se == pytest.approx(GROWTHBOOK[f"{name}, absolute"]["se"], rel=0.002)
    assert found.p_value == pytest.approx(SPOTIFY[f"{name}, absolute"]["p"], rel=0.002)


@pytest.mark.parametrize("name", [*MEANS, *SHARES])
def test_the_relative_p_value_of_growthbook_contradicts_its_absolute_one(name: str) -> None:
    absolute, relative = GROWTHBOOK[f"{name}, absolute"], GROWTHBOOK[f"{name}, relative"]
    found = ours(name)
    assert found.relative.estimate == pytest.approx(relative["estimate"], rel=1e-6)
    if name != "far apart":
        assert relative["p"] > absolute["p"] * 1.001
    if found.relative.low is not None:
        assert (found.relative.low > 0) == (found.intervals[1].low > 0)


def test_near_a_control_of_zero_the_three_say_very_different_things_of_the_lift() -> None:
    found = ours("control near zero")
    assert GROWTHBOOK["control near zero, absolute"]["p"] < 0.002
    assert GROWTHBOOK["control near zero, relative"]["p"] > 0.5  # the same data
    assert SPOTIFY["control near zero, relative"]["high"] < 13  # as if the control mean were known
    assert found.relative.low is None  # no interval is bounded: the control mean may be zero
    assert "not clearly different from zero" in str(found.relative.reason)


@pytest.mark.parametrize("name", ["means", "proportions", "capped"])
def test_spotify_takes_the_control_mean_as_known_so_its_lifts_are_too_narrow(name: str) -> None:
    found, theirs = ours(name), SPOTIFY[f"{name}, relative"]
    assert found.relative.low is not None
    assert found.relative.high is not None
    assert theirs["high"] - theirs["low"] < found.relative.high - found.relative.low
    bounds = (theirs["low"] * found.mean_control, theirs["high"] * found.mean_control)
    assert bounds == pytest.approx(found.intervals[1][1:], rel=0.002)


def test_a_coefficient_pooled_over_the_arms_takes_part_of_a_large_effect_for_the_covariate() -> None:
    case = cases()["covariate and a large effect"]
    found = adjusted_difference("covariate and a large effect")
    theirs = GROWTHBOOK["covariate and a large effect, absolute"]
    assert SPOTIFY["covariate and a large effect, absolute"]["estimate"] == pytest.approx(theirs["estimate"], rel=1e-6)
    y, x = (np.concatenate([np.array(arm[key]) for arm in case]) for key in "yx")
    treated = np.repeat([0.0, 1.0], [len(arm["y"]) for arm in case])
    regression = np.linalg.lstsq(np.column_stack([np.ones_like(x), treated, x]), y, rcond=None)[0]
    assert found.estimate[0] == pytest.approx(regression[1], rel=1e-9)
    assert abs(theirs["estimate"] - regression[1]) > 0.03
    assert abs(theirs["estimate"]) < abs(regression[1])  # always towards zero: the effect explains itself away
    small = adjusted_difference("covariate")
    assert small.estimate[0] == pytest.approx(GROWTHBOOK["covariate, absolute"]["estimate"], abs=0.01)


def test_sums_of_squares_lose_everything_around_a_billion() -> None:
    found = ours("no noise to speak of")
    values = [np.array(arm["y"]) - 1e9 for arm in cases()["no noise to speak of"]]
    assert found.estimate == pytest.approx(values[1].mean() - values[0].mean(), rel=1e-6)
    assert found.p_value < 0.001
    assert GROWTHBOOK["no noise to speak of, absolute"]["p"] == 1.0
    assert GROWTHBOOK["no noise to speak of, absolute"]["estimate"] == 0.0
    assert SPOTIFY["no noise to speak of, absolute"]["p"] is None


def test_a_very_clear_result_has_a_p_value_above_zero() -> None:
    assert GROWTHBOOK["far apart, absolute"]["p"] == 0.0
    assert 0 < ours("far apart").p_value < 1e-100


def test_a_constant_metric_is_no_result_of_no_effect() -> None:
    constant = Moments.of({"y": [3.0] * 50})
    with pytest.raises(NotEnoughData, match="does not vary between the units"):
        compare(constant, constant, numerator="y")


def test_missing_values_leave_n_the_mean_and_the_variance() -> None:
    case = cases()["missing values"]
    present = [[value for value in arm["y"] if np.isfinite(value)] for arm in case]
    plain = [Moments.of({"y": values}) for values in present]
    assert ours("missing values").p_value == pytest.approx(compare(*plain, numerator="y").p_value, rel=1e-9)
    assert sample(plain, ["y", "y"], [None, None]).n.tolist() == [len(values) for values in present]
