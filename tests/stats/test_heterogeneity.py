"""Segments together: Cochran's test, shrinkage with honest errors, reversals; and two experiments crossed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from aa import rates
from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats import Moments
from vitalfew.stats.arrays import Fault
from vitalfew.stats.crossing import interactions
from vitalfew.stats.heterogeneity import heterogeneity, reversal

if TYPE_CHECKING:
    from vitalfew.stats.arrays import Differences

EFFECTS = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.05, 3)), min_size=2, max_size=8)


def test_the_statistic_and_the_spread_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(1)
    effects, ses = rng.normal(0, 1, 9), rng.uniform(0.2, 0.6, 9)
    found = heterogeneity(effects, ses)
    referee = combine_effects(effects, ses**2, method_re="iterated", atol=1e-12)
    assert found.q == pytest.approx(referee.q, rel=1e-9)
    assert found.df == 8
    assert found.p_value == pytest.approx(referee.test_homogeneity().pvalue, rel=1e-9)
    assert found.tau2 == pytest.approx(referee.tau2, rel=1e-6)


@given(EFFECTS)
def test_shrinking_draws_towards_the_common_effect_and_never_beyond(rows: list[tuple[float, float]]) -> None:
    effects, ses = (np.array(column) for column in zip(*rows, strict=True))
    found = heterogeneity(effects, ses)
    assert (found.shrunk >= effects.min() - 1e-9).all()
    assert (found.shrunk <= effects.max() + 1e-9).all()
    assert (found.shrunk_se > 0).all()


@given(EFFECTS, st.floats(-100, 100), st.sampled_from([1e-6, 1.0, 1e6]))
def test_a_constant_or_another_unit_moves_the_effects_along(
    rows: list[tuple[float, float]], constant: float, scale: float
) -> None:
    effects, ses = (np.array(column) for column in zip(*rows, strict=True))
    plain, moved = heterogeneity(effects, ses), heterogeneity((effects + constant) * scale, ses * scale)
    assert moved.p_value == pytest.approx(plain.p_value, rel=1e-6)
    np.testing.assert_allclose(moved.shrunk / scale - constant, plain.shrunk, atol=1e-6)
    np.testing.assert_allclose(moved.shrunk_se / scale, plain.shrunk_se, rtol=1e-6)


def test_segments_that_agree_are_drawn_together_and_segments_that_differ_are_left() -> None:
    alike = heterogeneity([1.0, 1.1, 0.9, 1.0], [0.5] * 4)
    apart = heterogeneity([-9.0, 9.0, -4.0, 5.0], [0.1] * 4)
    assert (alike.tau2, bool(alike.p_value > 0.9)) == (0.0, True)
    assert np.ptp(alike.shrunk) < 0.1
    np.testing.assert_allclose(apart.shrunk, [-9, 9, -4, 5], atol=0.01)
    assert (alike.shrunk_se < 0.5).all()


@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0, 3.0])
def test_shrunk_intervals_cover_the_true_effects_of_segments(spread: float) -> None:
    """Over 5 segments of uneven precision; also where the best guess of the spread is often zero."""
    rng, inside, total = np.random.default_rng(7), 0, 0
    for _ in range(300):
        ses = rng.uniform(0.5, 1.5, 5)
        true = 2 + spread * rng.normal(0, 1, 5)
        found = heterogeneity(true + ses * rng.normal(0, 1, 5), ses)
        inside += int((np.abs(found.shrunk - true) <= 1.96 * found.shrunk_se).sum())
        total += 5
    assert inside / total > 0.925


def test_shrunk_effects_are_nearer_the_truth_than_raw_ones() -> None:
    rng = np.random.default_rng(8)
    raw, drawn = [], []
    for _ in range(300):
        true = rng.normal(0, 0.5, 6)
        seen = true + rng.normal(0, 1, 6)
        raw.append(((seen - true) ** 2).mean())
        drawn.append(((heterogeneity(seen, np.ones(6)).shrunk - true) ** 2).mean())
    assert np.mean(drawn) < 0.6 * np.mean(raw)


def test_one_segment_or_no_numbers_are_refused() -> None:
    with pytest.raises(NotEnoughData, match="segments with an effect: 1"):
        heterogeneity([1.0], [1.0])
    for effects, ses in (([1.0, np.nan], [1.0, 1.0]), ([1.0, 2.0], [1.0, 0.0])):
        with pytest.raises(UsageError, match="no number"):
            heterogeneity(effects, ses)


def test_a_reversal_is_every_segment_against_the_whole() -> None:
    assert reversal(0.4, [-0.1, -0.3])
    assert not reversal(0.4, [-0.1, 0.3])
    assert not reversal(-0.4, [-0.1, -0.3])
    assert not reversal(0.4, [-0.1, 0.0])
    assert not reversal(0.4, [])
    assert not reversal(0.0, [-1.0])


# Two experiments crossed -------------------------------------------------------------------------------------------


def _interaction(cells: list[list[Moments]], names: list[str], bottom: str | None = None) -> Differences:
    neither, first, second, both = cells
    return interactions(neither, first, second, both, names, [bottom] * len(names))


def _cells(seed: int, extra: float = 0.0, n: int = 120) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    levels = (5.0, 6.0, 4.5, 5.5 + extra)
    counts = (n, 2 * n, n // 2, n)
    return [
        {"y": np.round(rng.normal(level, 1 + at, count) * 64) / 64, "x": rng.integers(1, 5, count).astype(float)}
        for at, (level, count) in enumerate(zip(levels, counts, strict=True))
    ]


def test_an_interaction_is_that_of_a_regression_with_unequal_variances() -> None:
    cells = _cells(1, 0.7)
    found = _interaction([[Moments.of(cell)] for cell in cells], ["y"])
    y = np.concatenate([cell["y"] for cell in cells])
    first, second = (np.repeat(row, [len(cell["y"]) for cell in cells]) for row in ([0, 1, 0, 1], [0, 0, 1, 1]))
    fit = sm.OLS(y, np.column_stack([np.ones(len(y)), first, second, first * second])).fit(cov_type="HC2")
    assert found.estimate[0] == pytest.approx(fit.params[3], rel=1e-9)
    assert found.se[0] == pytest.approx(fit.bse[3], rel=1e-9)


def test_the_two_experiments_may_change_places() -> None:
    neither, first, second, both = ([Moments.of(cell)] for cell in _cells(2))
    one = interactions(neither, first, second, both, ["y"], ["x"])
    other = interactions(neither, second, first, both, ["y"], ["x"])
    assert one.p_value[0] == other.p_value[0]


def test_a_constant_changes_no_p_value_of_an_interaction() -> None:
    cells = _cells(3)
    p_values = [
        _interaction([[Moments.of({"y": cell["y"] * scale + plus})] for cell in cells], ["y"]).p_value[0]
        for scale, plus in ((1.0, 0.0), (1.0, 1e9), (2.0**-20, 0.0))
    ]
    assert p_values == pytest.approx([p_values[0]] * 3, rel=1e-6)


def test_a_cell_without_units_has_no_interaction() -> None:
    neither, first, second, _ = ([Moments.of(cell)] for cell in _cells(3))
    empty = [Moments.of({"y": [], "x": []})]
    assert interactions(neither, first, second, empty, ["y"], [None]).fault[0] == Fault.TOO_FEW


@pytest.mark.prove
def test_experiments_that_do_not_interact_are_said_to_as_rarely_as_promised() -> None:
    rng, runs, counts = np.random.default_rng(20_260_105), 10_000, (60, 120, 30, 60)
    laws = list(zip((5, 6, 4, 5), (1, 2, 3, 1), counts, strict=True))
    names = [f"run {at}" for at in range(runs // 20)]
    p_values = []
    for _ in range(20):
        cells = [rng.normal(level, sd, (count, len(names))) for level, sd, count in laws]
        moments = [Moments.of(dict(zip(names, cell.T, strict=True))) for cell in cells]
        p_values.append(_interaction([[one] * len(names) for one in moments], names).p_value)
    assert [rate for rate in rates("interaction", np.concatenate(p_values)) if not rate.holds] == []
