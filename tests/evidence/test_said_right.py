"""Words that would mislead: what is counted, guardrails without a margin, arms written in two ways, days long over."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from evidence.trials import KEY, definitions, judged, moments, two_arms
from vitalfew.evidence import summaries
from vitalfew.evidence.guardrails import status_of
from vitalfew.results.rows import AssignmentRow, CountRow, EffectRow, Interval, QuantilesRow
from vitalfew.results.words import named_units

RNG = np.random.default_rng(20_261_122)
NO_MARGIN = {"guardrails": {"cost": {"margin": 0.0}}}


def _neutral(cost: float, n: int = 400) -> Any:
    """Two arms whose success is clear, and whose cost moved by `cost` standard deviations."""
    noise = RNG.normal(0, 1, n)
    noise -= noise.mean()
    return (
        moments("control", {"value": 5 + noise, "cost": 3 + noise}),
        moments("new", {"value": 6 + noise, "cost": 3 + cost + noise}),
    )


def test_a_guardrail_without_a_margin_is_not_broken_by_a_change_that_does_nothing() -> None:
    defined = definitions(**NO_MARGIN)
    (row,) = judged(defined, moments=_neutral(0.02)).experiments
    assert row.action == "inconclusive"
    assert "guardrail Cost needs more evidence" in row.reason
    assert judged(defined, moments=_neutral(0.5)).experiments[0].action == "do_not_ship"
    assert status_of(defined, "cost", 0.02, 0.1) == "evidence needed"
    assert status_of(defined, "cost", 0.3, 0.1) == "fail"


def test_with_a_margin_a_loss_beyond_it_breaks_as_before() -> None:
    assert status_of(definitions(), "cost", 0.6, 1.0) == "fail"


@pytest.mark.parametrize(
    ("design", "what"), [({}, "units"), ({"cluster": "class"}, "clusters"), ({"design": "switchback"}, "blocks")]
)
def test_the_test_of_sizes_says_what_was_dealt(design: dict[str, Any], what: str) -> None:
    assigned = (AssignmentRow(KEY, "control", 5000, 0), AssignmentRow(KEY, "new", 5000, 0))
    found = judged(definitions(design), moments=two_arms(RNG, 50), assignments=assigned)
    row = next(row for row in found.health if row.test == "sample_ratio")
    assert f"10,000 {what} split" in row.message


def test_events_are_called_events() -> None:
    metric = {"kind": "quantile", "quantile": 0.9, "over": "events", "source": "users", "column": "ms"}
    defined = definitions(metrics={"slow": metric}, factors={}, guardrails={})
    assert named_units(defined, KEY, "slow") == "events"
    assert named_units(defined, KEY) == "units"


def test_arms_that_look_alike_are_a_warning() -> None:
    rows = [moments(arm, {"value": RNG.normal(5, 1, 100)}) for arm in ("control", "a", "A", " a")]
    (row,) = (row for row in judged(definitions(), moments=rows).health if row.test == "arm_names")
    assert row.status == "warning"
    assert "'a' (100), 'A' (100) and ' a' (100) look alike" in row.message
    quiet = judged(definitions(), moments=two_arms(RNG, 50)).health
    assert "arm_names" not in {row.test for row in quiet}


def test_a_quantile_without_any_value_is_named_though_nobody_named_it() -> None:
    quantile = {"kind": "quantile", "quantile": 0.5, "source": "users", "column": "empty"}
    defined = definitions(metrics={"value": {"source": "users"}, "typical": quantile}, guardrails={})
    found = judged(defined, moments=two_arms(RNG, 50))
    told = {row.item: row.reason for row in found.failed}
    assert told == {f"{KEY}/typical": "not enough data for 'typical': no unit of any arm has a value"}


def test_a_quantile_with_values_is_compared_as_before() -> None:
    quantile = {"kind": "quantile", "quantile": 0.5, "source": "users", "column": "seconds"}
    defined = definitions(metrics={"value": {"source": "users"}, "typical": quantile}, guardrails={})
    asked = tuple(at / 100 for at in range(1, 100))
    rows = [
        QuantilesRow("users", KEY, arm, None, "typical", 1_000, asked, tuple(np.quantile(RNG.normal(size=1000), asked)))
        for arm in ("control", "new")
    ]
    found = judged(defined, moments=two_arms(RNG, 50), quantiles=rows)
    assert not found.failed
    assert {row.metric for row in found.effects} == {"value", "typical"}


@pytest.mark.parametrize(("end", "told"), [("2026-02-01", False), ("2026-03-08", True)])
def test_days_that_may_still_change_are_told_only_where_they_count(end: str, told: bool) -> None:
    counts = [CountRow(KEY, "late", arm, 10, 1_000, "2026-03-05") for arm in ("control", "new")]
    defined = definitions({"start": "2026-01-01", "end": end})
    found = judged(defined, date(2026, 3, 9), moments=two_arms(RNG, 50), counts=counts)
    row = next(row for row in found.health if row.test == "late")
    assert row.message.startswith("control 1.00 %, new 1.00 % of the events came more than 48 hours late.")
    assert ("later days may still change" in row.message) is told


def _effect(experiment: str, metric: str, estimate: float) -> EffectRow:
    arms, interval = ("new", "control"), (Interval(0.95, estimate - 0.1, estimate + 0.1),)
    return EffectRow(
        experiment, metric, 1, None, *arms, estimate, 0.05, interval, None, None, {}, {}, "", "fixed", "tested"
    )


def test_two_guardrails_are_both() -> None:
    defined = definitions(guardrails={"cost": {"margin": 0.5}, "visits": {"margin": 0.5}})
    rows = [_effect(KEY, "value", 1.0), _effect(KEY, "cost", 0.0), _effect(KEY, "visits", 0.0)]
    (row,) = summaries(defined, rows, ())
    assert "both guardrails are no worse than the margin" in row.reason


def test_experiments_nobody_defined_come_in_the_order_people_count() -> None:
    rows = [_effect(key, "value", 1.0) for key in ("Exp 10", "Exp 2", "Exp 1", KEY)]
    assert [row.experiment for row in summaries(definitions(), rows, ())] == [KEY, "Exp 1", "Exp 2", "Exp 10"]
