"""Effects of waves: published results, a second implementation on units, and what must hold whatever the numbers."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from diff_diff import CallawaySantAnna
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import DataError, UsageError
from vitalfew.stats.simultaneous import Estimates
from vitalfew.stats.staggered import Cohort, group_time

MPDTA = Path(__file__).parent / "referees" / "mpdta_moments.json"


def counties() -> list[Cohort]:
    """The counties of Callaway & Sant'Anna; periods are 2003 to 2007."""
    told = json.loads(MPDTA.read_text())["cohorts"]
    return [
        Cohort(
            int(year) - 2003 if int(year) else None, one["units"], np.array(one["mean"]), np.array(one["covariance"])
        )
        for year, one in told.items()
    ]


# What `att_gt` of the R package did prints for mpdta (never treated, varying base, no covariates).
PUBLISHED = {
    (2004, 2004): -0.0105, (2004, 2005): -0.0704, (2004, 2006): -0.1373, (2004, 2007): -0.1008,
    (2006, 2004): 0.0065, (2006, 2005): -0.0028, (2006, 2006): -0.0046, (2006, 2007): -0.0412,
    (2007, 2004): 0.0305, (2007, 2005): -0.0027, (2007, 2006): -0.0311, (2007, 2007): -0.0261,
}  # fmt: skip
# The same with a universal base differs before the waves only.
PUBLISHED_BEFORE = {
    (2006, 2003): -0.0038, (2006, 2004): 0.0028, (2007, 2003): 0.0033, (2007, 2004): 0.0338, (2007, 2005): 0.0311,
}  # fmt: skip


def test_the_minimum_wage_is_that_of_the_r_package() -> None:
    found = group_time(counties(), controls="never", base="varying", small_sample=False)
    keys = list(zip((found.waves + 2003).tolist(), (found.times + 2003).tolist(), strict=True))
    assert dict(zip(keys, np.round(found.estimates.estimate, 4).tolist(), strict=True)) == PUBLISHED
    # Printed standard errors come from a bootstrap and move by several per cent from run to run; the p-value does not.
    assert found.before().wald().p_value == pytest.approx(0.16812, abs=5e-6)


def test_the_universal_base_is_that_of_the_r_package() -> None:
    found = group_time(counties(), controls="never", base="universal")
    keys = zip((found.waves + 2003).tolist(), (found.times + 2003).tolist(), strict=True)
    told = dict(zip(keys, np.round(found.estimates.estimate, 4).tolist(), strict=True))
    assert {key: told[key] for key in PUBLISHED_BEFORE} == PUBLISHED_BEFORE
    assert {key: told[key] for key in PUBLISHED if key[1] >= key[0]} == {
        key: value for key, value in PUBLISHED.items() if key[1] >= key[0]
    }


def test_the_averages_are_those_of_the_r_package() -> None:
    found = group_time(counties(), controls="never", base="varying", small_sample=False)
    assert found.simple().estimate[0] == pytest.approx(-0.0400, abs=5e-5)
    overall = found.overall()
    assert (round(overall.estimate[0], 4), round(overall.se[0], 3)) == (-0.0310, 0.012)
    assert found.by_wave().estimate.round(4).tolist() == [-0.0797, -0.0229, -0.0261]
    events = found.by_event()
    assert events.estimate.round(4).tolist() == [0.0305, -0.0006, -0.0245, -0.0199, -0.0510, -0.1373, -0.1008]
    after = found.by_event(first=0).combined(np.full(4, 0.25))
    assert (round(after.estimate[0], 4), round(after.se[0], 2)) == (-0.0772, 0.02)
    periods = found.by_period()
    assert round(float(periods.estimate.mean()), 4) == -0.0417


def panel(seed: int, sizes: dict[int, int], periods: int) -> pd.DataFrame:
    """Units of unequal waves (0: never) with autocorrelated outcomes and effects that differ by wave and grow."""
    rng = np.random.default_rng(seed)
    tables = []
    for wave, units in sizes.items():
        noise = rng.normal(size=(units, periods)).cumsum(axis=1) + rng.normal(size=(units, 1))
        since = np.arange(periods) - wave if wave else np.full(periods, -1)
        outcome = noise + np.where(since >= 0, 0.3 + 0.1 * wave * (since + 1), 0.0)
        frame = pd.DataFrame(outcome).melt(ignore_index=False, var_name="time", value_name="y").reset_index()
        tables.append(frame.assign(wave=wave, unit=wave * 10_000 + frame["index"]))
    return pd.concat(tables).astype({"time": int})


def of_panel(frame: pd.DataFrame) -> list[Cohort]:
    return [
        Cohort.of(part.pivot(index="unit", columns="time", values="y").to_numpy(), int(wave) or None)
        for wave, part in frame.groupby("wave")
    ]


@pytest.mark.parametrize("controls", ["never", "not_yet"])
@pytest.mark.parametrize("base", ["varying", "universal"])
def test_moments_tell_what_units_tell(
    controls: Literal["not_yet", "never"], base: Literal["universal", "varying"]
) -> None:
    frame = panel(7, {0: 40, 2: 25, 4: 60, 5: 11}, 7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = CallawaySantAnna(
            control_group="never_treated" if controls == "never" else "not_yet_treated",
            base_period=base,
            estimation_method="reg",
        ).fit(frame, "y", "unit", "time", "wave")
        by_event = theirs.aggregate("event_study")
    ours = group_time(of_panel(frame), controls=controls, base=base, small_sample=False)
    at = {key: n for n, key in enumerate(zip(ours.waves.tolist(), ours.times.tolist(), strict=True))}
    compared = 0
    for key, effect in theirs.group_time_effects.items():
        if effect["se"] and np.isfinite(effect["se"]):
            assert ours.estimates.estimate[at[key]] == pytest.approx(effect["effect"], abs=1e-8)
            assert ours.estimates.se[at[key]] == pytest.approx(effect["se"], rel=1e-8)
            compared += 1
    assert compared >= 15
    simple = ours.simple()
    assert simple.estimate[0] == pytest.approx(theirs.overall_att, abs=1e-8)
    assert simple.se[0] == pytest.approx(theirs.overall_se, rel=1e-8)
    events = ours.by_event()
    for since, effect, se in zip(by_event.event_time, by_event.att, by_event.se, strict=True):
        if np.isfinite(se):
            assert events.estimate[events.at(since)] == pytest.approx(effect, abs=1e-8)
            assert events.se[events.at(since)] == pytest.approx(se, rel=1e-8)


def test_the_band_is_that_of_a_bootstrap_over_units() -> None:
    frame = panel(3, {0: 300, 2: 200, 4: 250}, 7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = CallawaySantAnna(
            control_group="not_yet_treated", base_period="universal", estimation_method="reg", n_bootstrap=3_000, seed=1
        )
        theirs = model.fit(frame, "y", "unit", "time", "wave").aggregate("event_study")
    events = group_time(of_panel(frame)).by_event()
    low, high = events.band()
    vary = events.se > 0
    ours = ((high - low) / 2)[vary] / events.se[vary]
    assert theirs.cband_crit_value == pytest.approx(float(ours.mean()), rel=0.03)


@st.composite
def waves(draw: st.DrawFn) -> list[np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    sizes = draw(st.lists(st.integers(2, 9), min_size=3, max_size=3))
    return [rng.normal(size=(size, 6)) * 3 + 10 for size in sizes]


@given(waves(), st.floats(-50, 50), st.floats(0.1, 20))
def test_a_common_path_changes_nothing_and_a_unit_scales_everything(
    values: list[np.ndarray], move: float, scale: float
) -> None:
    path = move * np.sin(np.arange(6))
    plain = group_time([Cohort.of(one, wave) for one, wave in zip(values, (2, 4, None), strict=True)])
    moved = group_time([Cohort.of(one * scale + path, wave) for one, wave in zip(values, (2, 4, None), strict=True)])
    np.testing.assert_allclose(moved.estimates.estimate, plain.estimates.estimate * scale, atol=1e-8 * scale)
    np.testing.assert_allclose(moved.overall().se, plain.overall().se * scale, rtol=1e-8)
    np.testing.assert_allclose(moved.estimates.df, plain.estimates.df, rtol=1e-6)


@given(waves())
def test_two_cohorts_and_two_periods_are_a_welch_test_of_changes(values: list[np.ndarray]) -> None:
    from scipy import stats

    first, second = values[0][:, :2], values[1][:, :2]
    found = group_time([Cohort.of(first, 1), Cohort.of(second, None)], drawn=False).simple()
    theirs = stats.ttest_ind(first[:, 1] - first[:, 0], second[:, 1] - second[:, 0], equal_var=False)
    assert found.p_values()[0] == pytest.approx(theirs.pvalue, rel=1e-6)
    low, high = found.intervals(0.95)
    expected = theirs.confidence_interval(0.95)
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), rel=1e-6)


@given(waves())
def test_the_band_holds_every_interval(values: list[np.ndarray]) -> None:
    events = group_time([Cohort.of(one, wave) for one, wave in zip(values, (2, 4, None), strict=True)]).by_event()
    low, high = events.intervals()
    band_low, band_high = events.band(draws=500)
    assert (band_low <= low + 1e-12).all()
    assert (band_high >= high - 1e-12).all()
    assert events.largest(draws=500) >= events.p_values().min() - 5e-3


def test_the_band_of_independent_estimates_is_sidaks() -> None:
    many = Estimates(tuple(range(5)), np.zeros(5), np.eye(5), np.full(5, np.inf))
    _, high = many.band(0.95, draws=200_000)
    assert high == pytest.approx(np.full(5, 2.5690), abs=0.02)  # Phi^-1((1 + .95^(1/5)) / 2)


def test_what_units_expect_is_set_aside() -> None:
    rng = np.random.default_rng(3)
    early = np.zeros((400, 7)) + rng.normal(size=(400, 1))
    treated = early.copy()
    treated[:, 3:] += 2.0  # the wave is period 4; its units moved in period 3 already
    cohorts = [Cohort.of(treated, 4), Cohort.of(early, None)]
    blind = group_time(cohorts).overall()
    aware = group_time(cohorts, anticipation=1)
    assert blind.estimate[0] == pytest.approx(0.0, abs=1e-9)
    assert aware.overall().estimate[0] == pytest.approx(2.0)
    assert set(aware.since[list(aware.before().labels)].tolist()) <= {-4, -3, -2}


def test_a_wave_of_one_region_takes_its_noise_from_the_others() -> None:
    rng = np.random.default_rng(5)
    regions = rng.normal(size=(12, 6))
    cohorts = [Cohort.of(regions[:1], 3), Cohort.of(regions[1:], None)]
    found = group_time(cohorts, drawn=False).by_wave()
    change = regions[1:, 3:].mean(axis=1) - regions[1:, 2]
    assert found.se[0] == pytest.approx(np.std(change, ddof=1) * np.sqrt(1 + 1 / 11))


def test_a_wave_without_a_period_before_is_left_out_and_named() -> None:
    rng = np.random.default_rng(1)
    cohorts = [Cohort.of(rng.normal(size=(5, 4)), wave) for wave in (0, 2, None)]
    found = group_time(cohorts)
    assert found.left_out == (0,)
    assert set(found.waves.tolist()) == {2}


def test_nobody_to_compare_with_is_refused() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(DataError, match="no wave can be compared"):
        group_time([Cohort.of(rng.normal(size=(5, 4)), 2)])
    with pytest.raises(DataError, match="no wave can be compared"):
        group_time([Cohort.of(rng.normal(size=(5, 4)), wave) for wave in (1, 2)], controls="never")
    with pytest.raises(DataError, match="single unit"):
        group_time([Cohort.of(rng.normal(size=(1, 4)), wave) for wave in (1, 2)])
    with pytest.raises(UsageError, match="same wave"):
        group_time([Cohort.of(rng.normal(size=(3, 4)), 1) for _ in range(2)])
