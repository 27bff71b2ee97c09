"""What an experiment suggests: by the plan, the corrected p-values, the guardrails and the rule of the policy."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from evidence.trials import KEY, definitions, judged, moments
from vitalfew.workspace.plan_locks import PlanProof

if TYPE_CHECKING:
    from vitalfew.results.rows import ExperimentRow

RNG = np.random.default_rng(20_260_307)
DAY = date(2026, 1, 31)


def _said(
    changes: dict[str, float],
    *,
    n: int = 400,
    arms: tuple[str, ...] = ("new",),
    plans: Any = None,
    experiment: dict[str, Any] | None = None,
    **more: Any,
) -> ExperimentRow:
    """The suggestion for an experiment in which the first of `arms` changes metrics by so many standard deviations."""
    noise = {metric: RNG.normal(0, 1, n) for metric in changes}
    tables = tuple(
        moments(
            arm,
            {
                metric: 5 + changes[metric] * (arm == arms[0]) + (noise[metric] - noise[metric].mean())[::step]
                for metric in changes
            },
        )
        for arm, step in (("control", 1), *((arm, -1) for arm in arms))
    )
    return judged(definitions(experiment, **more), DAY, plans, moments=tables).experiments[0]


def test_any_success_metric_is_enough_unless_the_policy_asks_for_all() -> None:
    plan = {"plan": {"primary": ["value", "clicks"]}}
    changes = {"value": 0.4, "clicks": 0.0, "cost": 0.0}
    assert _said(changes, experiment=plan).action == "ship"
    strict = _said(changes, experiment=plan, policy={"decision": {"success": "all"}})
    assert strict.action == "inconclusive"
    assert "Clicks shows no clear change" in strict.reason
    both = {"value": 0.4, "clicks": 0.4}
    assert _said(both, experiment=plan, policy={"decision": {"success": "all"}}).action == "ship"


def test_a_success_that_only_one_test_of_many_shows_is_none() -> None:
    """An effect with p = .02 is one of one primary metric, not of ten."""
    change = 2.33 * np.sqrt(2 / 400)
    assert _said({"value": change}).action == "ship"
    names = [f"m{at}" for at in range(9)]
    metrics = {name: {"source": "users"} for name in ("value", *names)}
    more: Any = {"metrics": metrics, "guardrails": {}}
    plan = {"plan": {"primary": ["value", *names]}}
    row = _said({"value": change} | dict.fromkeys(names, 0.0), experiment=plan, **more)
    assert row.action == "inconclusive"
    assert "not clear any more once corrected for all that decides; m0 shows no clear change" in row.reason.lower()


def test_a_guardrail_without_harm_is_enough_where_the_policy_says_so() -> None:
    changes = {"value": 0.4, "cost": 0.45}
    assert _said(changes, n=100).action == "inconclusive"
    lenient: Any = {"decision": {"guardrails": "no_harm"}}
    told = _said({"value": 0.8, "cost": 0.1}, n=100, policy=lenient)
    assert (told.action, "the guardrail shows no harm" in told.reason) == ("ship", True)
    assert _said({"value": 0.8, "cost": 0.4}, n=400, policy=lenient).action == "do_not_ship"


def test_while_one_may_look_any_time_a_guardrail_breaks_only_when_harm_is_shown() -> None:
    running = {"start": "2026-01-01"}
    assert _said({"value": 0.0, "cost": 0.6}, n=60, experiment=running).action == "inconclusive"
    assert _said({"value": 0.0, "cost": 0.6}, n=60).action == "do_not_ship"
    assert _said({"value": 0.0, "cost": 0.8}, n=2000, experiment=running).action == "do_not_ship"


def test_the_arm_with_the_clearest_gain_is_named() -> None:
    row = _said({"value": 0.4}, arms=("b", "a", "c"))
    assert (row.action, row.reason.startswith("Of 3 arms, b did best. Ship: Value rose")) == ("ship", True)


@pytest.mark.parametrize("mode", ["group_sequential", "always_valid", "fixed"])
def test_what_cannot_succeed_any_more_may_stop_where_the_plan_asks_for_it(mode: str) -> None:
    plan = {"mode": mode, "units": 2000, "futility": True, "smallest_effect": 0.02}
    worse = _said({"value": -0.05}, n=800, experiment={"plan": plan})
    assert worse.action == "stop"
    assert worse.reason.startswith("Stop: cannot succeed any more with the planned units; Value shows no clear change")
    assert _said({"value": -0.05}, n=800, experiment={"plan": plan | {"futility": False}}).action == "inconclusive"
    assert _said({"value": 0.07}, n=400, experiment={"plan": plan | {"smallest_effect": 0.1}}).action == "inconclusive"


def _proof(**more: Any) -> dict[str, PlanProof]:
    fields: dict[str, Any] = {
        "experiment": KEY,
        "locked_at": "2026-01-01T09:00:00Z",
        "proved": "proved",
        "matches": True,
        "reason": "",
    }
    return {KEY: PlanProof(**(fields | more))}


@pytest.mark.parametrize(
    ("proof", "told", "proved"),
    [
        (None, "Planned, but the plan was not locked before the start; looked at once, at the end.", "no"),
        (_proof(), "As planned (locked on 2026-01-01); looked at once, at the end.", "proved"),
        (_proof(proved="claimed"), "As planned (locked on 2026-01-01, by the log alone); looked", "claimed"),
        (_proof(proved="no"), "Planned, but locked only on 2026-01-01, after the start;", "no"),
        (
            _proof(matches=False, changed=("primary",)),
            "The plan locked on 2026-01-01 was changed since (primary);",
            "no",
        ),
    ],
)
def test_what_was_planned_is_told_with_its_proof(proof: Any, told: str, proved: str) -> None:
    row = _said({"value": 0.4, "clicks": 0.1}, plans=proof, experiment={"plan": {"primary": ["value"]}})
    assert told in row.reason
    assert row.reason.endswith("Not planned: clicks.")
    assert (row.declared, row.proved) == (True, proved)


def test_without_a_plan_that_is_told_and_how_often_one_may_look() -> None:
    row = _said({"value": 0.4}, experiment={"start": "2026-01-01"})
    assert row.reason.endswith("No plan was declared; may be looked at any time.")
    assert (row.declared, row.locked_at) == (False, None)
