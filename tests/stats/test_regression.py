"""Regression adjustment: against other people's programs, under changes of unit, and where it must leave things be."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
import tea_tasting as tt
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import UsageError
from vitalfew.stats import Moments
from vitalfew.stats.arrays import differences
from vitalfew.stats.regression import NO_GAIN, adjusted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.arrays import Differences
    from vitalfew.stats.regression import Adjusted

    Columns = dict[str, NDArray[np.float64]]


def _units(seed: int, n: int, effect: float = 0.0, slope: float = 1.0) -> Columns:
    """Units with a past that explains much of the present, and sessions to divide by."""
    rng = np.random.default_rng(seed)
    before, other = rng.gamma(2.0, 3.0, n), rng.normal(0, 2, n)
    sessions = rng.integers(1, 12, n).astype(np.float64)
    y = 3 + effect + slope * before + 0.5 * other + rng.normal(0, 2, n) + 0.4 * sessions
    return {"y": y, "x": sessions, "y/before": before, "z": other, "x/before": sessions + rng.integers(0, 3, n)}


def _adjusted(
    arms: Sequence[Columns],
    covariates: Sequence[str],
    denominator: str | None = None,
    shift: Mapping[str, float] | None = None,
) -> tuple[Adjusted, Differences]:
    control, treatment = (Moments.of(arm, shift) for arm in arms)
    found = adjusted([control], [treatment], ["y"], [denominator], [covariates])
    return found, differences(found.control, found.treatment, (0.8, 0.95))


def _columns(arms: Sequence[Columns], names: Sequence[str]) -> NDArray[np.float64]:
    return np.column_stack([np.concatenate([arm[name] for arm in arms]) for name in names])


def _treated(arms: Sequence[Columns]) -> NDArray[np.float64]:
    return np.repeat([0.0, 1.0], [len(arm["y"]) for arm in arms])


ARMS = (_units(1, 300), _units(2, 200, effect=1.0, slope=1.4))


# Referees ----------------------------------------------------------------------------------------------------------


def test_one_covariate_is_the_analysis_of_covariance_of_statsmodels() -> None:
    _, found = _adjusted(ARMS, ["y/before"])
    treated = _treated(ARMS)
    design = np.column_stack([np.ones(500), treated, _columns(ARMS, ["y/before"])])
    fit = sm.OLS(np.concatenate([arm["y"] for arm in ARMS]), design).fit(cov_type="HC2")
    assert found.estimate[0] == pytest.approx(fit.params[1], rel=1e-9)
    assert found.se[0] == pytest.approx(fit.bse[1], rel=0.01)


def test_several_covariates_are_lins_interacted_regression_of_statsmodels() -> None:
    _, found = _adjusted(ARMS, ["y/before", "z"])
    treated, z = _treated(ARMS), _columns(ARMS, ["y/before", "z"])
    away = z - z.mean(axis=0)
    design = np.column_stack([np.ones(500), treated, away, away * treated[:, None]])
    fit = sm.OLS(np.concatenate([arm["y"] for arm in ARMS]), design).fit(cov_type="HC3")
    assert found.estimate[0] == pytest.approx(fit.params[1], rel=1e-9)
    # Slopes differ here: the covariates' mean over all units is itself uncertain, which HC3 takes as known.
    differ = fit.params[4:] @ np.cov(z.T) @ fit.params[4:] / 500
    assert found.se[0] == pytest.approx(np.sqrt(fit.bse[1] ** 2 + differ), rel=0.02)


def test_the_variance_of_several_covariates_is_that_of_two_predictions_at_the_common_mean() -> None:
    """Slopes alike in both arms: what is left are the residual variances of two regressions, to the last digit."""
    first = _units(3, 300)
    arms = (first, {name: np.tile(column, 2) + 0.3 for name, column in first.items()})
    _, found = _adjusted(arms, ["y/before", "z"])
    common = _columns(arms, ["y/before", "z"]).mean(axis=0)
    squares = []
    for arm in arms:
        fit = sm.OLS(arm["y"], sm.add_constant(_columns([arm], ["y/before", "z"]))).fit()
        squares.append(fit.get_prediction(np.concatenate([[1.0], common])[None, :]).se_mean[0] ** 2)
    assert found.se[0] ** 2 == pytest.approx(sum(squares), rel=1e-9)


def _by_tea_tasting(arms: Sequence[Columns], metric: tt.RatioOfMeans | tt.Mean) -> tt.metrics.MeanResult:
    names = ("y", "x", "y/before", "x/before")
    table = pa.table({name: np.concatenate([arm[name] for arm in arms]) for name in names})
    table = table.append_column("variant", pa.array(_treated(arms).astype(np.int64)))
    return tt.Experiment(metric=metric).analyze(table)["metric"]


def _same_past(arms: Sequence[Columns]) -> tuple[Columns, Columns]:
    """Arms whose pasts have the same mean: then pooling across arms and within arms are one and the same."""
    moved = dict(arms[1])
    for name in ("y/before", "x/before"):
        moved[name] = moved[name] - moved[name].mean() + arms[0][name].mean()
    return arms[0], moved


def test_cuped_agrees_with_tea_tasting_where_the_arms_have_the_same_past() -> None:
    arms = _same_past(ARMS)
    _, found = _adjusted(arms, ["y/before"])
    referee = _by_tea_tasting(arms, tt.Mean("y", "y/before"))
    assert found.estimate[0] == pytest.approx(referee.effect_size, rel=1e-6)
    assert found.se[0] == pytest.approx((referee.effect_size / referee.statistic), rel=2.5 / 200)


def test_cuped_of_a_ratio_agrees_with_tea_tasting_where_the_arms_have_the_same_past_and_no_effect() -> None:
    arms = _same_past((_units(1, 3000), _units(2, 3000)))
    _, found = _adjusted(arms, ["y/before"], denominator="x")
    referee = _by_tea_tasting(arms, tt.RatioOfMeans("y", "x", "y/before"))
    assert found.estimate[0] == pytest.approx(referee.effect_size, rel=1e-6, abs=1e-9)
    assert found.se[0] == pytest.approx(referee.effect_size / referee.statistic, rel=1e-3)


def test_a_ratio_with_both_pasts_is_at_least_as_sharp_as_tea_tasting_with_their_ratio() -> None:
    arms = (_units(1, 3000), _units(2, 3000))
    _, found = _adjusted(arms, ["y/before", "x/before"], denominator="x")
    referee = _by_tea_tasting(arms, tt.RatioOfMeans("y", "x", "y/before", "x/before"))
    assert found.se[0] < referee.effect_size / referee.statistic


def test_a_ratio_is_the_regression_of_its_linearisation() -> None:
    _, found = _adjusted(ARMS, ["y/before", "x/before"], denominator="x")
    linear = []
    for arm in ARMS:
        ratio = arm["y"].sum() / arm["x"].sum()
        linear.append({**arm, "y": ratio + (arm["y"] - ratio * arm["x"]) / arm["x"].mean()})
    _, plain = _adjusted(linear, ["y/before", "x/before"])
    assert found.estimate[0] == pytest.approx(plain.estimate[0], rel=1e-9)
    assert found.se[0] == pytest.approx(plain.se[0], rel=1e-9)
    assert found.df[0] == pytest.approx(plain.df[0], rel=1e-9)


def test_pooling_across_arms_would_put_the_effect_into_the_coefficient() -> None:
    """Where the two disagree: pasts that differ by chance. Thirty more must be an effect thirty larger."""
    arms = (_units(5, 40), _units(6, 40))
    raised = (arms[0], {**arms[1], "y": arms[1]["y"] + 30})
    ours = [float(_adjusted(each, ["y/before"])[1].estimate[0]) for each in (arms, raised)]
    theirs = [float(_by_tea_tasting(each, tt.Mean("y", "y/before")).effect_size) for each in (arms, raised)]
    assert ours[1] - ours[0] == pytest.approx(30, rel=1e-9)
    assert abs(theirs[1] - theirs[0] - 30) > 0.05


# Laws --------------------------------------------------------------------------------------------------------------

SEED = st.integers(0, 2**32 - 1)


def _grid(seed: int, n: int = 50) -> Columns:
    """Values on a grid of eighths, which stay exact when 1e9 is added; the columns are related."""
    rng = np.random.default_rng(seed)
    table = rng.normal(0, 20, (3, n)) + rng.gamma(1, 20, n)
    return dict(zip(("y", "y/before", "z"), np.round(table * 8) / 8, strict=True))


@given(SEED, st.sampled_from([1e6, -1e9]), st.sampled_from([2.0**-20, 2.0**30]))
def test_a_constant_or_another_unit_changes_no_p_value(seed: int, constant: float, scale: float) -> None:
    arms = [_grid(seed), _grid(seed + 1, 70)]
    for covariates in (["y/before"], ["y/before", "z"]):
        _, plain = _adjusted(arms, covariates)
        for factor, plus in ((1.0, constant), (scale, 0.0)):
            moved = [{name: column * factor + plus for name, column in arm.items()} for arm in arms]
            _, found = _adjusted(moved, covariates)
            assert found.p_value[0] == pytest.approx(plain.p_value[0], rel=1e-6)


@given(SEED, st.integers(1, 49))
def test_merged_moments_give_what_the_whole_data_give(seed: int, cut: int) -> None:
    arms = [_grid(seed), _grid(seed + 1)]
    p_values = []
    for parts in (1, 2):
        moments = [
            Moments.of(arm)
            if parts == 1
            else Moments.of({name: column[:cut] for name, column in arm.items()})
            + Moments.of({name: column[cut:] for name, column in arm.items()})
            for arm in arms
        ]
        found = adjusted([moments[0]], [moments[1]], ["y"], [None], [["y/before", "z"]])
        p_values.append(differences(found.control, found.treatment, (0.95,)).p_value[0])
    assert p_values[1] == pytest.approx(p_values[0], rel=1e-9)


@given(SEED)
def test_the_order_of_units_changes_nothing(seed: int) -> None:
    arms = [_grid(seed), _grid(seed + 1)]
    order = np.random.default_rng(seed).permutation(50)
    _, plain = _adjusted(arms, ["y/before", "z"])
    _, found = _adjusted([{name: column[order] for name, column in arm.items()} for arm in arms], ["y/before", "z"])
    assert found.p_value[0] == pytest.approx(plain.p_value[0], rel=1e-9)


@pytest.mark.parametrize("level", [0.0, 1e6, 1e12])
def test_a_coefficient_equals_exact_rationals_however_far_the_values_are_from_zero(level: float) -> None:
    arms = [{name: column + level for name, column in _grid(seed, 40).items()} for seed in (1, 2)]
    _, found = _adjusted(arms, ["y/before"])
    sums = []
    for arm in arms:
        y, z = ([Fraction(value) for value in arm[name]] for name in ("y", "y/before"))
        mean_y, mean_z = Fraction(sum(y)) / 40, Fraction(sum(z)) / 40
        zy = Fraction(sum((a - mean_y) * (b - mean_z) for a, b in zip(y, z, strict=True)))
        sums.append((mean_y, mean_z, zy, Fraction(sum((b - mean_z) ** 2 for b in z))))
    theta = (sums[0][2] + sums[1][2]) / (sums[0][3] + sums[1][3])
    exact: Fraction = (sums[1][0] - sums[0][0]) - theta * (sums[1][1] - sums[0][1])
    assert abs(Fraction(float(found.estimate[0])) - exact) <= 1e-9 * abs(exact)


def test_swapping_the_arms_turns_the_sign_and_nothing_else() -> None:
    for covariates in (["y/before"], ["y/before", "z"]):
        _, one = _adjusted(ARMS, covariates)
        _, other = _adjusted(ARMS[::-1], covariates)
        assert one.estimate[0] == pytest.approx(-other.estimate[0], rel=1e-12)
        assert one.p_value[0] == pytest.approx(other.p_value[0], rel=1e-12)


def test_many_comparisons_at_once_equal_each_on_its_own() -> None:
    arms = [Moments.of(arm) for arm in ARMS]
    asked: list[tuple[str, str | None, list[str]]] = [
        ("y", None, ["y/before"]),
        ("y", None, []),
        ("y", "x", ["y/before", "x/before"]),
        ("z", None, ["y/before"]),
        ("y", None, ["y/before", "z", "x/before"]),
    ]
    tops, bottoms, covariates = (list(part) for part in zip(*asked, strict=True))
    every = adjusted([arms[0]] * 5, [arms[1]] * 5, tops, bottoms, covariates)
    found = differences(every.control, every.treatment, (0.95,))
    for at, (top, bottom, names) in enumerate(asked):
        alone = adjusted([arms[0]], [arms[1]], [top], [bottom], [names])
        single = differences(alone.control, alone.treatment, (0.95,))
        assert found.p_value[at] == pytest.approx(single.p_value[0], rel=1e-12)
        assert (every.used[at], every.notes[at]) == (alone.used[0], alone.notes[0])


# Where it must leave things be -------------------------------------------------------------------------------------


def test_a_constant_and_a_collinear_covariate_are_left_out_with_a_note() -> None:
    arms = [{**arm, "flat": np.full(len(arm["y"]), 7.0), "double": 2 * arm["y/before"] + 1} for arm in ARMS]
    found, effect = _adjusted(arms, ["flat", "y/before", "double"])
    _, plain = _adjusted(ARMS, ["y/before"])
    assert found.used == (("y/before",),)
    assert found.notes == (
        (
            "covariate left out: flat (hardly varies)",
            "covariate left out: double (the other covariates or too few units leave it nothing to explain)",
        ),
    )
    assert effect.p_value[0] == pytest.approx(plain.p_value[0], rel=1e-9)


def test_a_covariate_with_gaps_is_left_out_with_a_note() -> None:
    arms = [{**arm, "gaps": np.where(arm["z"] > 2, np.nan, arm["z"])} for arm in ARMS]
    found, _ = _adjusted(arms, ["gaps", "y/before"])
    assert found.used == (("y/before",),)
    assert "gaps (some units have only one of metric and covariate" in found.notes[0][0]


def test_a_past_that_explains_nothing_leaves_the_effect_unadjusted() -> None:
    rng = np.random.default_rng(8)
    arms = [{"y": rng.normal(0, 1, 60), "noise": rng.normal(0, 1, 60)} for _ in range(2)]
    arms = [{**arm, "noise": _without_trace_of(arm["y"], arm["noise"])} for arm in arms]
    found, effect = _adjusted(arms, ["noise"])
    _, plain = _adjusted(arms, [])
    assert (found.used, found.notes, found.reduction[0]) == (((),), ((NO_GAIN,),), 0.0)
    assert effect.p_value[0] == plain.p_value[0]


def _without_trace_of(y: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    away = y - y.mean()
    return noise - away * (away @ noise) / (away @ away)


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_too_few_units_leave_the_effect_unadjusted(n: int) -> None:
    arms = [{name: column[:n] for name, column in arm.items()} for arm in ARMS]
    found, _ = _adjusted(arms, ["y/before", "z"])
    assert found.used == ((),)


def test_a_metric_that_its_past_predicts_exactly_is_not_adjusted_to_certainty() -> None:
    arms = [{"y": arm["y/before"] + effect, "y/before": arm["y/before"]} for effect, arm in enumerate(ARMS)]
    found, effect = _adjusted(arms, ["y/before"])
    assert found.used == ((),)
    assert effect.p_value[0] > 0


def test_a_covariate_that_was_not_measured_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'y/before'"):
        _adjusted(ARMS, ["y/befor"])
