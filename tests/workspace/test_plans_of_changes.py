"""What is said of a change before it is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from acts_building import BEGIN, definitions
from vitalfew.judgement import recording
from vitalfew.pipeline.changing import change_plan
from vitalfew.workspace.changes import Change, FieldChange, LockLost, merged, plan_of
from vitalfew.workspace.definitions import About, Definitions, Factor, Hypothesis, Policy, Team
from vitalfew.workspace.trials import Plan
from vitalfew.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

FORECAST = {"p10": 0.0, "p50": 1.5, "p90": 3.0, "p_zero": 0.2}
LATER = {"h": Hypothesis(initiative="gate", metric="a", due=date(2027, 1, 1))}


def planned(**changes: object) -> Definitions:
    """The small product with a plan for its experiment."""
    base = definitions()
    experiment = base.experiments["x"].model_copy(update={"plan": Plan(primary=("a",), units=100)})
    return base.model_copy(update={"experiments": {"x": experiment}, **changes})


def said(tmp_path: Path, *, locked: bool = True) -> Workspace:
    ws = Workspace(planned(), root=tmp_path)
    for name in ("anna", "ben"):
        recording.judge(ws, name, {"a": 1, "b": 2, "c": 3}, at=BEGIN)
        recording.forecast(ws, "h", name, FORECAST, at=BEGIN)
    if locked:
        recording.lock(ws, "h", "anna", at=BEGIN)
        recording.lock_plan(ws, "x", "anna", at=BEGIN)
    return replace(ws, acts=recording.journal_of(ws).read())


def test_equal_definitions_are_no_change(tmp_path: Path) -> None:
    ws = said(tmp_path)
    plan = change_plan(ws, planned())
    assert (plan.changes, plan.anew, plan.locks) == ((), (), ())
    assert plan.sentences() == ("nothing changes",)


def test_what_is_added_changed_and_removed_is_named_with_its_fields() -> None:
    before = definitions(teams={"growth": Team(), "core": Team(capacity=3)}, policy=Policy(budget=12))
    after = definitions(teams={"core": Team(capacity=5, title="Core"), "labs": Team()}, policy=Policy())
    changes = plan_of(before, after, Workspace.of(before).acts).changes
    assert changes == (
        Change("policy", "", "changed", (FieldChange("budget", 12, None),)),
        Change("teams", "core", "changed", (FieldChange("capacity", 3, 5), FieldChange("title", None, "Core"))),
        Change("teams", "labs", "added"),
        Change("teams", "growth", "removed"),
    )
    assert plan_of(before, after, Workspace.of(before).acts).sentences() == (
        "changed policy",
        "  budget: 12 → not given",
        "changed teams.core",
        "  capacity: 3 → 5",
        "  title: not given → Core",
        "added teams: labs",
        "removed teams: growth",
    )


def test_a_lock_that_will_no_longer_fit_is_named(tmp_path: Path) -> None:
    ws = said(tmp_path)
    moved = planned(hypotheses=LATER)
    assert change_plan(ws, moved).locks == (LockLost("promise", "h", "2026-01-05T09:00:00Z"),)
    other = moved.experiments["x"].model_copy(update={"control": "old"})
    both = change_plan(ws, moved.model_copy(update={"experiments": {"x": other}}))
    assert [(lost.of, lost.changed) for lost in both.locks] == [("promise", ()), ("plan", ("control",))]
    assert "plan of x, locked on 2026-01-05: control changed after the lock" in "\n".join(both.sentences())


def test_a_lock_whose_definition_goes_is_named(tmp_path: Path) -> None:
    plan = change_plan(said(tmp_path), planned(hypotheses={}, experiments={}))
    assert [(lost.of, lost.key, lost.gone) for lost in plan.locks] == [("promise", "h", True), ("plan", "x", True)]


def test_a_lock_that_did_not_fit_before_is_no_news(tmp_path: Path) -> None:
    ws = replace(said(tmp_path), definitions=planned(hypotheses=LATER))
    again = {"h": LATER["h"].model_copy(update={"due": date(2028, 1, 1)})}
    assert change_plan(ws, planned(hypotheses=again)).locks == ()


def test_forecasts_and_judgements_that_will_answer_something_else_are_counted(tmp_path: Path) -> None:
    ws = said(tmp_path, locked=False)
    wider = {**ws.definitions.factors, "a": Factor(range=(0.0, 2.0))}
    plan = change_plan(ws, planned(hypotheses=LATER, factors=wider))
    assert (plan.forecasts, plan.judgements) == ((("h", 2),), 2)
    told = "\n".join(plan.sentences())
    assert "forecasts of h: 2 people" in told
    assert "weights: 2 people" in told


def test_only_stages_that_read_what_changes_are_computed_anew(tmp_path: Path) -> None:
    ws = said(tmp_path)
    named = change_plan(ws, planned(teams={"growth": Team(title="Growth")}))
    assert {"measure.players", "use", "effects"} <= set(named.kept)
    assert {"ledger", "checks"} <= set(named.anew)
    measured = ws.definitions.metrics["a"].model_copy(update={"kind": "proportion"})
    assert "measure.players" in change_plan(ws, planned(metrics={**ws.definitions.metrics, "a": measured})).anew
    weighed = change_plan(ws, planned(factors={"a": Factor(range=(0.0, 1.0))}))
    assert "measure.players" in weighed.anew  # which metrics are shown over the days hangs on the factors


def test_laying_over_keeps_what_the_other_lacks_unless_it_is_to_go() -> None:
    into = definitions(teams={"growth": Team(), "core": Team()}, policy=Policy(budget=12))
    source = Definitions(teams={"core": Team(title="Core")})
    over = merged(into, source)
    assert over.teams == {"growth": Team(), "core": Team(title="Core")}
    assert (over.metrics, over.policy) == (into.metrics, into.policy)
    pruned = merged(into, source, prune=True)
    assert pruned.teams == {"core": Team(title="Core")}
    assert pruned.metrics == into.metrics  # the other says nothing of metrics
    assert merged(into, source, ["metrics"], prune=True).metrics == {}
    assert merged(into, Definitions(workspace=About(name="B")), ["teams"]) == into


def test_a_plan_is_plain_data_for_json(tmp_path: Path) -> None:
    import json

    plan = change_plan(said(tmp_path), planned(hypotheses=LATER))
    found = json.loads(json.dumps(plan.as_dict()))
    assert found["changes"][0] == {
        "kind": "hypotheses",
        "key": "h",
        "what": "changed",
        "fields": [{"field": "due", "before": "2026-06-01", "after": "2027-01-01"}],
    }
    assert found["locks"][0]["key"] == "h"
