"""Which factors say the same: true effects, not noise; several others; a way in the graph of metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decide.building import definitions, effect
from vitalfew.decide.redundancy import redundancy
from vitalfew.decide.true_correlation import Pairs, explained, true_correlation
from vitalfew.results.moments import moments_row
from vitalfew.results.rows import HealthRow, Tables
from vitalfew.stats.moments import Moments

if TYPE_CHECKING:
    from vitalfew.results.rows import RedundantRow
    from vitalfew.workspace.definitions import Definitions

KEYS = ("a", "b", "c")
WEIGHTS = {"a": 0.5, "b": 0.3, "c": 0.2}


def model(**kinds: Any) -> Definitions:
    metrics = {key: {"source": "players", "column": key} for key in KEYS}
    factors = {key: {"range": [0, 10]} for key in KEYS}
    return definitions(metrics=metrics, factors=factors, **kinds)


def drawn(
    true: float, noise: float, se: float, count: int = 40, seed: int = 1
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Estimates of two metrics: true effects of spread 1 with a correlation, and correlated noise."""
    rng = np.random.default_rng(seed)
    apart = [np.array([[1, rho], [rho, 1]]) for rho in (true, noise)]
    return rng.multivariate_normal([0.3, 0.2], apart[0], count) + se * rng.multivariate_normal([0, 0], apart[1], count)


def measured(estimates: Any, se: float, metrics: tuple[str, ...] = ("a", "b")) -> Tables:
    return Tables(
        effects=tuple(
            effect(f"x{at:03}", metric, float(row[place]), se)
            for at, row in enumerate(estimates)
            for place, metric in enumerate(metrics)
        )
    )


def with_moments(found: Tables, correlation: float) -> Tables:
    """The same with cross products of the units, so that the errors' correlation is known."""
    rng = np.random.default_rng(3)
    units = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], 4_000)
    sums = Moments.of({"a": units[:, 0], "b": units[:, 1]})
    keys = dict.fromkeys(row.experiment for row in found.effects)
    rows = [moments_row("players", key, arm, None, sums) for key in keys for arm in ("old", "new")]
    return Tables(effects=found.effects, moments=tuple(rows))


def found_in(tables: Tables, **kinds: Any) -> tuple[RedundantRow, ...]:
    return redundancy(model(**kinds), tables, WEIGHTS)


def test_factors_whose_true_effects_go_together_are_redundant() -> None:
    (row,) = found_in(with_moments(measured(drawn(0.97, 0.3, 0.3), 0.3), 0.3))
    assert (row.why, row.comparisons) == ("correlated", 40)
    assert row.merged == pytest.approx(0.8)
    assert {row.factor, *row.others} == {"a", "b"}
    assert row.strength is not None
    assert row.strength.low is not None
    assert 0.8 <= row.strength.estimate < 1.0
    assert row.strength.low > 0.6
    assert row.message.startswith(("a and b move together", "b and a move together"))


@pytest.mark.parametrize("known", [True, False])
def test_noise_that_goes_together_is_no_redundancy(known: bool) -> None:
    noise = measured(3.0 * drawn(0.0, 0.95, 4.0), 12.0)
    raw = np.corrcoef(np.reshape([row.estimate for row in noise.effects], (-1, 2)).T)[0, 1]
    assert raw > 0.8
    assert found_in(with_moments(noise, 0.95) if known else noise) == ()


def test_fewer_than_twenty_experiments_say_nothing() -> None:
    estimates = drawn(0.97, 0.3, 0.1, 25)
    assert found_in(measured(estimates[:19], 0.1)) == ()
    assert len(found_in(measured(estimates, 0.1))) == 1


def test_experiments_that_failed_a_trust_test_do_not_count() -> None:
    tables = measured(drawn(0.97, 0.3, 0.1, 22), 0.1)
    broken = tuple(HealthRow(f"x{at:03}", "sample_ratio", 0.0, "failed", "sizes") for at in range(4))
    assert found_in(Tables(effects=tables.effects, health=broken)) == ()


def test_the_one_that_moves_visibly_is_kept_with_the_weight_of_both() -> None:
    estimates = drawn(0.97, 0.0, 0.1, 40)
    effects = [effect(f"x{at:03}", "a", float(row[0]), 0.9) for at, row in enumerate(estimates)]
    effects += [effect(f"x{at:03}", "b", float(row[1]), 0.05) for at, row in enumerate(estimates)]
    (row,) = found_in(Tables(effects=tuple(effects)))
    assert (row.factor, row.others, row.keep) == ("a", ("b",), "b")
    assert row.merged == pytest.approx(0.8)


def test_what_several_others_explain_together_is_told_once() -> None:
    rng = np.random.default_rng(4)
    own = rng.normal(size=(80, 2))
    estimates = np.column_stack([own, own.sum(axis=1) / np.sqrt(2)]) + 0.05 * rng.normal(size=(80, 3))
    rows = found_in(measured(estimates, 0.05, KEYS))
    assert ("c", ("a", "b"), "explained") in [(row.factor, row.others, row.why) for row in rows]
    assert all(row.why == "explained" for row in rows)


def test_a_means_beside_its_end_is_found_by_the_graph() -> None:
    links = {"one": {"parent": "a", "child": "m"}, "two": {"parent": "m", "child": "b", "kind": "component"}}
    metrics = {key: {"source": "players", "column": key} for key in (*KEYS, "m")}
    (row,) = redundancy(_with(metrics, links), Tables(), WEIGHTS)
    assert (row.factor, row.others, row.why, row.strength, row.keep) == ("a", ("b",), "path", None, None)
    assert row.message == "a is a means to b (a → m → b): one value counts twice"


def test_a_link_that_may_be_none_is_no_way() -> None:
    metrics = {key: {"source": "players", "column": key} for key in KEYS}
    link = {"parent": "a", "child": "b", "low": -0.1, "high": 0.4}
    assert redundancy(_with(metrics, {"one": link}), Tables(), WEIGHTS) == ()
    assert len(redundancy(_with(metrics, {"one": link | {"low": 0.1}}), Tables(), WEIGHTS)) == 1


def test_experiments_speak_louder_than_a_drawn_link() -> None:
    metrics = {key: {"source": "players", "column": key} for key in KEYS}
    linked = _with(metrics, {"one": {"parent": "a", "child": "b"}})
    assert redundancy(linked, measured(drawn(0.0, 0.0, 0.2), 0.2), WEIGHTS) == ()


def test_without_effects_or_links_nothing_is_redundant() -> None:
    assert found_in(Tables()) == ()
    assert redundancy(definitions(factors={}), Tables(), {}) == ()


def test_less_is_better_counts_in_the_good_direction() -> None:
    metrics: dict[str, Any] = {key: {"source": "players", "column": key} for key in KEYS}
    metrics["b"]["direction"] = "down"
    estimates = drawn(0.97, 0.0, 0.1) * np.array([1, -1])
    (row,) = redundancy(_with(metrics, {}), measured(estimates, 0.1), WEIGHTS)
    assert row.strength is not None
    assert row.strength.estimate > 0.8


def _with(metrics: Any, links: Any) -> Definitions:
    factors = {key: {"range": [0, 10]} for key in KEYS}
    return definitions(metrics=metrics, factors=factors, links=links)


# the correlation itself ------------------------------------------------------------------------------------------


def test_without_noise_it_is_the_correlation_drawn_a_little_towards_none() -> None:
    estimates = drawn(0.6, 0.0, 0.0, 400)
    found = true_correlation(Pairs(estimates, np.full((400, 2), 1e-6), np.zeros(400)))
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.estimate == pytest.approx(float(np.corrcoef(estimates[:, 0], estimates[:, 1]).flat[1]), abs=0.03)
    assert found.low < 0.6 < found.high


def test_noise_in_the_estimates_is_taken_out() -> None:
    estimates = drawn(0.9, 0.0, 0.8, 300, seed=5)
    assert float(np.corrcoef(estimates[:, 0], estimates[:, 1]).flat[1]) < 0.65
    found = true_correlation(Pairs(estimates, np.full((300, 2), 0.8), np.zeros(300)))
    assert found is not None
    assert found.estimate > 0.75


def test_what_cannot_be_told_has_no_correlation_or_none_far_from_zero() -> None:
    assert true_correlation(Pairs(np.ones((10, 2)), np.ones((10, 2)), np.zeros(10))) is None
    assert true_correlation(Pairs(np.ones((2, 2)), np.ones((2, 2)), np.zeros(2))) is None
    found = true_correlation(Pairs(drawn(0.0, 0.0, 1.0, 25), np.full((25, 2), 30.0), np.zeros(25)))
    assert found is not None
    assert abs(found.estimate) < 0.2


def test_its_interval_covers_about_as_often_as_it_says() -> None:
    """At a true correlation as the prior has it, which is what shrinkage is meant for."""
    rng = np.random.default_rng(8)
    hits = 0
    for seed in range(150):
        true = 2 * rng.beta(2, 2) - 1
        found = true_correlation(Pairs(drawn(true, 0.5, 0.5, 30, seed), np.full((30, 2), 0.5), np.full(30, 0.5)))
        assert found is not None
        hits += int((found.low or 0) <= true <= (found.high or 0))
    assert 0.7 < hits / 150 < 0.9


def test_explained_share_of_a_sum_is_whole_and_of_noise_none() -> None:
    half = np.sqrt(0.5)
    joint = np.array([[1, half, half], [half, 1, 0], [half, 0, 1]])
    assert explained(joint, 0, 100) > 0.99
    assert explained(np.eye(3), 0, 100) == 0.0
    assert explained(np.eye(1), 0, 100) == 0.0
    assert explained(joint, 0, 3) == 0.0
