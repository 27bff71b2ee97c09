"""One plain sentence per experiment, by the default decision rule."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from vitalfew.evidence import summaries
from vitalfew.evidence.settings import Setting
from vitalfew.evidence.words import sentence
from vitalfew.results.rows import EffectRow, HealthRow, Interval
from vitalfew.workspace.definitions import Definitions, Plan

if TYPE_CHECKING:
    from vitalfew.results.rows import ExperimentRow

DEFINITIONS = Definitions.model_validate(
    {
        "sources": {"users": {"table": "u.csv", "unit": "id"}},
        "metrics": {
            "retention": {"source": "users", "kind": "proportion"},
            "waiting": {"source": "users", "direction": "down", "unit": "minutes", "role": "goal"},
            "errors": {"source": "users", "direction": "down"},
            "clicks": {"source": "users"},
        },
        "factors": {"retention": {"range": [0.1, 0.4]}},
        "guardrails": {"errors": {"margin": 0.5}},
        "experiments": {"faster": {"source": "users", "title": "Faster start", "initiative": "speed"}},
    }
)


def _effect(metric: str, estimate: float, se: float | None, arm: str = "new", segment: str | None = None) -> EffectRow:
    half = 0.0 if se is None else 1.96 * se
    intervals = () if se is None else (Interval(0.95, estimate - half, estimate + half),)
    return EffectRow(
        experiment="faster",
        metric=metric,
        metric_version=1,
        segment=segment,
        arm=arm,
        control="control",
        estimate=estimate,
        se=se,
        intervals=intervals,
        p_value=None,
        relative=None,
        n={},
        mean={},
        method="",
        mode="fixed",
        grade="tested",
    )


def _suggest(*rows: EffectRow, health: tuple[HealthRow, ...] = ()) -> ExperimentRow:
    (row,) = summaries(DEFINITIONS, rows, health)
    return row


def test_better_and_guardrails_no_worse_than_the_margin_means_ship() -> None:
    row = _suggest(_effect("retention", 0.02, 0.005), _effect("errors", 0.1, 0.1))
    assert (row.action, row.title, row.initiative) == ("ship", "Faster start", "speed")
    assert row.reason == (
        "Ship: Retention rose by 2.00 percentage points (1.02 to 2.98), and the guardrail is no worse than the margin."
        " No plan was declared; looked at once, at the end."
    )


def test_a_metric_that_should_fall_and_fell_is_a_success() -> None:
    row = _suggest(_effect("waiting", -3.0, 1.0))
    assert row.reason.startswith("Ship: Waiting fell by 3.0 minutes (1.0 to 5.0). No plan")


def test_a_broken_guardrail_stops_even_a_success() -> None:
    row = _suggest(_effect("retention", 0.02, 0.005), _effect("errors", 0.9, 0.1))
    assert row.action == "do_not_ship"
    assert "guardrail Errors is probably broken (Errors rose by 0.90 (0.70 to 1.10))" in row.reason
    assert "although retention rose" in row.reason


def test_a_guardrail_that_is_not_surely_kept_leaves_it_open() -> None:
    row = _suggest(_effect("retention", 0.02, 0.005), _effect("errors", 0.3, 0.3))
    assert row.action == "inconclusive"
    assert "guardrail Errors needs more evidence" in row.reason


def test_a_guardrail_without_a_standard_error_leaves_it_open() -> None:
    assert _suggest(_effect("retention", 0.02, 0.005), _effect("errors", 0.0, None)).action == "inconclusive"


def test_a_success_metric_that_got_worse_means_do_not_ship() -> None:
    row = _suggest(_effect("retention", -0.02, 0.005), _effect("waiting", -3.0, 1.0))
    assert row.action == "do_not_ship"
    assert row.reason.startswith(
        "Do not ship: Retention fell by 2.00 percentage points (1.02 to 2.98); although waiting fell by 3.0"
    )


def test_no_clear_change_is_inconclusive() -> None:
    row = _suggest(_effect("retention", 0.002, 0.005))
    assert row.reason.startswith(
        "Inconclusive: Retention shows no clear change: 0.20 percentage points (−0.78 to 1.18). No plan"
    )


def test_guardrails_alone_cannot_ship_anything() -> None:
    row = _suggest(_effect("errors", 0.0, 0.1))
    assert row.action == "inconclusive"
    assert "nothing measured is a factor or a goal" in row.reason


def test_without_factors_there_are_only_facts() -> None:
    row = _suggest(_effect("clicks", 5.0, 1.0))
    assert row.action == "facts_only"
    assert row.reason.startswith("Clicks rose by 5.0 (3.0 to 7.0). None of this is a factor")


def test_facts_name_the_clear_changes_first_and_count_the_rest() -> None:
    unclear = [_effect(f"m{at}", 0.1, 1.0) for at in range(5)]
    row = _suggest(*unclear, _effect("clicks", 5.0, 1.0))
    assert row.reason.startswith("Clicks rose by 5.0 (3.0 to 7.0); M0 shows no clear change")
    assert "; and 2 more. None of this" in row.reason


def test_a_failed_trust_test_forbids_a_decision() -> None:
    failed = HealthRow("faster", "sample_ratio", 1e-9, "failed", "The arms do not have the planned sizes.")
    row = _suggest(_effect("retention", 0.02, 0.005), health=(failed,))
    assert row.action == "do_not_decide"
    assert "planned sizes" in row.reason


def test_of_several_arms_the_best_is_named() -> None:
    row = _suggest(_effect("retention", -0.02, 0.005, "a"), _effect("retention", 0.02, 0.005, "b"))
    assert row.action == "ship"
    assert row.reason.startswith("Of 2 arms, b did best. Ship: Retention rose")


def test_an_arm_is_called_best_only_where_one_can_be_shipped() -> None:
    row = _suggest(_effect("retention", 0.001, 0.005, "a"), _effect("retention", 0.008, 0.005, "b"))
    assert row.reason.startswith("Of 2 arms, none can be shipped yet, b comes nearest. Inconclusive: Retention shows")
    row = _suggest(_effect("retention", -0.04, 0.005, "a"), _effect("retention", -0.02, 0.005, "b"))
    assert row.reason.startswith("Of 2 arms, none may be shipped, b comes nearest. Do not ship: Retention fell by 2.00")


def test_among_facts_the_arm_that_differs_most_is_told_whatever_its_name() -> None:
    row = _suggest(_effect("clicks", 0.2, 1.0, "a"), _effect("clicks", -1.0, 1.0, "b"))
    assert row.reason.startswith("Of 2 arms, b differs most. Clicks shows no clear change: −1.0")


def test_a_fact_that_is_clear_only_for_who_asks_nothing_else_says_so() -> None:
    lucky = replace(_effect("clicks", 2.1, 1.0), p_value=0.036, adjusted_p=0.4)
    row = _suggest(lucky, replace(_effect("m1", -9.0, 1.0), p_value=1e-18, adjusted_p=1e-17))
    assert row.reason.startswith(
        "M1 fell by 9.0 (7.0 to 11.0); Clicks rose by 2.1 (0.1 to 4.1), not clear any more once corrected for all that"
        " was asked. None of this is a factor"
    )


def test_segments_do_not_decide_unless_a_guardrail_asks_for_them() -> None:
    row = _suggest(_effect("retention", 0.002, 0.005), _effect("retention", 0.09, 0.005, segment="young"))
    assert row.action == "inconclusive"


@pytest.mark.parametrize(
    ("estimate", "se", "text"),
    [
        (1234.5, 100.0, "Clicks rose by 1,234 (1,038 to 1,430)"),
        (0.00012345, 0.00001, "Clicks rose by 0.000123 (0.000104 to 0.000143)"),
        (0.5, None, "Clicks changed by 0.5, no interval"),
        (0.0, None, "Clicks changed by 0, no interval"),
    ],
)
def test_numbers_have_as_many_digits_as_their_interval_allows(estimate: float, se: float | None, text: str) -> None:
    assert sentence(DEFINITIONS, _effect("clicks", estimate, se)) == text


@pytest.mark.parametrize("beside", ["clicks", "errors"])
def test_a_planned_metric_without_data_is_named_instead_of_what_was_measured(beside: str) -> None:
    settings = {"faster": Setting(plan=Plan(primary=("retention",)))}
    (row,) = summaries(DEFINITIONS, [_effect(beside, 0.0, 0.1)], (), settings)
    assert row.action == "inconclusive"
    assert row.reason.startswith("Inconclusive: Retention should decide and was not measured.")
