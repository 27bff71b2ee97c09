"""Scatter of true effects on one metric: closed forms, a referee's optimiser, laws, and effects freed of luck."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from vitalfew.errors import UsageError
from vitalfew.stats.scatter import FEWEST_EFFECTS, log_likelihood, scatter

RNG = np.random.default_rng(7)
SE = RNG.uniform(0.7, 1.4, 40)
SEEN = RNG.normal(0, 1.5, 40) + SE * RNG.normal(size=40)
DATA = os.environ.get("VITALFEW_DATA")


def test_with_equal_errors_the_spread_is_its_closed_form() -> None:
    found = scatter(SEEN, np.full(40, 0.9))
    assert found.spread == pytest.approx((np.mean(SEEN**2) - 0.9**2) ** 0.5, rel=1e-6)


def test_the_spread_and_its_interval_are_those_of_an_optimiser() -> None:
    def minus(spread: float) -> float:
        return float(-np.sum(stats.norm.logpdf(SEEN, 0, np.sqrt(spread**2 + SE**2))))

    best = optimize.minimize_scalar(minus, bounds=(0, 10), method="bounded", options={"xatol": 1e-10})
    limit = best.fun + stats.chi2.ppf(0.95, 1) / 2
    ends = [optimize.brentq(lambda s: minus(s) - limit, *pair) for pair in ((0, best.x), (best.x, 10))]
    found = scatter(SEEN, SE)
    assert found.spread == pytest.approx(best.x, rel=1e-5)
    assert [found.low, found.high] == pytest.approx(ends, rel=1e-5)


def test_fat_tails_have_the_likelihood_of_their_integral() -> None:
    def density(y: float, se: float) -> float:
        inner = integrate.quad(lambda t: stats.t.pdf(t / 1.3, 5) / 1.3 * stats.norm.pdf(y, t, se), -40, 40, limit=200)
        return float(inner[0])

    exact = sum(np.log(density(y, se)) for y, se in zip(SEEN[:6], SE[:6], strict=True)) + 3 * np.log(2 * np.pi)
    assert float(log_likelihood([1.3], SEEN[:6], SE[:6], 5.0)[0]) == pytest.approx(exact, abs=1e-4)


def test_effects_are_integrated_over_all_spreads_and_tails() -> None:
    y, se = SEEN[:6], SE[:6]
    spreads = np.geomspace(0.01, 80, 300)
    top, below = np.zeros(6), 0.0
    for tail in (np.inf, 10.0, 5.0, 3.0, 2.0):
        chances = np.exp(log_likelihood(spreads, y, se, tail) + 5) * spreads  # flat, over even logarithms
        draws = stats.t.ppf((np.arange(4_000) + 0.5) / 4_000, tail)
        for chance, spread in zip(chances, spreads, strict=True):
            like = stats.norm.pdf(y[:, None], spread * draws, se[:, None])
            top += chance * (like * spread * draws).sum(axis=1) / like.sum(axis=1)
            below += chance
    assert scatter(y, se).means == pytest.approx(top / below, abs=0.02)


@settings(max_examples=20)
@given(st.floats(1e-6, 1e6))
def test_units_and_signs_do_not_matter(size: float) -> None:
    plain, turned = scatter(SEEN[:12], SE[:12]), scatter(-size * SEEN[:12], size * SE[:12])
    assert turned.spread == pytest.approx(size * (plain.spread or 0.0), rel=1e-6)
    assert turned.means == pytest.approx(-size * plain.means, rel=1e-6, abs=1e-9 * size)
    assert turned.positive == pytest.approx(1 - plain.positive, abs=1e-6)


def test_effects_move_towards_zero_and_keep_their_order_when_errors_are_equal() -> None:
    found = scatter(SEEN, np.full(40, 1.0))
    assert np.all(np.abs(found.means) < np.abs(SEEN))
    assert np.all(np.diff(found.means[np.argsort(SEEN)]) > 0)
    assert np.all((found.intervals[:, 0] < found.means) & (found.means < found.intervals[:, 1]))


def test_a_few_large_effects_among_many_small_ones_are_fat_tails_and_hardly_shrunk() -> None:
    rng = np.random.default_rng(3)
    seen = np.append(rng.normal(0, 1.1, 60), [25.0, -30.0, 18.0])
    found = scatter(seen, np.ones(63))
    assert found.tail is not None
    assert found.means[-3:] == pytest.approx(seen[-3:], abs=0.5)
    assert np.abs(found.means[:60]).max() < 0.75 * np.abs(seen[:60]).max()


def test_below_five_effects_nothing_is_borrowed() -> None:
    found = scatter(SEEN[: FEWEST_EFFECTS - 1], SE[: FEWEST_EFFECTS - 1])
    assert not found.borrowed
    assert found.means.tolist() == SEEN[: FEWEST_EFFECTS - 1].tolist()
    assert found.total(np.ones(4))[0] == pytest.approx(SEEN[:4].sum())


def test_effects_without_errors_are_refused() -> None:
    with pytest.raises(UsageError):
        scatter([1.0, 2.0], [1.0, 0.0])
    with pytest.raises(UsageError):
        scatter([1.0], [1.0, 1.0])


@pytest.mark.prove
@pytest.mark.parametrize("count", [5, 20, 100])
@pytest.mark.parametrize("tail", [np.inf, 3.0])
def test_intervals_cover_and_the_sum_of_wins_loses_its_luck(count: int, tail: float) -> None:
    rng = np.random.default_rng(count)
    covered, claims, left, sums = [], [], [], []
    for _ in range(400):
        truth = rng.standard_t(tail, count) if np.isfinite(tail) else rng.normal(size=count)
        se = rng.uniform(0.7, 1.4, count)
        seen = truth + se * rng.normal(size=count)
        found = scatter(seen, se)
        covered.append(np.mean((found.intervals[:, 0] <= truth) & (truth <= found.intervals[:, 1])))
        won = seen > 1.96 * se
        mean, low, high = found.total(won.astype(float))
        claims.append(seen[won].sum() - truth[won].sum())
        left.append(mean - truth[won].sum())
        sums.append(bool(low <= truth[won].sum() <= high))
    assert 0.93 <= np.mean(covered) <= 0.99
    assert np.mean(sums) >= 0.88
    assert abs(np.mean(left)) < (0.6 if count == FEWEST_EFFECTS else 0.3) * np.mean(claims)


@pytest.mark.skipif(DATA is None, reason="VITALFEW_DATA is not set")
def test_effects_of_a_fashion_shop_scatter_as_published() -> None:
    duckdb = pytest.importorskip("duckdb")
    path = Path(str(DATA)) / "asos_experiments" / "asos_digital_experiments_dataset.parquet"
    query = f"""
        SELECT metric_id AS metric, count_c, count_t, mean_t - mean_c AS effect, variance_c, variance_t FROM '{path}'
        WHERE variance_c IS NOT NULL AND variance_t IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY experiment_id, variant_id, metric_id ORDER BY time_since_start DESC
        ) = 1
    """
    columns = {name: np.asarray(values) for name, values in duckdb.sql(query).fetchnumpy().items()}
    for metric, expected in {1: 0.0034, 2: 0.0030, 3: 0.0021, 4: 0.0020}.items():
        own = columns["metric"] == metric
        n_c, n_t, effect, v_c, v_t = (
            columns[name][own] for name in ("count_c", "count_t", "effect", "variance_c", "variance_t")
        )
        sd = np.sqrt((n_c * v_c + n_t * v_t) / (n_c + n_t))
        found = scatter(effect / sd, np.sqrt(v_c / n_c + v_t / n_t) / sd)
        assert found.spread == pytest.approx(expected, abs=0.0002)
        assert found.tail is not None
