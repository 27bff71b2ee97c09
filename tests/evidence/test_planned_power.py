"""An experiment planned for a power of 80 % has it: history, plan and analysis from one world, simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from vitalfew.evidence.baselines import Baseline, baseline
from vitalfew.evidence.planning import Asked, metrics_of, plan_metric
from vitalfew.results.moments import moments_row
from vitalfew.stats import always_valid, group_sequential, non_inferiority
from vitalfew.stats.arrays import differences, sample
from vitalfew.stats.moments import Moments
from vitalfew.stats.regression import adjusted
from vitalfew.workspace.definitions import Definitions, Experiment, Guardrail, Measure, Metric, Plan, UnitSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from vitalfew.evidence.planning import MetricPlan
    from vitalfew.workspace.definitions import Mode

    Floats = NDArray[np.float64]
    World = Callable[[np.random.Generator, int, float], Mapping[str, Floats]]

RUNS = 1_500
BAND = 3.5 * np.sqrt(0.8 * 0.2 / RUNS)
HISTORY = 60_000
pytestmark = pytest.mark.prove


def visits(draw: np.random.Generator, n: int, change: float) -> dict[str, Floats]:
    """Minutes with the same before: correlated, skewed."""
    taste = draw.gamma(2.0, 1.0, n)
    return {"a": taste + draw.gamma(1.0, 1.0, n) + change, "a/before": taste + draw.gamma(1.0, 1.0, n)}


def bought(draw: np.random.Generator, n: int, change: float) -> dict[str, Floats]:
    return {"a": (draw.random(n) < 0.1 + change).astype(np.float64)}


def per_visit(draw: np.random.Generator, n: int, change: float) -> dict[str, Floats]:
    """Orders per visit: frequent visitors order at a rate of their own."""
    count, rate = 1 + draw.poisson(3.0, n), draw.beta(4, 16, n) + change
    orders = draw.binomial(count, np.clip(rate, 0, 1))
    return {"a": orders.astype(np.float64), "a/denominator": count.astype(np.float64)}


def planned(world: World, relative: float, mode: Mode = "fixed", margin: float | None = None) -> MetricPlan:
    """Plan on history of a world; a guardrail when it has a margin."""
    kind = {"bought": "proportion"}.get(world.__name__, "mean")
    metric = Metric.model_validate({"kind": kind, "numerator": Measure(source="users", column="a")})
    plan = Plan() if margin is None else Plan(guardrails=("a",))
    definitions = Definitions(
        sources={"users": UnitSource(table="u.csv")},
        metrics={"a": metric},
        guardrails={} if margin is None else {"a": Guardrail(margin=margin)},
        experiments={"x": Experiment(source="users", variant="arm", metrics=("a",), plan=plan)},
    )
    past = world(np.random.default_rng(1), HISTORY, 0.0)
    found = baseline("a", metric, "control", [moments_row("users", "x", "control", None, Moments.of(past))], (), "told")
    assert isinstance(found, Baseline)
    power = 0.8 if margin is None else 0.6  # of one guardrail and the success: each then has 80 %
    asked = Asked(mode, 0.05, power, 4, relative, {"control": 1.0, "treatment": 1.0}, None)
    return plan_metric(definitions, "x", found, asked, metrics_of(definitions, "x"))


def arms(world: World, units: int, change: float) -> tuple[list[Moments], list[Moments]]:
    draw, half = np.random.default_rng(2), units // 2
    pairs = [(Moments.of(world(draw, half, 0.0)), Moments.of(world(draw, half, change))) for _ in range(RUNS)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


@pytest.mark.parametrize(("world", "relative"), [(visits, 0.08), (bought, 0.25), (per_visit, 0.08)])
def test_a_change_of_the_planned_size_is_found_four_times_in_five(world: World, relative: float) -> None:
    found = planned(world, relative)
    units = found.modes["fixed"].units
    assert units is not None
    control, treatment = arms(world, units, found.target or 0.0)
    names = control[0].names
    if "a/before" in names:
        assert found.baseline.reduction > 0.2
        both = adjusted(control, treatment, ["a"] * RUNS, [None] * RUNS, [("a/before",)] * RUNS)
        p_values = differences(both.control, both.treatment, [0.95]).p_value
    else:
        bottom = ["a/denominator" if "a/denominator" in names else None] * RUNS
        pair = (sample(control, ["a"] * RUNS, bottom), sample(treatment, ["a"] * RUNS, bottom))
        p_values = differences(*pair, [0.95]).p_value
    assert np.mean(p_values < 0.05) == pytest.approx(0.8, abs=BAND)


def test_a_guardrail_that_is_unharmed_is_shown_to_be_so_four_times_in_five() -> None:
    found = planned(bought, 0.1, margin=0.012)
    assert found.power == pytest.approx(0.8)
    units = found.modes["fixed"].units
    assert units is not None
    control, treatment = arms(bought, units, 0.0)
    pair = (sample(control, ["a"] * RUNS, [None] * RUNS), sample(treatment, ["a"] * RUNS, [None] * RUNS))
    effects = differences(*pair, [0.95])
    kept = non_inferiority.fixed(effects.estimate, effects.se, effects.df, 0.012)
    assert np.mean(kept.p_value < 0.05) == pytest.approx(0.8, abs=BAND)


def paths(found: MetricPlan, units: int, looks: int) -> tuple[Floats, Floats, Floats]:
    """Estimates, their standard errors and units at each look, for normal values; `(runs, looks)`."""
    draw = np.random.default_rng(3)
    step = units / looks
    variance, change = found.baseline.variance, found.target or 0.0
    sums = [draw.normal(step / 2 * gain, np.sqrt(step / 2 * variance), (RUNS, looks)) for gain in (0.0, change)]
    counts = step / 2 * np.arange(1, looks + 1)
    estimate = (np.cumsum(sums[1], axis=1) - np.cumsum(sums[0], axis=1)) / counts
    return np.asarray(estimate), np.asarray(np.sqrt(2 * variance / counts)), np.asarray(2 * counts)


def test_an_experiment_watched_daily_finds_the_change_by_its_end_four_times_in_five() -> None:
    found = planned(visits, 0.08, "always_valid")
    units = found.modes["always_valid"].units
    assert units is not None
    estimate, se, n = paths(found, units, 28)
    ever = (always_valid.p_values(estimate, se, n, units) <= 0.05).any(axis=1)
    assert ever.mean() == pytest.approx(0.8, abs=BAND)


def test_a_group_sequential_experiment_finds_it_at_one_of_its_looks_four_times_in_five() -> None:
    found = planned(visits, 0.08, "group_sequential")
    units = found.modes["group_sequential"].units
    assert units is not None
    estimate, se, _ = paths(found, units, 5)
    bounds = np.array(group_sequential.boundaries([0.2, 0.4, 0.6, 0.8, 1.0]))
    assert (estimate / se > bounds).any(axis=1).mean() == pytest.approx(0.8, abs=BAND)
