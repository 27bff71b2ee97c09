"""Each kind of metric and design gets its estimator, and says which."""

from __future__ import annotations

import numpy as np
import pytest

from evidence.trials import KEY, correlated, definitions, judged, moments
from vitalfew.evidence import effects
from vitalfew.results.moments import moments_row
from vitalfew.results.rows import LifetimesRow, QuantilesRow
from vitalfew.stats import compare
from vitalfew.stats.moments import Moments
from vitalfew.stats.quantiles import probabilities
from vitalfew.stats.regression import adjusted

RNG = np.random.default_rng(20_260_301)


def test_a_measure_from_before_adjusts_the_effect_and_the_plain_one_is_kept() -> None:
    arms = {}
    for arm, lift in (("control", 0.0), ("new", 0.1)):
        before, after = correlated(RNG, 4000, 0.8)
        arms[arm] = Moments.of({"value": after + lift, "value/before": before}, {"value": 0.0, "value/before": 0.0})
    rows = tuple(moments_row("users", KEY, arm, None, found) for arm, found in arms.items())
    (row,), failed = effects(definitions(), rows, ())
    assert failed == ()
    referee = adjusted([arms["control"]], [arms["new"]], ["value"], [None], [("value/before",)])
    assert row.estimate == pytest.approx(float(referee.treatment.level[0] - referee.control.level[0]))
    plain = compare(arms["control"], arms["new"], numerator="value")
    assert row.unadjusted is not None
    assert row.unadjusted.estimate == pytest.approx(plain.estimate)
    assert row.variance_reduction is not None
    assert row.variance_reduction == pytest.approx(0.64, abs=0.03)
    assert row.se == pytest.approx(plain.se * (1 - row.variance_reduction) ** 0.5)
    assert "CUPED" in row.method
    assert row.n == {"control": 4000, "new": 4000}


def test_columns_known_before_are_no_metrics_of_their_own() -> None:
    values = {name: RNG.normal(size=50) for name in ("value", "value/before", "value/covariate/age", "value/step1")}
    rows, failed = effects(definitions(), (moments("control", values), moments("new", values)), ())
    assert ([row.metric for row in rows], failed) == (["value"], ())


def test_phases_are_compared_apart_and_a_pooled_effect_is_never_shown() -> None:
    """10 % of Mondays and 50 % of Sundays treated, Sundays two higher, no effect: pooled, the arms differ by 0.8."""
    phases = ((900, 100, 0.0), (500, 500, 2.0))
    rows = tuple(
        moments(arm, {"value": RNG.normal(level, 1, n)}, phase=phase)
        for phase, (control, new, level) in enumerate(phases)
        for arm, n in (("control", control), ("new", new))
    )
    (row,), _ = effects(definitions(), rows, ())
    assert row.estimate == pytest.approx(0.0, abs=4 * (row.se or 0))
    assert row.se is not None
    assert row.se < 0.1
    assert row.unadjusted is None
    assert "averaged over phases" in row.method
    assert "2 phases are compared apart and averaged" in row.notes[0]
    assert row.n == {"control": 1400, "new": 600}


def test_strata_that_overlap_are_not_used_and_others_are() -> None:
    young, old = RNG.normal(0, 1, (2, 400)), RNG.normal(6, 1, (2, 400))
    whole = np.concatenate([young, old], axis=1)
    rows = [moments(arm, {"value": whole[at]}) for at, arm in enumerate(("control", "new"))]
    parts = [
        moments(arm, {"value": values[at]}, segment)
        for segment, values in (("young", young), ("old", old))
        for at, arm in enumerate(("control", "new"))
    ]
    stratified = definitions({"strata": ["young", "old"], "segments": []})
    row = next(row for row in effects(stratified, (*rows, *parts), ())[0] if row.segment is None)
    assert row.unadjusted is not None
    assert row.variance_reduction == pytest.approx(0.9, abs=0.02)
    assert "averaged over strata" in row.method
    assert "averaged over strata (the young, the old) by their size (post-stratification)" in row.notes
    overlapping = [moments(arm, {"value": whole[at]}, "old") for at, arm in enumerate(("control", "new"))]
    row = next(row for row in effects(stratified, (*rows, *parts[:2], *overlapping), ())[0] if row.segment is None)
    assert row.method == "difference of means, Welch's t"


def test_clusters_are_counted_as_units_and_corrected() -> None:
    sizes = RNG.integers(5, 60, 24).astype(float)
    sums = sizes * RNG.normal(3, 0.5, 24)
    rows = tuple(
        moments(arm, {"value": sums[at::2], "value/denominator": sizes[at::2]})
        for at, arm in enumerate(("control", "new"))
    )
    (plain,), _ = effects(definitions(), rows, ())
    (row,), _ = effects(definitions({"cluster": "school"}), rows, ())
    assert row.estimate == plain.estimate
    assert row.n == {"control": 12, "new": 12}
    assert row.se is not None
    assert plain.se is not None
    assert row.se > plain.se
    assert "randomised in clusters of one school" in row.method


def test_few_clusters_are_corrected_in_every_phase_of_a_ramp() -> None:
    """12 schools an arm, then 6 and 18: each phase has its own small-sample correction before they are averaged."""
    rows = []
    for phase, schools in enumerate(({"control": 12, "new": 12}, {"control": 6, "new": 18})):
        for arm, count in schools.items():
            sizes = RNG.integers(5, 60, count).astype(float)
            values = {"value": sizes * RNG.normal(3, 0.5, count), "value/denominator": sizes}
            rows.append(moments(arm, values, phase=phase))
    (plain,), _ = effects(definitions(), rows, ())
    (row,), _ = effects(definitions({"cluster": "school"}), rows, ())
    assert row.estimate == plain.estimate
    assert "averaged over phases" in row.method
    whole, alone = row.interval(), plain.interval()
    assert row.se is not None
    assert plain.se is not None
    assert row.se > 1.02 * plain.se
    assert whole is not None
    assert alone is not None
    assert (whole.high - whole.low) / row.se > (alone.high - alone.low) / plain.se  # fewer degrees of freedom


def _order_statistics(arm: str, values: np.ndarray, quantile: float) -> QuantilesRow:
    asked = probabilities(quantile, [len(values)])
    found = tuple(float(value) for value in np.quantile(values, asked))
    return QuantilesRow("users", KEY, arm, None, "value", len(values), asked, found)


def test_a_quantile_metric_is_told_by_order_statistics_and_a_mean_is_not() -> None:
    slow = {"control": RNG.gamma(2, 1, 5000), "new": RNG.gamma(2, 1.3, 5000)}
    told = tuple(_order_statistics(arm, values, 0.9) for arm, values in slow.items())
    metrics = {"value": {"source": "users", "kind": "quantile", "quantile": 0.9}}
    (row,) = judged(definitions(metrics=metrics, guardrails={}), quantiles=told).effects
    difference = float(np.quantile(slow["new"], 0.9) - np.quantile(slow["control"], 0.9))
    assert row.estimate == pytest.approx(difference, abs=0.01)
    assert row.p_value is not None
    assert row.p_value < 1e-6
    assert row.n == {"control": 5000, "new": 5000}
    assert "quantile 0.9" in row.method
    assert judged(definitions(), quantiles=told).effects == ()


def test_a_quantile_over_a_changed_split_is_not_shown() -> None:
    told = tuple(_order_statistics(arm, RNG.gamma(2, 1, 500), 0.5) for arm in ("control", "new"))
    metrics = {
        "value": {"source": "users", "kind": "quantile", "quantile": 0.5},
        "clicks": {"source": "users"},
    }
    rows = tuple(
        moments(arm, {"clicks": RNG.normal(size=100)}, phase=phase) for phase in (0, 1) for arm in ("control", "new")
    )
    found = judged(definitions(metrics=metrics, guardrails={}), quantiles=told, moments=rows)
    assert [row.metric for row in found.effects] == ["clicks"]
    assert "quantiles of several phases cannot be joined" in found.failed[0].reason


def test_times_to_an_event_are_restricted_means() -> None:
    def told(arm: str, scale: float) -> LifetimesRow:
        days = np.floor(RNG.exponential(scale, 2000)) + 1
        seen, counts = np.unique(np.minimum(days, 30), return_counts=True)
        events = tuple(int(count) if day < 30 else 0 for day, count in zip(seen, counts, strict=True))
        left = tuple(0 if day < 30 else int(count) for day, count in zip(seen, counts, strict=True))
        return LifetimesRow("users", KEY, arm, None, "value", 2000, tuple(map(float, seen)), events, left)

    metrics = {"value": {"source": "users", "kind": "time_to_event", "horizon": 28.0, "events": ["paid"]}}
    source = {"users": {"table": "events.csv", "shape": "events", "unit": "id", "time": "at", "event": "event"}}
    found = judged(
        definitions(metrics=metrics, guardrails={}, sources=source), lifetimes=(told("control", 10), told("new", 7))
    )
    (row,) = found.effects
    assert row.estimate is not None
    assert row.estimate < 0
    assert row.p_value is not None
    assert row.p_value < 1e-6
    assert "horizon 28 days" in row.method


def test_steps_of_a_funnel_are_told_beside_it() -> None:
    steps = {
        "control": {"value": [1.0, 0, 0, 0], "value/step1": [1.0, 1, 1, 0], "value/step2": [1.0, 1, 0, 0]},
        "new": {"value": [1.0, 1, 0, 0], "value/step1": [1.0, 1, 1, 1], "value/step2": [1.0, 1, 0, 0]},
    }
    metrics = {"value": {"source": "users", "kind": "funnel", "steps": ["view", "cart"]}}
    source = {"users": {"table": "events.csv", "shape": "events", "unit": "id", "time": "at", "event": "event"}}
    found = judged(
        definitions(metrics=metrics, guardrails={}, sources=source),
        moments=tuple(moments(arm, values) for arm, values in steps.items()),
    )
    assert (
        "steps reached, new against control: view 100.0 % against 75.0 %, cart 50.0 % against 50.0 %"
        in found.effects[0].notes
    )


def test_caps_are_said() -> None:
    metrics = {"value": {"source": "users", "cap": {"percentile": 0.99}}}
    rows = tuple(moments(arm, {"value": RNG.normal(size=99)}) for arm in ("control", "new"))
    found = judged(definitions(metrics=metrics, guardrails={}), moments=rows)
    assert "values beyond the 99.0 % quantile of all units are set to it (upper cap)" in found.effects[0].notes


def test_the_effect_without_adjustment_stands_in_the_mode_of_the_effect() -> None:
    before = {arm: correlated(RNG, 4000, 0.8) for arm in ("control", "new")}
    rows = tuple(moments(arm, {"value": now, "value/before": past}) for arm, (past, now) in before.items())
    halves = {}
    for mode in ("fixed", "always_valid", "bayesian"):
        (row,) = judged(definitions({"mode": mode}), moments=rows).effects
        assert row.unadjusted is not None
        assert row.variance_reduction is not None
        interval = row.interval()
        assert interval is not None
        if mode == "bayesian":
            assert (row.unadjusted.low, row.unadjusted.high) == (None, None)
            continue
        assert row.unadjusted.low is not None
        assert row.unadjusted.high is not None
        halves[mode] = row.unadjusted.high - row.unadjusted.low
        narrower = (interval.high - interval.low) / halves[mode]
        assert narrower == pytest.approx((1 - row.variance_reduction) ** 0.5, rel=1e-2)
    assert halves["always_valid"] > 1.4 * halves["fixed"]
