"""What was planned decides, p-values are corrected over what belongs together, and the rest is exploratory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from evidence.trials import definitions, judged, moments
from vitalfew.stats.families import benjamini_hochberg, dunnett, holm

if TYPE_CHECKING:
    from vitalfew.results.rows import EffectRow

RNG = np.random.default_rng(20_260_304)
METRICS = ("value", "clicks", "visits", "cost")


def _rows(plan: dict[str, Any] | None = None, arms: tuple[str, ...] = ("new",), **more: Any) -> list[EffectRow]:
    tables = tuple(
        moments(arm, {metric: RNG.normal(5 + 0.1 * (arm != "control"), 1, 300) for metric in METRICS})
        for arm in ("control", *arms)
    )
    experiment = {"plan": plan} if plan is not None else {}
    return list(judged(definitions(experiment | more), moments=tables).effects)


def _p(rows: list[EffectRow]) -> list[float]:
    return [row.p_value or 0.0 for row in rows]


def test_without_a_plan_the_value_model_says_what_decides() -> None:
    rows = {row.metric: row for row in _rows()}
    assert {metric: row.role for metric, row in rows.items()} == {
        "value": "primary",
        "clicks": "exploratory",
        "visits": "exploratory",
        "cost": "guardrail",
    }
    assert {row.planned for row in rows.values()} == {None}


def test_a_plan_says_what_decides_whatever_the_value_model_holds() -> None:
    plan = {"primary": ["clicks"], "secondary": ["value"], "guardrails": ["cost"]}
    rows = {row.metric: row for row in _rows(plan)}
    assert {metric: (row.role, row.planned) for metric, row in rows.items()} == {
        "value": ("secondary", True),
        "clicks": ("primary", True),
        "visits": ("exploratory", False),
        "cost": ("guardrail", True),
    }
    assert rows["cost"].margin == 0.5


def test_a_planned_guardrail_without_a_margin_says_so() -> None:
    rows = {row.metric: row for row in _rows({"primary": ["value"], "guardrails": ["clicks"]})}
    assert any("gives no margin" in note for note in rows["clicks"].notes)
    assert rows["clicks"].p_non_inferior is None


def test_primary_metrics_and_arms_are_one_family_by_holm() -> None:
    rows = [row for row in _rows({"primary": ["value", "clicks"]}, ("a", "b")) if row.role == "primary"]
    assert [row.adjusted_p for row in rows] == pytest.approx(holm(_p(rows)).tolist())
    assert {row.family for row in rows} == {"primary: 2 metrics x 2 arms, Holm"}


def test_exploratory_metrics_share_a_false_discovery_rate() -> None:
    rows = [row for row in _rows() if row.role == "exploratory"]
    assert [row.adjusted_p for row in rows] == pytest.approx(benjamini_hochberg(_p(rows)).tolist())


def test_arms_against_one_control_by_dunnett() -> None:
    rows = [row for row in _rows({"primary": ["value"], "family": "dunnett"}, ("a", "b", "c")) if row.role == "primary"]
    z = np.array([(row.estimate or 0) / (row.se or 1) for row in rows])
    equal = dunnett(z, 1.0, [1.0, 1.0, 1.0], 598.0)  # arms of equal size and nearly equal variance
    assert [row.adjusted_p for row in rows] == pytest.approx(equal.tolist(), rel=0.05)
    assert {row.family for row in rows} == {"primary: 1 metric x 3 arms, Dunnett"}
    assert all(
        (row.adjusted_p or 0) <= bound + 1e-9
        for row, bound in zip(rows, np.minimum(3 * np.array(_p(rows)), 1), strict=True)
    )


def test_where_one_looks_often_holm_takes_the_place_of_dunnett() -> None:
    plan = {"primary": ["value"], "family": "dunnett", "mode": "always_valid"}
    rows = [row for row in _rows(plan, ("a", "b")) if row.role == "primary"]
    assert [row.adjusted_p for row in rows] == pytest.approx(holm(_p(rows)).tolist())
    assert "Dunnett's test is for one look" in (rows[0].family or "")


def test_a_plan_may_do_without_correction() -> None:
    rows = [row for row in _rows({"primary": ["value", "clicks"], "family": "none"}) if row.role == "primary"]
    assert [row.adjusted_p for row in rows] == _p(rows)
    assert rows[0].family == "primary: 2 metrics, not corrected, as planned"


def test_segments_are_a_family_of_their_own_and_decide_nothing() -> None:
    tables = [
        moments(arm, {"value": RNG.normal(5, 1, 200), "clicks": RNG.normal(5, 1, 200)}, segment)
        for segment in (None, "young", "old")
        for arm in ("control", "new")
    ]
    rows = judged(definitions({"plan": {"primary": ["value"], "segments": ["old"]}}), moments=tuple(tables)).effects
    within = [row for row in rows if row.segment is not None]
    assert {row.role for row in within} == {"exploratory"}
    assert [row.adjusted_p for row in within] == pytest.approx(benjamini_hochberg(_p(within)).tolist())
    assert [(row.segment, row.metric) for row in rows if row.planned] == [(None, "value"), ("old", "value")]
