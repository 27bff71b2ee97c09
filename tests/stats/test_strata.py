"""Strata and phases: by-hand formulas, a ramp, strata without units, and what is left when parts are taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from aa import rates
from vitalfew.errors import UsageError
from vitalfew.stats import Moments
from vitalfew.stats.arrays import Fault, Sample, differences, sample
from vitalfew.stats.regression import adjusted
from vitalfew.stats.strata import combined, left_out, rest, stratified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.arrays import Differences

    Columns = dict[str, NDArray[np.float64]]
    Strata = list[tuple[Columns, Columns]]


def _strata(seed: int = 1, sizes: Sequence[tuple[int, int]] = ((40, 60), (90, 30), (25, 25))) -> Strata:
    """Strata with levels of their own; an effect of one."""
    rng = np.random.default_rng(seed)

    def arm(n: int, level: float) -> Columns:
        x = rng.integers(1, 9, n).astype(np.float64)
        return {
            "y": np.round((level * x + rng.normal(0, 3, n)) * 8) / 8,
            "x": x,
            "z": np.round(rng.normal(0, 1, n) * 8),
        }

    return [(arm(c, 5.0 * at), arm(t, 5.0 * at + 1)) for at, (c, t) in enumerate(sizes)]


def _found(strata: Strata, denominator: str | None = None) -> Differences:
    cells = [[(Moments.of(one), Moments.of(two))] for one, two in strata]
    return differences(*stratified(cells, ["y"], [denominator]), (0.8, 0.95))


def test_the_effect_and_its_error_are_those_of_the_formula() -> None:
    strata = _strata()
    found = _found(strata)
    weights = np.array([len(one["y"]) + len(two["y"]) for one, two in strata]) / 270
    gaps = np.array([two["y"].mean() - one["y"].mean() for one, two in strata])
    parts = [
        (weight**2 * arm["y"].var(ddof=1) / len(arm["y"]), len(arm["y"]) - 1)
        for weight, pair in zip(weights, strata, strict=True)
        for arm in pair
    ]
    squared = sum(part for part, _ in parts)
    assert found.estimate[0] == pytest.approx(weights @ gaps, rel=1e-12)
    assert found.se[0] == pytest.approx(np.sqrt(squared), rel=1e-12)
    assert found.df[0] == pytest.approx(squared**2 / sum(part**2 / df for part, df in parts), rel=1e-12)


def test_the_effect_is_that_of_a_regression_with_a_dummy_per_stratum_and_arm() -> None:
    strata = _strata()
    arms = [(at, side, pair[side]["y"]) for at, pair in enumerate(strata) for side in (0, 1)]
    y = np.concatenate([values for *_, values in arms])
    stratum, treated = (np.concatenate([np.full(len(row[2]), row[i]) for row in arms]) for i in (0, 1))
    dummies = np.column_stack([stratum == 1, stratum == 2]).astype(float)
    away = dummies - dummies.mean(axis=0)
    design = np.column_stack([np.ones(len(y)), treated, away, away * treated[:, None]])
    fit = sm.OLS(y, design).fit(cov_type="HC2")
    found = _found(strata)
    assert found.estimate[0] == pytest.approx(fit.params[1], rel=1e-9)
    assert found.se[0] == pytest.approx(fit.bse[1], rel=1e-9)


def test_one_stratum_is_the_plain_comparison() -> None:
    for denominator in (None, "x"):
        one, two = _strata()[0]
        control, treatment = (sample([Moments.of(arm)], ["y"], [denominator]) for arm in (one, two))
        plain = differences(control, treatment, (0.8, 0.95))
        found = _found([(one, two)], denominator)
        assert found.p_value[0] == pytest.approx(plain.p_value[0], rel=1e-9)
        assert found.high[1, 0] == pytest.approx(plain.high[1, 0], rel=1e-9)


def test_a_ratio_is_that_of_the_stratified_means() -> None:
    strata = _strata()
    weights = np.array([len(one["y"]) + len(two["y"]) for one, two in strata]) / 270
    tops, bottoms = ([weights @ [pair[side][name].mean() for pair in strata] for side in (0, 1)] for name in ("y", "x"))
    found = _found(strata, "x")
    assert found.estimate[0] == pytest.approx(tops[1] / bottoms[1] - tops[0] / bottoms[0], rel=1e-12)
    linear = [
        [{"y": (arm["y"] - tops[side] / bottoms[side] * arm["x"]) / bottoms[side]} for side, arm in enumerate(pair)]
        for pair in strata
    ]
    assert found.se[0] == pytest.approx(_found([(pair[0], pair[1]) for pair in linear]).se[0], rel=1e-9)


def test_a_stratum_that_an_arm_has_no_units_in_counts_for_neither_and_is_named() -> None:
    strata = _strata(sizes=((40, 60), (90, 0), (25, 25), (1, 30)))
    cells = [[(Moments.of(one), Moments.of(two))] for one, two in strata]
    assert left_out(cells, ["y"]) == [(1, 3)]
    assert _found(strata).p_value[0] == _found([strata[0], strata[2]]).p_value[0]


def test_without_any_usable_stratum_there_is_no_answer() -> None:
    found = _found(_strata(sizes=((1, 60), (90, 0))))
    assert found.fault[0] == Fault.TOO_FEW
    assert np.isnan(found.estimate[0])
    with pytest.raises(UsageError, match="no strata"):
        stratified([], ["y"], [None])


def test_constant_strata_have_no_answer_rather_than_certainty() -> None:
    flat = {"y": np.full(9, 3.0)}
    assert _found([(flat, flat), (flat, flat)]).fault[0] == Fault.CONSTANT


def test_adjusted_arms_of_phases_can_be_put_together() -> None:
    strata = _strata()
    pairs = []
    for one, two in strata:
        found = adjusted([Moments.of(one)], [Moments.of(two)], ["y"], [None], [["z"]])
        pairs.append((found.control, found.treatment))
    effect = differences(*combined(pairs), (0.95,))
    assert effect.estimate[0] == pytest.approx(_found(strata).estimate[0], abs=0.5)
    assert 0 < effect.p_value[0] < 1


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e6, -1e9]), st.sampled_from([2.0**-20, 2.0**30]))
def test_a_constant_or_another_unit_changes_no_p_value(seed: int, constant: float, scale: float) -> None:
    strata = _strata(seed)
    plain = _found(strata).p_value[0]
    for factor, plus in ((1.0, constant), (scale, 0.0)):
        moved: Strata = [({"y": one["y"] * factor + plus}, {"y": two["y"] * factor + plus}) for one, two in strata]
        assert _found(moved).p_value[0] == pytest.approx(plain, rel=1e-6)


# The rest ----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(2, 30), st.sampled_from([0.0, 1e6, 1e12]))
def test_taking_a_part_away_leaves_the_moments_of_the_others(seed: int, first: int, second: int, level: float) -> None:
    rng = np.random.default_rng(seed)
    table = level + np.round(rng.normal(0, 5, (first + second, 2)) * 64) / 64
    table[rng.random(table.shape) < 0.1] = np.nan
    shift = dict.fromkeys("ab", level)

    def moments(rows: NDArray[np.float64]) -> Moments:
        return Moments.of(dict(zip("ab", rows.T, strict=True)), shift)

    left, wanted = rest(moments(table), [moments(table[:first])]), moments(table[first:])
    assert left.units == wanted.units
    np.testing.assert_array_equal(left.n, wanted.n)
    some = wanted.n > 0
    np.testing.assert_allclose(left.mean[some], wanted.mean[some], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(left.cross[some], wanted.cross[some], rtol=1e-9, atol=1e-8)


def test_everything_taken_away_leaves_no_units() -> None:
    whole = Moments.of({"y": [1.0, 2.0, 4.0]})
    nothing = rest(whole, [whole])
    assert (nothing.units, nothing.count("y")) == (0, 0)


def test_more_than_the_whole_cannot_be_taken_away() -> None:
    with pytest.raises(UsageError, match="no part of the whole"):
        rest(Moments.of({"y": [1.0, 2.0]}), [Moments.of({"y": [1.0, 2.0, 3.0]})])


# A ramp ------------------------------------------------------------------------------------------------------------


@pytest.mark.prove
def test_over_a_ramp_from_10_to_50_percent_with_a_weekend_the_analysis_by_phase_errs_as_rarely_as_promised() -> None:
    runs, rng = 10_000, np.random.default_rng(20_260_103)
    phases = []
    for units, share, level in ((2_000, 0.1, 5.0), (2_000, 0.5, 6.0)):
        treated = int(units * share)
        arms = []
        for n in (units - treated, treated):
            values = rng.normal(level, 2, (runs, n))
            faults = np.zeros(runs, dtype=np.int64)
            parts = (np.full(runs, float(n)), np.zeros(runs), values.mean(axis=1), values.var(axis=1, ddof=1), faults)
            arms.append(Sample(*parts))
        phases.append((arms[0], arms[1]))
    found = differences(*combined(phases), (0.95,))
    assert [rate for rate in rates("by phase", found.p_value) if not rate.holds] == []
    pooled = [
        sum(phase[side].n * phase[side].mean for phase in phases) / sum(phase[side].n for phase in phases)
        for side in (0, 1)
    ]
    assert np.mean(pooled[1] - pooled[0]) > 0.2
