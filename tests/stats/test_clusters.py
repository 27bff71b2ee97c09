"""Clusters: corrected like CR2 where sizes are equal, in band where they are not."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from aa import cluster_arm, cluster_rates, moments_of_runs
from vitalfew.stats import Moments
from vitalfew.stats.arrays import Fault, differences, sample
from vitalfew.stats.clusters import for_clusters


def _p(arms: list[dict[str, np.ndarray]]) -> tuple[float, float, float, float]:
    moments = [Moments.of(arm) for arm in arms]
    one, two = (for_clusters(sample([each], ["y"], ["x"]), [each], ["x"]) for each in moments)
    found = differences(one, two, (0.95,))
    return float(found.estimate[0]), float(found.se[0]), float(found.df[0]), float(found.p_value[0])


def _draw(seed: int, sizes: str, icc: float = 0.2) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    return [{name: part[0] for name, part in cluster_arm(rng, 1, 12, icc, sizes).items()} for _ in range(2)]


def test_clusters_of_equal_size_are_compared_by_their_means() -> None:
    arms = _draw(1, "equal")
    estimate, se, df, _ = _p(arms)
    means = [arm["y"] / arm["x"] for arm in arms]
    assert estimate == pytest.approx(means[1].mean() - means[0].mean(), rel=1e-12)
    assert se == pytest.approx(np.sqrt(sum(mean.var(ddof=1) / 12 for mean in means)), rel=1e-9)
    shares = np.array([mean.var(ddof=1) for mean in means])
    assert df == pytest.approx(shares.sum() ** 2 / (shares**2 / 11).sum(), rel=1e-9)


def test_many_clusters_have_the_cluster_robust_errors_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    columns: dict[str, list[np.ndarray]] = {"y": [], "arm": [], "cluster": []}
    arms = []
    for side in (0, 1):
        sizes = rng.integers(5, 30, 300)
        values = [rng.normal(rng.normal(0, 1), 1, size) for size in sizes]
        arms.append({"y": np.array([part.sum() for part in values]), "x": sizes.astype(float)})
        columns["y"] += values
        columns["arm"].append(np.full(sizes.sum(), float(side)))
        columns["cluster"].append(np.repeat(np.arange(300) + 300 * side, sizes))
    y, arm, cluster = (np.concatenate(columns[name]) for name in ("y", "arm", "cluster"))
    fit = sm.OLS(y, sm.add_constant(arm)).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    estimate, se, _, _ = _p(arms)
    assert estimate == pytest.approx(fit.params[1], rel=1e-9)
    assert se == pytest.approx(fit.bse[1], rel=0.01)


def test_uneven_clusters_widen_the_error_and_leave_fewer_degrees_of_freedom() -> None:
    arms = _draw(3, "uneven")
    moments = [Moments.of(arm) for arm in arms]
    one, two = (sample([each], ["y"], ["x"]) for each in moments)
    plain = differences(one, two, (0.95,))
    _, se, df, p_value = _p(arms)
    assert se > plain.se[0]
    assert df < plain.df[0]
    assert p_value > plain.p_value[0]


def test_two_clusters_of_which_one_is_everything_are_not_enough() -> None:
    arm = Moments.of({"y": [5.0, 9000.0], "x": [1.0, 1800.0]})
    found = for_clusters(sample([arm], ["y"], ["x"]), [arm], ["x"])
    assert found.fault[0] == Fault.TOO_FEW
    assert np.isnan(found.variance[0])


def test_sizes_without_third_moments_are_taken_as_skewed() -> None:
    whole = [Moments.of(arm) for arm in _draw(4, "uneven")]
    bare = [Moments(one.names, one.n, one.shift, one.mean, one.cross, one.units) for one in whole]
    known, guessed = (
        for_clusters(sample([each[0]], ["y"], ["x"]), [each[0]], ["x"]).variance[0] for each in (whole, bare)
    )
    assert guessed == pytest.approx(known, rel=0.15)


@given(st.integers(0, 2**32 - 1), st.sampled_from([2.0**-20, 2.0**30]))
def test_another_unit_of_measurement_changes_no_p_value(seed: int, scale: float) -> None:
    arms = _draw(seed, "uneven")
    scaled = [{"y": arm["y"] * scale, "x": arm["x"]} for arm in arms]
    assert _p(scaled)[3] == pytest.approx(_p(arms)[3], rel=1e-6)


@given(st.integers(0, 2**32 - 1), st.sampled_from([10.0, 1e3]))
def test_a_constant_for_every_unit_changes_no_p_value(seed: int, constant: float) -> None:
    arms = _draw(seed, "uneven")
    raised = [{"y": arm["y"] + constant * arm["x"], "x": arm["x"]} for arm in arms]
    assert _p(raised)[3] == pytest.approx(_p(arms)[3], rel=1e-6)


@pytest.mark.prove
@pytest.mark.parametrize("icc", [0.0, 0.05, 0.2, 0.5])
def test_ten_and_ten_uneven_clusters_err_as_rarely_as_promised(icc: float) -> None:
    assert 0.043 <= cluster_rates(10, 10, icc)[0].found <= 0.057


def test_moments_of_many_runs_are_those_of_each() -> None:
    rng = np.random.default_rng(5)
    arm = cluster_arm(rng, 3, 8, 0.1)
    for at, found in enumerate(moments_of_runs(arm)):
        wanted = Moments.of({name: part[at] for name, part in arm.items()})
        np.testing.assert_allclose(found.cross, wanted.cross, rtol=1e-9)
        np.testing.assert_allclose(found.third, wanted.third, rtol=1e-6)
        np.testing.assert_allclose(found.high, wanted.high + wanted.shift, rtol=1e-12)
