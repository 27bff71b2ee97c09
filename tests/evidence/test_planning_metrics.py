from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import proportion_effectsize

from vitalfew.evidence.baselines import Baseline, baseline, clustered
from vitalfew.evidence.planning import Asked, metrics_of, plan_metric
from vitalfew.results.moments import moments_row
from vitalfew.stats.moments import Moments
from vitalfew.workspace.definitions import (
    DecisionRule,
    Definitions,
    Experiment,
    Factor,
    Guardrail,
    Measure,
    Metric,
    Plan,
    Policy,
    UnitSource,
    Window,
)

if TYPE_CHECKING:
    from vitalfew.evidence.planning import MetricPlan
    from vitalfew.results.rows import MomentsRow
    from vitalfew.workspace.definitions import Mode

MODES: tuple[Mode, ...] = ("always_valid", "fixed", "group_sequential", "bayesian")
MEAN = Baseline("a", 10.0, 4.0, 5_000, "told")
SHARE = Baseline("a", 0.2, 0.4, 5_000, "told", is_share=True)


def definitions(plan: Plan | None = None, **changes: object) -> Definitions:
    metrics = {name: Metric(numerator=Measure(source="users", column=name)) for name in ("a", "b", "c")}
    experiment = Experiment(source="users", variant="arm", metrics=("a", "b", "c"), plan=plan or Plan(primary=("a",)))
    return Definitions(
        sources={"users": UnitSource(table="u.csv")}, metrics=metrics, experiments={"x": experiment}
    ).model_copy(update=changes)


def asked(mode: Mode = "fixed", **changes: Any) -> Asked:
    fields: dict[str, Any] = {
        "mode": mode, "alpha": 0.05, "power": 0.8, "weeks": 4, "smallest": 0.05,
        "split": {"control": 1.0, "treatment": 1.0}, "within": lambda weeks: 2_000 * weeks,
    }  # fmt: skip
    return Asked(**(fields | changes))


def planned(found: Baseline = MEAN, defined: Definitions | None = None, **changes: Any) -> MetricPlan:
    known = defined or definitions()
    return plan_metric(known, "x", found, asked(**changes), metrics_of(known, "x"))


def test_units_for_a_mean_are_those_of_the_textbook() -> None:
    fixed = planned().modes["fixed"]
    assert fixed.units == pytest.approx(2 * 2 * 4.0**2 * (1.959964 + 0.841621) ** 2 / 0.5**2, rel=2e-3)
    assert fixed.weeks == pytest.approx((fixed.units or 0) / 2_000, rel=1e-3)


def test_planned_units_are_those_of_statsmodels() -> None:
    theirs = 2 * TTestIndPower().solve_power(0.5 / 4.0, alpha=0.05, power=0.8)
    assert planned().modes["fixed"].units == pytest.approx(theirs, abs=1)
    arcsine = NormalIndPower().solve_power(proportion_effectsize(0.21, 0.2), alpha=0.05, power=0.8)
    # A share's two variances instead of their arcsine: within a thousandth here.
    assert planned(SHARE).modes["fixed"].units == pytest.approx(2 * arcsine, rel=1e-3)


def test_a_level_that_may_be_zero_gives_no_units_by_a_share_of_it() -> None:
    near_zero = replace(MEAN, mean=0.05)  # standard error 0.057
    found = planned(near_zero)
    assert (found.target, found.modes["fixed"].units) == (None, None)
    assert found.target_from == "the level cannot be told from zero, so a share of it says nothing"
    assert found.modes["fixed"].detectable[3] is not None
    assert planned(replace(MEAN, mean=-0.2)).target == pytest.approx(0.01)


def test_modes_that_may_be_looked_at_more_often_need_more_units() -> None:
    found = planned().modes
    units = [found[mode].units or 0 for mode in ("fixed", "group_sequential", "always_valid")]
    assert units == sorted(units)
    assert units[1] < 1.1 * units[0]
    assert units[2] < 2 * units[0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("found", [MEAN, SHARE])
def test_the_change_found_in_some_weeks_needs_the_units_of_these_weeks(mode: Mode, found: Baseline) -> None:
    change = planned(found).modes[mode].detectable[5]
    assert change is not None
    again = planned(found, smallest=change / found.mean, weeks=6).modes[mode]
    assert again.units == pytest.approx(12_000, rel=2e-3)
    assert again.power == pytest.approx(0.8, abs=2e-3)


@pytest.mark.parametrize("mode", MODES)
def test_power_rises_with_the_change(mode: Mode) -> None:
    powers = [power for _, power in planned().curve[mode]]
    assert powers == sorted(powers)
    assert powers[0] < 0.06
    assert powers[-1] > 0.95


def test_covariates_save_the_share_of_units_that_they_explain() -> None:
    plain, adjusted = (
        planned().modes["fixed"],
        planned(Baseline("a", 10.0, 4.0, 5_000, "told", reduction=0.4)).modes["fixed"],
    )
    assert adjusted.units == pytest.approx(0.6 * (plain.units or 0), rel=2e-3)


def test_more_arms_and_metrics_share_the_error_rate() -> None:
    two = definitions(Plan(primary=("a", "b")))
    arms = {"control": 1.0, "one": 1.0, "two": 1.0}
    assert planned(defined=two).alpha == pytest.approx(0.025)
    assert planned(defined=two, split=arms).alpha == pytest.approx(0.0125)
    dunnett = definitions(Plan(primary=("a",), family="dunnett"))
    assert 0.025 < planned(defined=dunnett, split=arms).alpha < 0.0285
    assert planned(defined=definitions(Plan(primary=("a", "b"), family="none"))).alpha == 0.05


def test_guardrails_keep_their_error_rate_and_share_the_power() -> None:
    guarded = definitions(
        Plan(primary=("a",), guardrails=("b", "c")), guardrails={"b": Guardrail(margin=0.3), "c": Guardrail(margin=1.0)}
    )
    gate = planned(Baseline("b", 10.0, 4.0, 5_000, "told"), guarded)
    assert (gate.question, gate.alpha, gate.target) == ("non_inferiority", 0.05, 0.3)
    assert gate.power == pytest.approx(1 - 0.2 / 3)
    assert gate.modes["fixed"].units == pytest.approx(2 * 2 * 16 * (1.644854 + 1.501086) ** 2 / 0.09, rel=2e-3)
    assert planned(defined=guarded).alpha == 0.05
    lenient = guarded.model_copy(update={"policy": Policy(decision=DecisionRule(guardrails="no_harm"))})
    assert planned(defined=lenient).power == pytest.approx(0.8)


def test_a_window_delays_what_can_be_found() -> None:
    metric = definitions().metrics["a"].model_copy(update={"window": Window(length=14)})
    late = definitions(metrics={"a": metric, "b": metric, "c": metric})
    found, plain = planned(defined=late).modes["fixed"], planned().modes["fixed"]
    assert found.detectable[1] is None
    assert found.detectable[5] == pytest.approx(plain.detectable[3])
    assert found.weeks == pytest.approx((plain.weeks or 0) + 2)


def test_without_traffic_the_units_are_still_told() -> None:
    found = planned(within=None)
    assert found.modes["fixed"].units
    assert found.modes["fixed"].weeks is None
    assert set(found.modes["fixed"].detectable) == {None}
    assert found.curve["fixed"]


def test_the_assurance_of_a_promise_stays_below_its_chance_to_be_a_gain() -> None:
    known = definitions()
    gains = np.concatenate([np.zeros(300), np.linspace(0.1, 2.0, 700)])
    found = plan_metric(known, "x", MEAN, asked(smallest=None), metrics_of(known, "x"), gains)
    assert found.target == pytest.approx(np.median(gains[300:]))
    for mode in MODES:
        assert 0.3 < (found.modes[mode].assurance or 0) < 0.7


def test_factors_decide_and_guardrails_guard_where_no_plan_says_so() -> None:
    known = definitions(Plan(), factors={"b": Factor(range=(0, 1))}, guardrails={"c": Guardrail(margin=0.1)})
    found = metrics_of(known, "x")
    assert (found.primary, found.secondary, found.guardrails) == (("b",), ("a",), ("c",))


def rows(moments: Moments, arm: str = "control") -> list[MomentsRow]:
    return [moments_row("users", "x", arm, None, moments)]


def test_a_baseline_takes_what_its_covariates_explain_from_its_variance() -> None:
    draw = np.random.default_rng(5)
    before, other = draw.normal(size=4_000), draw.normal(size=4_000)
    values = 3 + before + 0.5 * other + draw.normal(size=4_000)
    names = {"a": values, "a/before": before, "a/covariate/age": other, "a/covariate/same": np.ones(4_000)}
    found = baseline("a", definitions().metrics["a"], "control", rows(Moments.of(names)), (), "told")
    assert isinstance(found, Baseline)
    fitted = np.linalg.lstsq(np.column_stack([np.ones(4_000), before, other]), values, rcond=None)[1][0] / 3_999
    assert found.variance == pytest.approx(fitted, rel=1e-6)
    assert found.mean == pytest.approx(values.mean())


def test_a_ratio_is_linearised_and_clusters_raise_its_variance() -> None:
    draw = np.random.default_rng(6)
    shop = np.repeat(draw.normal(size=200), 20)
    values = 5 + shop + draw.normal(size=4_000)
    single = baseline("a", definitions().metrics["a"], "control", rows(Moments.of({"a": values})), (), "told")
    sums, sizes = values.reshape(200, 20).sum(axis=1), np.full(200, 20.0)
    of_shops = Moments.of({"a": sums, "a/denominator": sizes})
    whole = baseline("a", definitions().metrics["a"], "control", rows(of_shops), (), "told")
    assert isinstance(single, Baseline)
    assert isinstance(whole, Baseline)
    both = clustered(single, whole)
    assert both.mean == pytest.approx(values.mean())
    assert both.cluster_size == 20
    assert both.design_effect == pytest.approx(
        20 * values.reshape(200, 20).mean(axis=1).var(ddof=1) / values.var(ddof=1)
    )
    assert both.variance / 4_000 == pytest.approx(values.reshape(200, 20).mean(axis=1).var(ddof=1) / 200)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.ones(100), "every unit has the same value"),
        (np.arange(10.0), "only 10 units"),
        (np.arange(100.0) * 1e200, "its values are too large to compute with"),
        (None, "nothing was measured"),
    ],
)
def test_what_cannot_be_planned_says_why(
    values: np.ndarray[tuple[int], np.dtype[np.float64]] | None, said: str
) -> None:
    found = () if values is None else rows(Moments.of({"a": values}))
    told = baseline("a", definitions().metrics["a"], "control", found, (), "told")
    assert isinstance(told, str)
    assert said in told
