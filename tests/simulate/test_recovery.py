from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from vitalfew.results.rows import EffectRow, HealthRow, Interval, Tables, UseRow, VerdictRow
from vitalfew.simulate import Recovery, Truth, demo, recovery

if TYPE_CHECKING:
    from vitalfew.results.rows import Verdict


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return demo(tmp_path_factory.mktemp("recovery") / "fieldnote", seed=2, size="small")


def effect(experiment: str, metric: str, segment: str | None, low: float, high: float) -> EffectRow:
    middle = (low + high) / 2
    interval = Interval(0.95, low, high)
    arms = {"control": 500, "treatment": 500}
    means = {"control": 0.0, "treatment": middle}
    return EffectRow(
        experiment=experiment,
        metric=metric,
        metric_version=1,
        segment=segment,
        arm="treatment",
        control="control",
        estimate=middle,
        se=(high - low) / 4,
        intervals=(interval,),
        p_value=None,
        relative=None,
        n=arms,
        mean=means,
        method="difference in means",
        mode="fixed",
        grade="tested",
    )


def everything_right(truth: Truth, verdict: Verdict = "harmful") -> Tables:
    """Tables of a run that finds every measured thing exactly."""
    return Tables(
        effects=tuple(
            effect(row.experiment, row.metric, row.segment, row.effect - 1e-6, row.effect + 1e-6)
            for row in truth.effects
        ),
        use=tuple(
            UseRow(feature.key, feature.use != "not_measured", 30, main=True, hardly_used=feature.use == "hardly_used")
            for feature in truth.features
        ),
        health=(HealthRow("guided_tour", "sample_ratio", 1e-9, "failed", "not the planned sizes"),),
        verdicts=(VerdictRow("assistant_jobs", "assistant", "jobs_completed", verdict, "made up"),),
    )


def answers(found: Recovery) -> dict[str, bool]:
    return {item.item: item.ok for item in found.items}


MEASURED = (
    "95 % intervals of sound experiments",
    "Hardly used features",
    "Used once a year: year end report",
    "Not measured: printed job card",
    "Shipped last week: voice notes",
    "Faulty experiment: guided tour",
    "Pet idea: assistant",
    "Loud request: custom dashboards",
    "Quiet need: van stock",
)


def test_a_run_that_finds_everything_is_said_to(truth: Truth) -> None:
    found = recovery(truth, everything_right(truth))
    assert {item: answers(found)[item] for item in MEASURED} == dict.fromkeys(MEASURED, True)
    assert found.effects == found.covered == 29 * 10


def test_a_run_without_results_recovers_nothing(truth: Truth) -> None:
    found = recovery(truth, Tables())
    assert found.right == 0
    assert found.effects == 0


def test_intervals_that_miss_the_planted_effect_are_counted(truth: Truth) -> None:
    tables = everything_right(truth)
    moved = tuple(
        effect(row.experiment, row.metric, row.segment, row.intervals[0].low + 1, row.intervals[0].high + 1)
        if row.metric == "jobs_completed"
        else row
        for row in tables.effects
    )
    found = recovery(truth, replace(tables, effects=moved))
    assert found.effects - found.covered == 29
    assert not answers(found)["95 % intervals of sound experiments"]


@pytest.mark.parametrize("verdict", ["kept", "unproven", "no_promise"])
def test_a_pet_idea_whose_failure_is_not_named_counts_as_missed(truth: Truth, verdict: Verdict) -> None:
    assert not answers(recovery(truth, everything_right(truth, verdict)))["Pet idea: assistant"]


def test_a_yearly_feature_called_hardly_used_is_wrong_twice(truth: Truth) -> None:
    tables = everything_right(truth)
    use = tuple(replace(row, hardly_used=True) if row.feature == "year_end_report" else row for row in tables.use)
    found = answers(recovery(truth, replace(tables, use=use)))
    assert not found["Hardly used features"]
    assert not found["Used once a year: year end report"]


def test_the_sentences_name_every_item_and_mark_the_wrong_ones(truth: Truth) -> None:
    found = recovery(truth, Tables())
    first, *rest = found.sentences()
    assert first.startswith(f"Of {len(found.items)} things planted")
    assert len(rest) == len(found.items)
    assert all(line.startswith("  -- ") for line in rest)
